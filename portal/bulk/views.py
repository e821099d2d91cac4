"""Decisions for many people: chosen on the list, shown before they are made, carried out by the worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, make_response, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from portal.accounts.errors import MediatorUnknown
from portal.accounts.users import current_actor
from portal.audit.acts import audited
from portal.audit.recording import describe
from portal.bulk import queries, service
from portal.bulk.preview import PreviewGroup, people_of, preview
from portal.bulk.texts import group_text, outcome_text, preview_text, start_text, title
from portal.core.database import commit, db, utcnow
from portal.core.refusal import Refusal
from portal.domain.audit import AuditEvent
from portal.domain.bulk import BulkAction, BulkRun, BulkState
from portal.domain.deliveries import Delivery
from portal.domain.participants import Mediator
from portal.domain.permissions import Permission
from portal.participants.choices import active_mediators
from portal.releases.list_address import read_strictly
from portal.tenants.context import current_context
from portal.webkit.access import may, requires
from portal.webkit.downloads import download
from portal.webkit.fragments import live, live_answer, see_other
from portal.webkit.messages import message
from portal.webkit.parameters import read_row, read_rows
from portal.webkit.tables import Cell, Table

bulk = Blueprint("bulk", __name__)
PAGE = 50
_NAMES = 100
_CONFIRMED_AT_ONCE = 500
"""People whose consent is confirmed by name on one page."""
_ROWS = 1000


@bulk.get("/bulk")
@requires(Permission.VIEW)
def list_page() -> str:
    """What was decided for many, newest first."""
    after = read_row(request.args, "after")
    found = queries.list_runs(after, PAGE + 1)
    older = found[PAGE - 1].id if len(found) > PAGE else None
    return render_template("bulk/list.html", runs=found[:PAGE], after=after, older=older, title_of=title)


@bulk.post("/bulk")
@requires(Permission.RELEASE)
@audited(AuditEvent.BULK_CHOSEN, "bulk")
def choose() -> Response:
    """Store the chosen participants and show the preview."""
    action, narrowed = _split(request.form)
    if action is BulkAction.TRANSFER and not may(Permission.TRANSFER_CHOSEN):
        abort(403)
    where = read_strictly(narrowed)
    marked = None if request.form.get("whom") == "all" else read_rows(request.form, "participant", _ROWS)
    chosen = service.Chosen(marked, where.filters(where.text()), urlencode(where.parts(), doseq=True))
    run = service.choose(current_context(), action, chosen, current_actor(), utcnow())
    bulk_id = run.id
    describe(subject_id=bulk_id, action=action.value, people=run.total)
    commit()
    return see_other(url_for(".show", bulk_id=bulk_id))


@bulk.get("/bulk/<row:bulk_id>")
@requires(Permission.VIEW)
@live
def show(bulk_id: int) -> Response:
    """What would happen, or how far it is, or what became of it."""
    run = service.get_run(bulk_id)
    values = _shared(run)
    if run.state is BulkState.SHOWN:
        return make_response(render_template("bulk/preview.html", **values, **_preview(run)))
    return live_answer(
        "bulk/run.html",
        "bulk/_run.html",
        **values,
        groups=queries.groups(run, _NAMES) if run.state is BulkState.DONE else [],
        group_text=group_text,
        problem=message(Refusal(run.problem, **run.problem_values)) if run.problem else None,
        delivery=db.session.get(Delivery, run.delivery_id) if run.delivery_id else None,
    )


@bulk.post("/bulk/<row:bulk_id>/mediator")
@requires(Permission.RELEASE)
@audited(AuditEvent.BULK_CHOSEN, "bulk")
def choose_mediator(bulk_id: int) -> Response:
    """Set the mediator of a run."""
    mediator_id = read_row(request.form, "mediator")
    if mediator_id is None:
        raise MediatorUnknown
    service.set_mediator(service.get_run(bulk_id), mediator_id, current_actor())
    commit()
    return see_other(url_for(".show", bulk_id=bulk_id))


@bulk.post("/bulk/<row:bulk_id>/start")
@requires(Permission.RELEASE)
@audited(AuditEvent.BULK_STARTED, "bulk")
def start(bulk_id: int) -> Response:
    """Do what was shown."""
    run, shown = service.get_run(bulk_id), request.form.get("shown", "")
    confirmed = read_rows(request.form, "consent", _ROWS)
    service.start(run, current_context(), shown, confirmed, current_actor(), utcnow())
    commit()
    return see_other(url_for(".show", bulk_id=bulk_id))


@bulk.get("/bulk/<row:bulk_id>/report.csv")
@requires(Permission.VIEW)
@audited(AuditEvent.EXPORTED, "bulk")
def report(bulk_id: int) -> Response:
    """What became of each, as CSV."""
    return download(_report(service.get_run(bulk_id)), f"sammelaktion-{bulk_id}.csv")


@bulk.get("/bulk/<row:bulk_id>/report.xlsx")
@requires(Permission.VIEW)
@audited(AuditEvent.EXPORTED, "bulk")
def report_xlsx(bulk_id: int) -> Response:
    """What became of each, as a workbook."""
    return download(_report(service.get_run(bulk_id)), f"sammelaktion-{bulk_id}.xlsx")


def _report(run: BulkRun) -> Table:
    heads = [_("Nummer"), _("Nachname"), _("Vorname"), _("Ergebnis")]
    return Table(str(_("Sammelaktion %(number)s", number=run.id)), heads, _outcomes(run))


def _outcomes(run: BulkRun) -> Iterator[list[Cell]]:
    after = 0
    while found := queries.outcomes(run, after):
        for item, person in found:
            said = outcome_text(run, item.outcome, item.code, item.finding)
            yield [person.number, person.last_name, person.first_name, said]
        after = found[-1][0].id


def _shared(run: BulkRun) -> dict[str, Any]:
    return {
        "run": run,
        "title": title(run),
        "mediator": db.session.get(Mediator, run.mediator_id) if run.mediator_id else None,
        "back": url_for("people.list_page") + (f"?{run.query}" if run.query else ""),
    }


def _preview(run: BulkRun) -> dict[str, Any]:
    context = current_context()
    found = preview(context, run)
    blocked_by = service.blocker(context, run)
    groups = [group for group in PreviewGroup if found.counts[group] and group is not PreviewGroup.CONFIRM]
    return {
        "preview": found,
        "groups": [
            (
                group,
                preview_text(run, group, found.counts[group]),
                people_of(context, run, group, limit=_NAMES),
            )
            for group in groups
        ],
        "names": _NAMES,
        "start_text": start_text,
        "confirm_text": preview_text(run, PreviewGroup.CONFIRM, found.counts[PreviewGroup.CONFIRM]),
        "to_confirm": people_of(context, run, PreviewGroup.CONFIRM, limit=_CONFIRMED_AT_ONCE),
        "blocker": message(blocked_by) if blocked_by else None,
        "mediators": active_mediators() if run.action is BulkAction.MEDIATOR else [],
    }


def _split(form: MultiDict[str, str]) -> tuple[BulkAction, MultiDict[str, str]]:
    """What is to be done, and the filters of the list: "action" is the name of both the buttons and one of those."""
    given = form.getlist("action")
    wanted = [value for value in given if value in list(BulkAction)]
    if len(wanted) != 1:
        abort(400)
    narrowed = MultiDict(form)
    narrowed.setlist("action", [value for value in given if value not in wanted])
    return BulkAction(wanted[0]), narrowed
