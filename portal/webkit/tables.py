"""Tables as files: as CSV for programs, and as a workbook, where dates are dates and numbers of records are text."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import itertools
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

from flask import Response, request
from flask_babel import get_timezone
from werkzeug.wsgi import wrap_file

from portal.webkit.languages import day, find_language, moment

Cell = str | int | dt.date | None
"""Numbers of records are texts: leading zeros count."""

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LARGE = 1024**2
"""Bytes of a file that lies on the disk while it is sent."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SHEET_ROWS = 1_048_575
"""Most rows of a sheet, beside its head."""
_NARROW, _WIDE = 8, 60
"""Widths of columns, in characters."""
_FIRST_YEAR = 1900
"""Spreadsheets know no day before it."""
_DATE = {"de": "dd.mm.yyyy", "en": "d mmm yyyy"}


@dataclass(frozen=True)
class Table:
    """What is handed out; `rows` are read once, as they are written."""

    name: str
    heads: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def download(table: Table, name: str) -> Response:
    """The table as the file `name`, a workbook or CSV by its ending; it is whole before its first byte is sent."""
    workbook = name.endswith(".xlsx")
    with contextlib.ExitStack() as stack:
        target = stack.enter_context(tempfile.TemporaryFile())
        (write_xlsx if workbook else write_csv)(table, target)
        large = target.seek(0, io.SEEK_END) > _LARGE
        target.seek(0)
        body = wrap_file(request.environ, target) if large else target.read()
        if large:
            stack.pop_all()  # the response closes it when it has been sent
    return Response(
        body,
        content_type=XLSX if workbook else CSV,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def write_csv(table: Table, target: IO[bytes]) -> None:
    """Write it in UTF-8 with a mark, by which Excel knows it; with semicolons in German."""
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="")
    writer = csv.writer(text, delimiter=";" if find_language() == "de" else ",")
    writer.writerow(table.heads)
    for row in table.rows:
        writer.writerow([harmless(cell) if isinstance(cell, str) else _said(cell) for cell in row])
    text.detach()


def harmless(text: str) -> str:
    """`text` such that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def write_xlsx(table: Table, target: IO[bytes]) -> None:
    """Write it as a workbook, row by row; what one sheet cannot hold goes on in the next."""
    import xlsxwriter  # for a download now and then, not for every process

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
    from xlsxwriter.utility import xl_range

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
        self._quoted = book.add_format({"quote_prefix": True})  # stays text when somebody edits the cell
        self._date, self._time = (book.add_format({"num_format": form}) for form in (date, f"{date} hh:mm"))
        self.widths = widths

    def write(self, row: int, place: int, cell: Cell) -> None:
        said = cell if isinstance(cell, str) else _said(cell)
        self.widths[place] = max(self.widths[place], len(said))
        if isinstance(cell, int):
            self._sheet.write_number(row, place, cell)
        elif isinstance(cell, dt.datetime):
            local = cell.astimezone(get_timezone()).replace(tzinfo=None, second=0, microsecond=0)
            self._sheet.write_datetime(row, place, local, self._time)
        elif isinstance(cell, dt.date) and cell.year >= _FIRST_YEAR:
            self._sheet.write_datetime(row, place, cell, self._date)
        elif said:
            self._sheet.write_string(row, place, said, self._quoted if said.startswith(_FORMULA) else None)


def _said(cell: int | dt.date | None) -> str:
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime):
        return moment(cell)
    return day(cell) if isinstance(cell, dt.date) else str(cell)
