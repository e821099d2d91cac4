"""A document in words: sections with sentences, facts and tables; a page, a PDF and Markdown are made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Row = Sequence[str]


@dataclass(frozen=True)
class Section:
    """A part of the document: sentences, then facts, then a table; whatever there is of it."""

    title: str
    sentences: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    widths: tuple[int, ...] = ()
    """Of the columns, against each other."""


def table(title: str, columns: Sequence[tuple[str, int]], rows: tuple[Row, ...], otherwise: str) -> Section:
    """Return a section with a table, or with the sentence `otherwise` if there are no rows.

    A column is its heading and its width.
    """
    return Section(
        title,
        () if rows else (otherwise,),
        columns=tuple(heading for heading, _width in columns),
        rows=rows,
        widths=tuple(width for _heading, width in columns),
    )


@dataclass(frozen=True)
class Document:
    title: str
    subtitle: str
    sections: tuple[Section, ...]
