"""The list of participants: counters, filters, search, pages by key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from portal.audit.acts import audited
from portal.core.database import commit, utcnow
from portal.domain.audit import AuditEvent
from portal.domain.permissions import Permission
from portal.domain.rules.phase import Phase
from portal.domain.rules.preflight import TENANT_WIDE, Finding
from portal.participants import choices
from portal.participants.search import LENGTH, is_number, remember_search
from portal.releases.causes import causes
from portal.releases.exporting import table
from portal.releases.filters import Filters, Sorting
from portal.releases.list_address import read_address, read_strictly, read_whole_address
from portal.releases.list_filters import ignored_words, narrowings
from portal.releases.queries import Listing, count_all, count_participants, list_participants
from portal.releases.saved_views import forget_view, save_view, saved_views
from portal.tenants.context import TenantContext, current_context
from portal.webkit.access import requires
from portal.webkit.downloads import download
from portal.webkit.fragments import answer, see_other
from portal.webkit.parameters import read_row
from portal.webkit.scope import current_tenant_id

people = Blueprint("people", __name__)
PAGE = 50
SORTINGS = {
    Sorting.NAME: _l("Name"),
    Sorting.ACTION: _l("braucht Aktion zuerst"),
    Sorting.WAITING: _l("längste Wartezeit zuerst"),
}
_BESIDE_FILTERS = ("group", "after", "before")
"""What may stand in the address of the list and narrows nothing."""
_LISTED: dict[str, Any] = {
    "phases": list(Phase),
    "findings": [item for item in Finding if item not in TENANT_WIDE],
    "sortings": SORTINGS,
    "options": choices.options,
}
"""What the list can be narrowed and sorted by, whatever it shows."""


@people.get("/participants")
@requires(Permission.VIEW)
def list_page() -> Response:
    """A page of participants, or what keeps them where they are."""
    context, where = current_context(), read_whole_address(request.args, _BESIDE_FILTERS)
    filters = where.filters(text := where.text())
    grouped = request.args.get("group") == "cause"
    offered = choices.offered()
    return answer(
        "people/list.html",
        "people/_list.html",
        **_LISTED,
        where=where,
        text=text,
        **(_grouped if grouped else _listed)(context, filters, narrowed=where.narrowed),
        counters=count_all(context),
        ignored=ignored_words(where),
        narrowings=narrowings(where, text, offered, group="cause" if grouped else None),
        offered=offered,
        saved=saved_views(current_user.id),
    )


@people.get("/participants/export.csv")
@requires(Permission.VIEW)
@audited(AuditEvent.EXPORTED)
def export_csv() -> Response:
    """The narrowed list as CSV."""
    return _export("csv")


@people.get("/participants/export.xlsx")
@requires(Permission.VIEW)
@audited(AuditEvent.EXPORTED)
def export_xlsx() -> Response:
    """The narrowed list as a workbook."""
    return _export("xlsx")


@people.post("/participants/views")
@requires(Permission.VIEW)
def keep_view() -> Response:
    """Save the list as narrowed and sorted."""
    where = read_strictly(request.form)
    shared = request.form.get("shared") == "1"
    save_view(
        request.form.get("name", ""), where, current_user.id, current_tenant_id(), utcnow(), shared=shared
    )
    commit()
    searched = where.search or where.number
    flash(
        _("Die Ansicht ist gespeichert, ohne den Suchtext.")
        if searched
        else _("Die Ansicht ist gespeichert."),
        "success",
    )
    return see_other(where.url())


@people.post("/participants/views/<row:view_id>/forget")
@requires(Permission.VIEW)
def drop_view(view_id: int) -> Response:
    """Delete one's own saved view."""
    forget_view(view_id, current_user.id)
    commit()
    flash(_("Die Ansicht ist gelöscht."), "success")
    return see_other(read_address(request.form).url())


@people.post("/participants/search")
@requires(Permission.VIEW)
def search() -> Response:
    """Put the text under a key, so that no name stands in an address, and show the list."""
    text = request.form.get("text", "").strip()[:LENGTH]
    where = read_address(request.form)
    if not text:
        return see_other(where.url(q=None, number=None))
    if is_number(text):
        return see_other(where.url(q=None, number=text))
    key = remember_search(text, current_tenant_id(), current_user.id, utcnow())
    commit()
    return see_other(where.url(q=key, number=None))


def _grouped(context: TenantContext, filters: Filters, *, narrowed: bool) -> dict[str, Any]:
    found = causes(context, filters)
    return {"grouped": found, "listing": None, "matching": found.people if narrowed else None}


def _listed(context: TenantContext, filters: Filters, *, narrowed: bool) -> dict[str, Any]:
    """A page of them, and exactly how many match; a list on one page has been counted by showing it."""
    listing, matching = _listing(filters), None
    is_whole = listing.next is None and not request.args.keys() & {"after", "before"}
    if narrowed:
        matching = len(listing.rows) if is_whole else count_participants(context, filters)
    return {"grouped": None, "listing": listing, "matching": matching}


def _listing(filters: Filters) -> Listing:
    return list_participants(
        current_context(),
        filters,
        after=read_row(request.args, "after"),
        before=read_row(request.args, "before"),
        limit=PAGE,
    )


def _export(ending: str) -> Response:
    """Export sorted by name, whatever the page is sorted by: names stay while rows are written, so none is left out."""
    context, where = current_context(), read_strictly(request.args)
    filters = replace(where.filters(where.text()), sorting=Sorting.NAME)
    return download(table(context, filters), f"teilnehmer-{context.today.isoformat()}.{ending}")
