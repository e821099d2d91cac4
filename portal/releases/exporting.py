"""The list of participants as a table: exactly the rows that the page would show, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flask_babel import gettext as _

from portal.domain.rules.phase import Phase
from portal.releases.filters import Filters
from portal.releases.finding_labels import FINDINGS
from portal.releases.queries import list_participants
from portal.releases.rows import PersonRow
from portal.tenants.context import TenantContext
from portal.webkit.labels import label_of
from portal.webkit.tables import Cell, Table

_BATCH = 500

Column = tuple[str, Callable[[PersonRow], Cell]]


def table(context: TenantContext, filters: Filters) -> Table:
    """The list as it is handed out."""
    columns = _columns()
    found = ([value(row) for _title, value in columns] for row in rows(context, filters))
    return Table(_("Teilnehmer/innen"), [title for title, _value in columns], found)


def rows(context: TenantContext, filters: Filters) -> Iterator[PersonRow]:
    """Everybody who is listed, in the order of the list."""
    after: int | None = None
    while True:
        page = list_participants(context, filters, after=after, limit=_BATCH)
        yield from page.rows
        after = page.next
        if after is None:
            return


def _columns() -> list[Column]:
    return [
        (_("Nummer"), lambda row: row.participant.number),
        (_("Nachname"), lambda row: row.participant.last_name),
        (_("Vorname"), lambda row: row.participant.first_name),
        (_("Status"), lambda row: str(label_of(row.status).text)),
        (_("Vorgang"), lambda row: str(label_of(row.phase).text)),
        (_("Was fehlt"), _missing),
        (_("Bewerber-ID"), lambda row: (row.registration and row.registration.applicant_id) or ""),
        (_("Freigegeben am"), lambda row: row.release.released_at if row.release else None),
        (_("Freigegeben von"), lambda row: row.release.released_by if row.release else ""),
        (_("Aufgehoben am"), lambda row: row.release.ended_at if row.release else None),
        (_("Aufgehoben von"), lambda row: (row.release and row.release.ended_by) or ""),
        (_("Antwort offen seit"), lambda row: row.registration.waiting_since if row.registration else None),
        (_("Auftrag/Maßnahme"), lambda row: row.order.title if row.order else ""),
        (_("Ausgetreten am"), lambda row: row.participant.left_order_on),
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
