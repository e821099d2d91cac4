"""Reading a PDF as people do: the words where they stand, and whether anything is drawn there."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest

needs_poppler = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="no pdftotext: apt-get install poppler-utils"
)
_WORD = re.compile(r'<word xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)">(.*?)</word>')


@dataclass(frozen=True)
class Word:
    """A word on a page of a PDF; measures in points, from the left and from the top."""

    text: str
    page: int
    left: float
    top: float
    right: float
    bottom: float


def find_words(content: bytes, folder: Path) -> list[Word]:
    """Every word, in the order in which it is read."""
    marked = _run("pdftotext", "-bbox", str(_keep(content, folder)), "-")
    return [
        Word(unescape(found[5]), number, *(float(found[place]) for place in range(1, 5)))
        for number, page in enumerate(marked.decode().split("<page ")[1:])
        for found in _WORD.finditer(page)
    ]


def find_structure(content: bytes, folder: Path) -> list[str]:
    """The names of the tags, in the order in which a screen reader meets them."""
    announced = _run("pdfinfo", "-struct", str(_keep(content, folder))).decode()
    return re.findall(r"^ *([A-Z]\w*)", announced, re.MULTILINE)


def find_undrawn(content: bytes, folder: Path) -> list[str]:
    """The words in whose place nothing is drawn."""
    file, scale = _keep(content, folder), 150 / 72
    _run("pdftoppm", "-gray", "-r", "150", str(file), str(folder / "page"))
    pages = [_Picture(path) for path in sorted(folder.glob("page-*.pgm"))]
    return [
        word.text
        for word in find_words(content, folder)
        if not pages[word.page].has_ink(
            *(round(at * scale) for at in (word.left, word.top, word.right, word.bottom))
        )
    ]


class _Picture:
    """A grey picture in the plainest of formats: a head of four words, then a byte for each point."""

    def __init__(self, path: Path) -> None:
        kind, width, height, _depth, self._points = path.read_bytes().split(maxsplit=4)
        assert kind == b"P5"
        self._width, self._height = int(width), int(height)

    def has_ink(self, left: int, top: int, right: int, bottom: int) -> bool:
        return any(min(row[left : right + 1], default=255) < 128 for row in self._rows(top, bottom))

    def _rows(self, top: int, bottom: int) -> Iterator[bytes]:
        for number in range(max(top, 0), min(bottom + 1, self._height)):
            yield self._points[number * self._width : (number + 1) * self._width]


def _keep(content: bytes, folder: Path) -> Path:
    file = folder / "document.pdf"
    file.write_bytes(content)
    return file


def _run(*command: str) -> bytes:
    return subprocess.run(command, capture_output=True, check=True).stdout
