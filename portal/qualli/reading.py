"""A CSV file of the export, from bytes to lines: encoding, header, limits. Streams; never holds a file."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from portal.people.masking import without_numbers
from portal.qualli.codes import Fault, FileFault, FileRefused
from portal.qualli.columns import Table
from portal.qualli.parsing import Parsed, Rejection, parse

COLUMN_LIMIT = 200
LINE_LIMIT = 64 * 1024
"""Longest line, in bytes; a record that spans several counts as one."""
DELIMITER = ";"
_CHUNK = 1 << 20
_UTF8_GERMAN = re.compile(rb"\xc3[\x84\x96\x9c\x9f\xa4\xb6\xbc]")
"""Umlauts and sharp s in UTF-8; as Windows-1252 they would be two odd characters in a row."""

Beat = Callable[[], None]
"""Called every few moments of long work."""


@dataclass(frozen=True)
class Shape:
    """What a first reading of a file found."""

    encoding: str
    lines: int


@dataclass(frozen=True)
class Line:
    """One record of a file; `at` is the number of its first physical line, the header being 1."""

    at: int
    parsed: Parsed


class CsvFile:
    """One file of an export, opened anew for each reading."""

    def __init__(self, name: str, table: Table, open_file: Callable[[], IO[bytes]]) -> None:
        self.name = name
        self.table = table
        self.unknown_columns: list[str] = []
        self._open = open_file
        self._header: list[str] = []
        self._shape: Shape | None = None

    def inspect(self, beat: Beat) -> Shape:
        """Learn its encoding, length and header by reading all of it; FileRefused where it cannot be taken."""
        with self._open() as stream:
            self._shape = _find_shape(self.name, stream, beat)
        with self._open() as stream:
            feed = _Feed(self.name, stream, self._shape.encoding)
            self._header = self._check_header(_read_header(self.name, feed))
        return self._shape

    def lines(self, today: dt.date) -> Iterator[Line]:
        """Every record, good or not, without blank ones. FileRefused where it turns out to be cut or endless."""
        assert self._shape is not None, "inspect first"
        with self._open() as stream:
            feed = _Feed(self.name, stream, self._shape.encoding)
            reader = csv.reader(feed, delimiter=DELIMITER, strict=True)
            next(reader)
            while (line := self._next_line(feed, reader, today)) is not None:
                if not line.parsed.good and feed.unterminated:
                    raise FileRefused(self.name, FileFault.CUT_OFF, line.at)
                yield line

    def _next_line(self, feed: _Feed, reader: Iterator[list[str]], today: dt.date) -> Line | None:
        while True:
            feed.begin_record()
            try:
                cells = next(reader)
            except StopIteration:
                return None
            except csv.Error:
                if feed.exhausted:  # a quote was never closed
                    raise FileRefused(self.name, FileFault.CUT_OFF, feed.record_at) from None
                return Line(
                    feed.record_at, Parsed(None, rejections=[Rejection(None, Fault.QUOTES_UNREADABLE)])
                )
            if any(cell.strip() for cell in cells):
                return Line(feed.record_at, self._parse(cells, feed, today))

    def _parse(self, cells: Sequence[str], feed: _Feed, today: dt.date) -> Parsed:
        if len(cells) == len(self._header):
            parsed = parse(self.table, dict(zip(self._header, cells, strict=True)), today)
        else:
            parsed = self._parse_misfit(cells, today)
        if feed.record_lines > 1 and not parsed.good:
            parsed.number = None  # a quote too many swallowed other lines: nobody knows who was in them
        return parsed

    def _parse_misfit(self, cells: Sequence[str], today: dt.date) -> Parsed:
        """A line with too many or too few fields: only the first field is sure to stand in its place."""
        number = None
        if self._header[0] == self.table.identifier.name:
            number = parse(self.table, {self._header[0]: cells[0]}, today).number
        return Parsed(number, rejections=[Rejection(None, Fault.FIELD_COUNT)])

    def _check_header(self, cells: list[str]) -> list[str]:
        names = [cell.strip().casefold() for cell in cells]
        if len(names) > COLUMN_LIMIT:
            raise FileRefused(self.name, FileFault.TOO_MANY_COLUMNS, 1)
        known = {column.name for column in self.table.columns}
        for name in known:
            if names.count(name) > 1:
                raise FileRefused(self.name, FileFault.COLUMN_TWICE, 1, name)
        for name in self.table.required:
            if name not in names:
                self._refuse_header(cells, name)
        self.unknown_columns = [without_numbers(name)[:100] for name in names if name and name not in known]
        return names

    def _refuse_header(self, cells: list[str], missing: str) -> None:
        for other in (",", "\t", "|"):
            names = [name.strip(' "').casefold() for name in cells[0].split(other)]
            if len(cells) == 1 < len(names) and missing in names:
                raise FileRefused(self.name, FileFault.DELIMITER_WRONG, 1)
        raise FileRefused(self.name, FileFault.COLUMN_MISSING, 1, missing)


class _Feed:
    """Gives a CSV reader its physical lines, decoded, and knows where it is."""

    def __init__(self, name: str, stream: IO[bytes], encoding: str) -> None:
        self._name = name
        self._stream = io.BufferedReader(stream, _CHUNK)  # type: ignore[type-var]
        self._encoding = encoding
        self._at = 0
        self._bytes = 0
        self.record_at = 1
        self.record_lines = 0
        self.unterminated = False
        """The newest line has no end of line: it is the last, and may be cut."""
        self.exhausted = False

    def begin_record(self) -> None:
        self._bytes = 0
        self.record_lines = 0
        self.record_at = self._at + 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(LINE_LIMIT + 1)
        if not line:
            self.exhausted = True
            raise StopIteration
        self._at += 1
        self.record_lines += 1
        self._bytes += len(line)
        if self._bytes > LINE_LIMIT:
            raise FileRefused(self._name, FileFault.LINE_TOO_LONG, self._at)
        self.unterminated = not line.endswith(b"\n")
        return line.decode(self._encoding if self._at == 1 else self._encoding.removesuffix("-sig"))


def _read_header(name: str, feed: _Feed) -> list[str]:
    try:
        return next(csv.reader(feed, delimiter=DELIMITER, strict=True))
    except (csv.Error, StopIteration):
        raise FileRefused(name, FileFault.HEADER_UNREADABLE, 1) from None


def _find_shape(name: str, stream: IO[bytes], beat: Beat) -> Shape:
    """UTF-8 with or without BOM where all of it is, else Windows-1252; and how many lines."""
    utf8 = codecs.getincrementaldecoder("utf-8")()
    windows = codecs.getincrementaldecoder("cp1252")()
    is_utf8 = is_windows = True
    blank = True
    looks_utf8 = False
    lines, head, tail = 0, b"", b""
    while chunk := stream.read(_CHUNK):
        head = head or chunk[:3]
        if b"\0" in chunk:
            wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            raise FileRefused(name, FileFault.ENCODING_UNKNOWN if wide else FileFault.NUL_BYTES)
        blank = blank and not chunk.removeprefix(codecs.BOM_UTF8).strip()
        is_utf8 = is_utf8 and _decodes(utf8, chunk)
        is_windows = is_windows and _decodes(windows, chunk)
        looks_utf8 = looks_utf8 or bool(_UTF8_GERMAN.search(tail + chunk))
        lines += chunk.count(b"\n")
        tail = chunk[-1:]
        beat()
    if blank:
        raise FileRefused(name, FileFault.EMPTY)
    if is_utf8:
        if not _decodes(utf8, b"", final=True):
            raise FileRefused(name, FileFault.CUT_OFF, lines + 1)
        return Shape("utf-8-sig" if head == codecs.BOM_UTF8 else "utf-8", lines)
    if head == codecs.BOM_UTF8 or looks_utf8:
        raise FileRefused(name, FileFault.ENCODING_MIXED)
    if not is_windows:
        raise FileRefused(name, FileFault.ENCODING_UNKNOWN)
    return Shape("cp1252", lines)


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True
