"""Tables as workbooks: dates are dates, numbers of records are text, and nothing is a formula."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from typing import IO, Any

import xlsxwriter
from flask_babel import get_timezone
from xlsxwriter.utility import xl_range

from portal.webkit.languages import find_language
from portal.webkit.tables import FORMULA, Cell, Table, said

_SHEET_ROWS = 1_048_575
"""Most rows of a sheet, beside its head."""
_NARROW, _WIDE = 8, 60
"""Widths of columns, in characters."""
_FIRST_YEAR = 1900
"""Spreadsheets know no day before it."""
_DATE = {"de": "dd.mm.yyyy", "en": "d mmm yyyy"}


def write_xlsx(table: Table, target: IO[bytes]) -> None:
    """Write it as a workbook, row by row; what one sheet cannot hold goes on in the next."""
    title, rows = table.name.replace("/", "-"), iter(table.rows)
    with xlsxwriter.Workbook(target, {"constant_memory": True, "strings_to_formulas": False}) as book:
        row = next(rows, None)
        _write_sheet(book, title, table.heads, rows, row)
        number = 1
        while (row := next(rows, None)) is not None:
            number += 1
            _write_sheet(book, f"{title} {number}", table.heads, rows, row)


def _write_sheet(
    book: Any, title: str, heads: Sequence[str], rows: Iterator[Sequence[Cell]], first: Sequence[Cell] | None
) -> None:
    """Add a sheet with as many of `rows` as it can hold: head in sight, a filter on each column, nothing a formula."""
    sheet = book.add_worksheet(title)
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, heads, book.add_format({"bold": True}))
    writer = _SheetWriter(book, sheet, [len(head) + 3 for head in heads])  # beside the filter's arrow
    last = 0
    if first is not None:
        for last, row in enumerate(itertools.chain([first], itertools.islice(rows, _SHEET_ROWS - 1)), 1):
            for place, cell in enumerate(row):
                writer.write(last, place, cell)
    for place, width in enumerate(writer.widths):
        sheet.set_column(place, place, min(max(width + 1, _NARROW), _WIDE))
    sheet.autofilter(0, 0, last, len(heads) - 1)
    # Numbers of records are texts on purpose; without this each of them has a green corner.
    everything = xl_range(0, 0, last, len(heads) - 1)
    sheet.ignore_errors({"number_stored_as_text": everything})


class _SheetWriter:
    """Writes cells as what they are, and remembers how wide each column is."""

    def __init__(self, book: Any, sheet: Any, widths: list[int]) -> None:
        date = _DATE[find_language()]
        self._sheet = sheet
        self._quoted = book.add_format({"quote_prefix": True})  # stays text when the cell is edited
        self._date, self._time = (book.add_format({"num_format": form}) for form in (date, f"{date} hh:mm"))
        self.widths = widths

    def write(self, row: int, place: int, cell: Cell) -> None:
        text = cell if isinstance(cell, str) else said(cell)
        self.widths[place] = max(self.widths[place], len(text))
        if isinstance(cell, int):
            self._sheet.write_number(row, place, cell)
        elif isinstance(cell, dt.datetime):
            local = cell.astimezone(get_timezone()).replace(tzinfo=None, second=0, microsecond=0)
            self._sheet.write_datetime(row, place, local, self._time)
        elif isinstance(cell, dt.date) and cell.year >= _FIRST_YEAR:
            self._sheet.write_datetime(row, place, cell, self._date)
        elif text:
            self._sheet.write_string(row, place, text, self._quoted if text.startswith(FORMULA) else None)
