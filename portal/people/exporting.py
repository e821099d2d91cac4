"""Lists of participants as CSV and XLSX: exactly the rows that the page would show, page by page."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterator
from typing import IO

from flask_babel import gettext as _

from portal.releases.phase import Phase
from portal.releases.queries import Filters, PersonRow, list_participants
from portal.releases.view import View
from portal.web.finding_labels import FINDINGS
from portal.web.labels import label_of
from portal.web.languages import day, find_language, moment

_BATCH = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WIDTH = 18
_SHEET_ROWS = 1_048_575
"""Most rows of a sheet, beside its head."""

Column = tuple[str, Callable[[PersonRow], str]]


def write_csv(view: View, filters: Filters, target: IO[bytes]) -> None:
    """Write the list as CSV in UTF-8 with a mark, by which Excel knows it; with semicolons in German."""
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="")
    writer = csv.writer(text, delimiter=";" if find_language() == "de" else ",")
    columns = _columns()
    writer.writerow([title for title, _value in columns])
    for row in rows(view, filters):
        writer.writerow([harmless(value(row)) for _title, value in columns])
    text.detach()


def write_xlsx(view: View, filters: Filters, target: IO[bytes]) -> None:
    """Write the list as a workbook of one sheet, row by row. All cells are text, so that none is a formula."""
    import xlsxwriter  # for a download now and then, not for every process

    with xlsxwriter.Workbook(target, {"constant_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet(_("Teilnehmer/innen").replace("/", "-"))
        bold = book.add_format({"bold": True})
        quoted = book.add_format({"quote_prefix": True})  # stays text when somebody edits the cell
        columns = _columns()
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(columns) - 1, _WIDTH)
        for place, (title, _value) in enumerate(columns):
            sheet.write_string(0, place, title, bold)
        for line, row in enumerate(rows(view, filters), 1):
            if line > _SHEET_ROWS:
                break
            for place, (_title, value) in enumerate(columns):
                text = value(row)
                sheet.write_string(line, place, text, quoted if text.startswith(_FORMULA) else None)


def rows(view: View, filters: Filters) -> Iterator[PersonRow]:
    """Everybody who is listed, in the order of the list."""
    after: int | None = None
    while True:
        page = list_participants(view, filters, after=after, limit=_BATCH)
        yield from page.rows
        after = page.next
        if after is None:
            return


def harmless(text: str) -> str:
    """`text` such that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _columns() -> list[Column]:
    return [
        (_("Nummer"), lambda row: row.participant.number),
        (_("Nachname"), lambda row: row.participant.last_name),
        (_("Vorname"), lambda row: row.participant.first_name),
        (_("Status"), lambda row: str(label_of(row.status).text)),
        (_("Vorgang"), lambda row: str(label_of(row.phase).text)),
        (_("Was fehlt"), _missing),
        (_("Bewerber-ID"), lambda row: (row.presence and row.presence.applicant_id) or ""),
        (_("Freigegeben am"), lambda row: _time(row.release.released_at if row.release else None)),
        (_("Freigegeben von"), lambda row: row.release.released_by if row.release else ""),
        (_("Aufgehoben am"), lambda row: _time(row.release.ended_at if row.release else None)),
        (_("Aufgehoben von"), lambda row: (row.release and row.release.ended_by) or ""),
        (_("Antwort offen seit"), lambda row: _time(row.presence.waiting_since if row.presence else None)),
        (_("Auftrag/Maßnahme"), lambda row: row.order.title if row.order else ""),
        (_("Ausgetreten am"), lambda row: _date(row.participant.left_order_on)),
        (_("Betreuer/in"), lambda row: row.participant.caseworker or ""),
        (_("Vermittler/in"), _mediator),
        (_("Vermittler-ID"), lambda row: row.mediator.number if row.mediator else ""),
    ]


def _missing(row: PersonRow) -> str:
    if row.phase is not Phase.BLOCKED:
        return ""
    return "; ".join(str(FINDINGS[finding].text) for finding in row.findings)


def _mediator(row: PersonRow) -> str:
    return f"{row.mediator.last_name}, {row.mediator.first_name}" if row.mediator else ""


def _time(value: dt.datetime | None) -> str:
    return moment(value) if value else ""


def _date(value: dt.date | None) -> str:
    return day(value) if value else ""
