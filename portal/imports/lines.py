"""Lines of JSON as they come through the HTTP door: the same names, checks and rows as in the CSV files. Streams.

A line that cannot be read is rejected alone, by its number: the client gets an answer for each line.
"""

from __future__ import annotations

import codecs
import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any, NoReturn

from portal.core.masking import without_numbers
from portal.domain.import_kinds import Kind
from portal.imports.charsets import KeepAlive
from portal.imports.codes import Fault, FileFault, FileRefused
from portal.imports.columns import PROFILES, Table
from portal.imports.feed import LINE_LIMIT
from portal.imports.headers import COLUMN_LIMIT
from portal.imports.parsing import Parsed, Rejection, parse
from portal.imports.reading import Line
from portal.imports.survey import Shape, is_wide

PROFILE_KEY = "profil"
ENTRY_FIELDS = ("kind", "title", "level", "starts_on", "ends_on")
_WIDE_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_RETURN = re.compile(rb"\}[ \t]*\r[ \t\r]*\{")
"""CR in place of LF between two objects."""
_NAMES_LIMIT = 100
_CHUNK = 1 << 20


class LinesFile:
    """The lines of one request, opened anew for each reading."""

    def __init__(self, table: Table, open_file: Callable[[], IO[bytes]]) -> None:
        self.name = table.lines_file
        self.table = table
        self.unknown_columns: list[str] = []
        """Names that no column has; known only once the lines were read."""
        self._open = open_file

    def inspect(self, keep_alive: KeepAlive) -> Shape:
        """Return how many lines there are; what is wrong with one is said of it by itself.

        FileRefused where there are no lines at all: the body is UTF-16, or its lines end with CR.
        """
        lines = returns = 0
        with self._open() as stream:
            while chunk := stream.read(_CHUNK):
                if not lines + returns and (chunk.startswith(_WIDE_BOMS) or is_wide(chunk)):
                    raise FileRefused(self.name, FileFault.ENCODING_UTF16_LINES)
                lines += chunk.count(b"\n")
                returns += len(_RETURN.findall(chunk))
                keep_alive()
        if returns and not lines:
            raise FileRefused(self.name, FileFault.LINE_ENDS)
        return Shape("utf-8", lines)

    def lines(self, today: dt.date) -> Iterator[Line]:
        """Every line, good or not, without blank ones; numbered from 1, blank ones counted."""
        with self._open() as stream:
            for at, raw in _numbered(stream):
                if raw is None:
                    yield Line(at, Parsed(None, rejections=[Rejection(None, Fault.LINE_OVER_LIMIT)]))
                elif raw.strip():
                    yield Line(at, self._parse(raw, today))

    def _parse(self, raw: bytes, today: dt.date) -> Parsed:
        try:
            found = read_object(raw)
        except _Unreadable as error:
            return Parsed(None, rejections=[Rejection(None, error.fault)])
        parsed = parse(self.table, found, today)
        known = {column.name for column in self.table.columns}
        if self.table.kind is Kind.PARTICIPANT:
            known.add(PROFILE_KEY)
            if PROFILE_KEY in found:
                self._read_profile(found[PROFILE_KEY], parsed, today)
        self._note_unknown(name for name in found if name not in known)
        return parsed

    def _read_profile(self, value: object, parsed: Parsed, today: dt.date) -> None:
        """A profile belongs to its line: one bad entry rejects both, and what is stored stays whole."""
        if value is None:
            value = []
        if not isinstance(value, list):
            parsed.rejections.append(Rejection(PROFILE_KEY, Fault.NOT_A_LIST))
            return
        entries = []
        for place, entry in enumerate(value):
            where = f"{PROFILE_KEY}[{place}]"
            if not isinstance(entry, Mapping):
                parsed.rejections.append(Rejection(where, Fault.NOT_AN_OBJECT))
                continue
            read = parse(PROFILES, {**entry, PROFILES.identifier.name: "0"}, today)
            parsed.rejections += [Rejection(f"{where}.{item.column}", item.fault) for item in read.rejections]
            entries.append({name: read.values.get(name) for name in ENTRY_FIELDS})
            known = {column.name for column in PROFILES.columns[1:]}
            self._note_unknown(f"{PROFILE_KEY}.{name}" for name in entry if name not in known)
        parsed.values["profile"] = list({tuple(entry.values()): entry for entry in entries}.values())

    def _note_unknown(self, names: Iterator[str]) -> None:
        for name in names:
            shown = "".join(char if char.isprintable() else "\ufffd" for char in without_numbers(name)[:100])
            if shown not in self.unknown_columns and len(self.unknown_columns) < _NAMES_LIMIT:
                self.unknown_columns.append(shown)


class _Unreadable(Exception):
    def __init__(self, fault: Fault) -> None:
        self.fault = fault


def read_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object on one line. JSON as RFC 8259 has it, with every key once; numbers are never computed."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise _Unreadable(Fault.NOT_UTF8) from None
    try:
        found = _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise _Unreadable(Fault.NOT_JSON) from None
    if not isinstance(found, dict):
        raise _Unreadable(Fault.NOT_AN_OBJECT)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > COLUMN_LIMIT:
        raise _Unreadable(Fault.TOO_MANY_KEYS)
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Unreadable(Fault.KEY_TWICE)
    return found


def _constant(_: str) -> NoReturn:
    raise _Unreadable(Fault.NOT_JSON)  # NaN and Infinity are no JSON


class _Number:
    """A number, which no column takes: what it amounts to does not matter, however long it is."""

    def __init__(self, _: str) -> None:
        """Forget it."""


_DECODER = json.JSONDecoder(
    object_pairs_hook=_once, parse_constant=_constant, parse_int=_Number, parse_float=_Number
)


def _numbered(stream: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Physical lines with their numbers; None for one that is longer than the limit."""
    at = 0
    while line := stream.readline(LINE_LIMIT + 2):
        at += 1
        while at == 1 and line.startswith(codecs.BOM_UTF8):
            line = line.removeprefix(codecs.BOM_UTF8)
        if len(line) <= LINE_LIMIT or (line.endswith(b"\n") and len(line.rstrip(b"\r\n")) <= LINE_LIMIT):
            yield at, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(_CHUNK)
        yield at, None
