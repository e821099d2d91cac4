"""A CSV file of the export, from bytes to lines: header, quotes, limits. Streams; never holds a file."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from portal.imports.charsets import KeepAlive, Opener, find_shape
from portal.imports.codes import Fault, FileFault, FileRefused
from portal.imports.columns import Table
from portal.imports.feed import Feed, Record
from portal.imports.headers import DELIMITER, Header, read_header
from portal.imports.parsing import Parsed, Rejection, parse
from portal.imports.survey import BOM, Shape

_DIGITS, _LETTERS = re.compile("[0-9]+"), re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Line:
    """One record of a file; `at` is the number of its first physical line, the header being 1."""

    at: int
    parsed: Parsed


class CsvFile:
    """One file of an export, opened anew for each reading."""

    def __init__(self, name: str, table: Table, open_file: Opener) -> None:
        self.name = name
        self.table = table
        self.unknown_columns: list[str] = []
        self._open = open_file
        self._header = Header([], [], 0)
        self._shape: Shape | None = None
        self._lengths: set[int] = set()
        """How many cells the lines had."""

    def inspect(self, keep_alive: KeepAlive) -> Shape:
        """Learn its encoding, length and header by reading all of it; FileRefused where it cannot be taken."""
        self._shape = find_shape(self.name, self._open, keep_alive)
        with self._open() as stream:
            self._header = read_header(self.name, self.table, Feed(self.name, stream, self._shape))
        self.unknown_columns = self._header.unknown
        return self._shape

    def lines(self, today: dt.date) -> Iterator[Line]:
        """Every record, good or not, without blank ones. FileRefused where it turns out to be cut or endless."""
        assert self._shape is not None, "inspect first"
        with self._open() as stream:
            feed = Feed(self.name, stream, self._shape)
            before: tuple[Record, Line] | None = None
            self._lengths.clear()
            for record in self._records(feed):
                line = Line(record.at, self._parse(record, today))
                if record.unterminated and not self._is_whole(record, line):
                    raise FileRefused(self.name, FileFault.CUT_OFF, record.at)
                if before:
                    self._reject_halves(*before, record, line)
                    yield before[1]
                before = record, line
                self._lengths.add(len(record.cells))
            if before:
                yield before[1]

    def _records(self, feed: Feed) -> Iterator[Record]:
        """Records with anything in them, from behind the header."""
        reader = csv.reader(feed, delimiter=DELIMITER, strict=True)
        for _ in range(self._header.records):
            next(reader)
        while True:
            feed.begin_record()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if feed.exhausted:  # a quote was never closed
                    raise FileRefused(self.name, FileFault.CUT_OFF, feed.record_at) from None
                bare_end = "new-line" in str(error)
                yield Record(
                    feed.record_at, [], Fault.CONTROL_CHARACTERS if bare_end else Fault.QUOTES_UNREADABLE
                )
                continue
            if any(cell.strip() for cell in cells):
                yield feed.record(cells)

    def _parse(self, record: Record, today: dt.date) -> Parsed:
        names, fault = self._header.names, record.fault
        if record.cells and record.cells[0].strip(BOM) == self._header.first and self._is_header(record):
            fault = Fault.HEADER_AGAIN
        if fault:
            return Parsed(None, rejections=[Rejection(None, fault)])
        cells = self._fit(record)
        if cells is None:
            parsed = self._parse_misfit(record, today)
        else:
            parsed = parse(self.table, dict(zip(names, cells, strict=True)), today)
        if record.spans_lines and not parsed.good:
            parsed.number = None  # a quote too many swallowed other lines: it is unknown who was in them
        return parsed

    def _fit(self, record: Record) -> list[str] | None:
        """As many cells as the header has, where empty ones alone are missing or too many; None otherwise."""
        cells, wanted = record.cells, len(self._header.names)
        if len(cells) < wanted:
            whole = not (record.spans_lines or record.broken or record.continues)
            return cells + [""] * (wanted - len(cells)) if whole else None
        return None if any(cell.strip() for cell in cells[wanted:]) else cells[:wanted]

    def _parse_misfit(self, record: Record, today: dt.date) -> Parsed:
        """A line with too many or too few fields: only the first field is sure to stand in its place."""
        number = None
        if self._header.names[0] == self.table.identifier.name:
            number = parse(self.table, {self._header.names[0]: record.cells[0]}, today).number
        return Parsed(number, rejections=[Rejection(None, Fault.FIELD_COUNT)])

    def _is_header(self, record: Record) -> bool:
        """Return whether a record is the header once more, as where two files were put together."""
        return [cell.strip(BOM) for cell in record.cells] == self._header.cells

    def _is_whole(self, record: Record, line: Line) -> bool:
        """Return whether the last line, which has no end, may be all of it."""
        long = len(record.cells) >= len(self._header.names)
        return line.parsed.good and (long or len(record.cells) in self._lengths)

    def _reject_halves(self, first: Record, one: Line, second: Record, other: Line) -> None:
        """Reject two short lines in a row that are one, broken by a line end within a field without quotes.

        Alone, the first would empty what stands in the second, and the second would be a new participant.
        """
        wanted = len(self._header.names)
        if len(first.cells) >= wanted:
            return
        together = len(second.cells) < wanted and len(first.cells) + len(second.cells) - 1 == wanted
        if second.continues or (together and _pattern(one.parsed.number) != _pattern(other.parsed.number)):
            other.parsed.number = None
            for line in (one, other):
                if line.parsed.good:
                    line.parsed.rejections.append(Rejection(None, Fault.FIELD_COUNT))


def _pattern(number: str | None) -> str:
    """What an identifier looks like: T17 as T18, unlike "zweite" and 01067."""
    return _LETTERS.sub("a", _DIGITS.sub("0", number or ""))
