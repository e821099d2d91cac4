"""The character set of a file, its line ends and its length, found by reading all of it; the rest is refused by name.

UTF-8, with or without a BOM, UTF-16 with one, and Windows-1252 are read. Streams; never holds a file.
"""

from __future__ import annotations

import binascii
import codecs
import io
import re
from collections.abc import Callable, Iterator
from typing import IO

from portal.imports.codes import FileFault, FileRefused
from portal.imports.foreign_charsets import Foreign, Tally
from portal.imports.misread import REPLACEMENT, WINDOWS, cell_at, find_encoded_twice
from portal.imports.survey import BLANK, Shape, Survey

KeepAlive = Callable[[], None]
"""Called every few moments of long work."""
Opener = Callable[[], IO[bytes]]
END_MARK = "\x1a"
"""Ctrl-Z: what DOS wrote behind the last line, and some programs still do."""

_CHUNK = 1 << 20
_BLANK_TEXT = BLANK.decode()
_END_LINE = re.compile("(?:^|(?<=[\r\n]))\x1a")
_UTF7 = re.compile(r"\+([A-Za-z0-9+/]{3,})(?=-|[^A-Za-z0-9+/])")
_UTF7_LETTERS = re.compile("[\u00a1-\u017f\u2013-\u2026\u20ac]+")
_FOREIGN = {
    Foreign.MAC: FileFault.ENCODING_MAC,
    Foreign.DOS: FileFault.ENCODING_DOS,
    Foreign.UNKNOWN: FileFault.ENCODING_UNKNOWN,
}


def find_shape(name: str, open_file: Opener, keep_alive: KeepAlive) -> Shape:
    """Learn how a file is to be read. FileRefused, with the line where there is one, for what would be misread."""
    survey = Survey(name)
    with open_file() as stream:
        while chunk := stream.read(_CHUNK):
            survey.take(chunk)
            keep_alive()
    shape = survey.shape()
    with open_file() as stream:
        _check_text(name, stream, shape, survey.first_bad_line, keep_alive)
    return shape


def _check_text(name: str, stream: IO[bytes], shape: Shape, bad_line: int, keep_alive: KeepAlive) -> None:
    tally, ended, plain, utf7 = Tally(), 0, True, 0
    for at, text in _blocks(stream, shape):
        ended = _check_end(name, text, at, shape, ended)
        if text.isascii():
            utf7 = utf7 or _line_at(at, text, shape, _find_utf7(text))
        else:
            plain = False
            _check_letters(name, text, at, shape, bad_line)
            if shape.encoding == "cp1252":
                tally.add(text, at, shape.newline)
        keep_alive()
    if plain and utf7:
        raise FileRefused(name, FileFault.ENCODING_UTF7, utf7)
    if tally.foreign:
        fault = FileFault.ENCODING_MIXED if tally.is_mixed else _FOREIGN[tally.foreign]
        raise FileRefused(name, fault, tally.first or 0)


def _blocks(stream: IO[bytes], shape: Shape) -> Iterator[tuple[int, str]]:
    """The text in pieces that end with a line, each with the number of its first line."""
    is_windows = shape.encoding == "cp1252"
    lines = io.TextIOWrapper(
        io.BufferedReader(stream, _CHUNK),  # type: ignore[type-var]
        encoding="latin-1" if is_windows else shape.encoding,
        newline=shape.newline,
    )
    at = 1
    while text := lines.read(_CHUNK):
        text += lines.readline(_CHUNK)
        if is_windows:
            text = codecs.charmap_decode(text.encode("latin-1"), "strict", WINDOWS)[0]
        yield at, text
        at += text.count(shape.newline)


def _line_at(at: int, text: str, shape: Shape, place: int | None) -> int:
    """Return the line of a place in a piece; 0 where there is none."""
    return 0 if place is None else at + text.count(shape.newline, 0, place)


def _check_letters(name: str, text: str, at: int, shape: Shape, bad_line: int) -> None:
    if (lost := text.find(REPLACEMENT)) >= 0:
        raise FileRefused(name, FileFault.CHARACTERS_LOST, _line_at(at, text, shape, lost))
    twice = _line_at(at, text, shape, find_encoded_twice(text))
    if twice and shape.encoding == "cp1252":
        raise FileRefused(name, FileFault.ENCODING_MIXED, bad_line)
    if twice:
        raise FileRefused(name, FileFault.ENCODED_TWICE, twice)


def _check_end(name: str, text: str, at: int, shape: Shape, ended: int) -> int:
    """Find the line that is an end mark; 0 where there is none yet. FileRefused where anything follows it."""
    rest = text
    if not ended and (mark := _END_LINE.search(text)):
        ended, rest = _line_at(at, text, shape, mark.start()), text[mark.end() :]
    if ended and rest.strip(_BLANK_TEXT):
        raise FileRefused(name, FileFault.END_MARK, ended)
    return ended


def _find_utf7(text: str) -> int | None:
    """Find a letter that was written as UTF-7; an address such as max+ANY-day@example.org has none."""
    for found in _UTF7.finditer(text):
        if _UTF7_LETTERS.fullmatch(_utf7_letters(found.group(1))) and "@" not in "".join(
            cell_at(text, found.start())
        ):
            return found.start()
    return None


def _utf7_letters(written: str) -> str:
    try:
        raw = binascii.a2b_base64(written + "=" * (-len(written) % 4))
    except binascii.Error:
        return ""
    return "" if len(raw) % 2 else raw.decode("utf-16-be", "replace")
