"""The physical lines of a CSV file, decoded, and the records that they make."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from portal.imports.charsets import END_MARK
from portal.imports.codes import Fault, FileFault, FileRefused
from portal.imports.survey import BOM, Shape

LINE_LIMIT = 64 * 1024
"""Longest line, in bytes; a record that spans several counts as one."""
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Record:
    """What the CSV reader found; its cells, or why there are none."""

    at: int
    cells: list[str]
    fault: Fault | None = None
    spans_lines: bool = False
    broken: bool = False
    """It ends with LF, while lines of this file end with CR LF."""
    continues: bool = False
    """The one before is broken."""
    unterminated: bool = False


class Feed:
    """Gives a CSV reader its physical lines, decoded, and knows where it is."""

    def __init__(self, name: str, stream: IO[bytes], shape: Shape) -> None:
        self._name = name
        self._shape = shape
        self._text = io.TextIOWrapper(
            io.BufferedReader(stream, _CHUNK),  # type: ignore[type-var]
            encoding=shape.encoding,
            newline=shape.newline,
        )
        self._at = 0
        self._bytes = 0
        self._with_cr = self._odd_end = False
        self.line = ""
        self.record_at = 1
        self.record_lines = 0
        self.continues = False
        self.unterminated = False
        """The newest line has no end of line: it is the last, and may be cut."""
        self.exhausted = False

    def begin_record(self) -> None:
        self._bytes = 0
        self.record_lines = 0
        self.record_at = self._at + 1
        self.continues = self._odd_end

    def record(self, cells: list[str]) -> Record:
        """The record that was read since `begin_record`."""
        spans_lines = self.record_lines > 1
        return Record(
            self.record_at, cells, None, spans_lines, self._odd_end, self.continues, self.unterminated
        )

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(LINE_LIMIT + 1)
        if not line or line[0] == END_MARK:
            self.exhausted = True
            raise StopIteration
        self._at += 1
        self.record_lines += 1
        self._bytes += len(line) if line.isascii() else len(line.encode(self._shape.encoding))
        if self._bytes > LINE_LIMIT:
            raise FileRefused(self._name, FileFault.LINE_TOO_LONG, self._at)
        self.line = self._note_end(line.lstrip(BOM) if self._at == 1 else line)
        return self.line

    def _note_end(self, line: str) -> str:
        if self._at == 1:
            self._with_cr = line.endswith("\r\n")
        self._odd_end = self._with_cr and line.endswith("\n") and not line.endswith("\r\n")
        self.unterminated = not line.endswith((self._shape.newline, END_MARK))
        return line if self.unterminated else line.removesuffix(END_MARK)
