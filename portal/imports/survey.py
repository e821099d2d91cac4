"""The first look at the bytes of a file: character set, line ends and number of lines."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from portal.imports.codes import FileFault, FileRefused

BOM = "\ufeff"
_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_WIDER = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
BLANK = b" \t\r\n\x0b\x0c\x1a"
_UTF7_BOM = re.compile(rb"\+/v[89+/]")


@dataclass(frozen=True)
class Shape:
    """What a first reading of a file found."""

    encoding: str
    lines: int
    newline: str = "\n"
    """LF also where lines end with CR LF; CR alone in a file that has no LF."""


class Survey:
    """The first look at the bytes."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._head = b""
        self._encoding = "utf-8"
        self._decoder: codecs.IncrementalDecoder = codecs.getincrementaldecoder("utf-8")()
        self._good = True
        self._blank = True
        self._ends = {"\n": 0, "\r": 0}
        self._bad_ends: dict[str, int] = {}

    def take(self, chunk: bytes) -> None:
        """Look at the next bytes."""
        if not self._head:
            self._head = chunk[:4]
            self._choose(chunk)
        self._blank = self._blank and not chunk.removeprefix(codecs.BOM_UTF8).strip(BLANK)
        text = self._decode(chunk)
        if "\0" in text:
            raise FileRefused(self._name, FileFault.NUL_BYTES, self._line(text[: text.index("\0")]))
        for end in self._ends:
            self._ends[end] += text.count(end)

    def _choose(self, chunk: bytes) -> None:
        if chunk.startswith(_WIDER):
            raise FileRefused(self._name, FileFault.ENCODING_UTF32)
        if _UTF7_BOM.match(chunk):
            raise FileRefused(self._name, FileFault.ENCODING_UTF7)
        for bom, encoding in _WIDE.items():
            if chunk.startswith(bom):
                self._encoding = encoding
                self._decoder = codecs.getincrementaldecoder(encoding)()
                return
        if is_wide(chunk):
            raise FileRefused(self._name, FileFault.ENCODING_UTF16)

    def _decode(self, chunk: bytes) -> str:
        """The text as far as it can be known; where it is no UTF-8, each byte stands for itself."""
        if self._good:
            try:
                return self._decoder.decode(chunk)
            except UnicodeDecodeError as error:
                self._good = False
                before = error.object[: error.start].decode(self._encoding, "replace")
                self._bad_ends = {end: count + before.count(end) for end, count in self._ends.items()}
                if self._encoding != "utf-8":
                    raise FileRefused(self._name, FileFault.ENCODING_UNKNOWN, self.first_bad_line) from None
        return chunk.decode("latin-1")

    def _line(self, more: str = "") -> int:
        return self._ends[self._newline] + more.count(self._newline) + 1

    @property
    def _newline(self) -> str:
        return "\n" if self._ends["\n"] or not self._ends["\r"] else "\r"

    @property
    def first_bad_line(self) -> int:
        """The first line that is no UTF-8; 0 where all are."""
        return self._bad_ends[self._newline] + 1 if self._bad_ends else 0

    def shape(self) -> Shape:
        """What was found. FileRefused for an empty file, one that is cut within a letter, and a BOM that lies."""
        if self._blank:
            raise FileRefused(self._name, FileFault.EMPTY)
        if self._good:
            try:
                self._decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                raise FileRefused(self._name, FileFault.CUT_OFF, self._line()) from None
        elif self._head.startswith(codecs.BOM_UTF8):
            raise FileRefused(self._name, FileFault.ENCODING_MIXED, self.first_bad_line)
        encoding = self._encoding if self._good else "cp1252"
        return Shape(encoding, self._ends[self._newline], self._newline)


def is_wide(chunk: bytes) -> bool:
    """Return whether bytes are UTF-16 without a BOM: every other one of most characters is zero."""
    head = chunk[:4096]
    even, odd = head[::2].count(0), head[1::2].count(0)
    most, least = max(even, odd), min(even, odd)
    return most * 4 > len(head) and least * 10 < most
