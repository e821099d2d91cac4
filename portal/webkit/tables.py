"""Tables as files: as CSV for programs, and as a workbook, where dates are dates and numbers of records are text."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO

from portal.webkit.languages import day, find_language, moment

Cell = str | int | dt.date | None
"""Numbers of records are texts: leading zeros count."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Table:
    """What is handed out; `rows` are read once, as they are written."""

    name: str
    heads: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def write_csv(table: Table, target: IO[bytes]) -> None:
    """Write it in UTF-8 with a mark, by which Excel knows it; with semicolons in German."""
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="")
    writer = csv.writer(text, delimiter=";" if find_language() == "de" else ",")
    writer.writerow(table.heads)
    for row in table.rows:
        writer.writerow([harmless(cell) if isinstance(cell, str) else said(cell) for cell in row])
    text.detach()


def harmless(text: str) -> str:
    """`text` such that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def said(cell: int | dt.date | None) -> str:
    """A cell as people read it."""
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime):
        return moment(cell)
    return day(cell) if isinstance(cell, dt.date) else str(cell)
