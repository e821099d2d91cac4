"""The audit as a page: who did what to whom, when and from where."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from portal.audit import queries
from portal.audit.change_lines import change_lines
from portal.audit.queries import token_names
from portal.domain.audit import AuditEvent
from portal.domain.participants import NUMBER
from portal.domain.permissions import Permission
from portal.webkit.access import requires
from portal.webkit.parameters import midnight, read_row

audit = Blueprint("audit", __name__)
SUBJECTS = ("account", "participant", "delivery", "import", "bulk", "connection", "mediator", "api-token")
_KEPT = ("event", "by", "subject", "number", "from", "to")


@audit.get("/audit")
@requires(Permission.AUDIT)
def list_page() -> str:
    """The tenant's audit, newest first, narrowed by what stands in the address."""
    before = read_row(request.args, "before")
    page = queries.list_entries(_read(request.args), before)
    kept = {name: request.args[name] for name in _KEPT if request.args.get(name)}
    return render_template(
        "audit/list.html",
        page=page,
        people=queries.participant_numbers(page),
        tokens=token_names({entry.data["token"] for entry in page.rows if "token" in entry.data}),
        mediators=queries.mediator_numbers(page.rows),
        change_lines=change_lines,
        ignored=_ignored(request.args),
        kept=kept,
        before=before,
        start=_address(kept),
        following=_address(kept | {"before": str(page.next)}) if page.next else None,
        events=list(AuditEvent),
        subjects=SUBJECTS,
    )


def _address(kept: dict[str, str]) -> str:
    return f"{url_for('.list_page')}?{urlencode(kept)}".rstrip("?")


def _read(values: MultiDict[str, str]) -> queries.AuditFilters:
    """Return the filters of an address; what is no event, number or date narrows nothing."""
    event, subject = values.get("event", ""), values.get("subject", "")
    return queries.AuditFilters(
        event=AuditEvent(event) if event in list(AuditEvent) else None,
        by=values.get("by", "").strip()[:50] or None,
        subject=subject if subject in SUBJECTS else None,
        number=values.get("number", "").strip()[:NUMBER] or None,
        since=midnight(values.get("from"), g.time_zone),
        until=midnight(values.get("to"), g.time_zone, days_later=1),
    )


def _ignored(values: MultiDict[str, str]) -> list[str]:
    """What stands in the address and narrows nothing, in words."""
    event, subject = values.get("event", ""), values.get("subject", "")
    found = (
        (_("Was"), event, event in list(AuditEvent)),
        (_("Wem oder woran"), subject, subject in SUBJECTS),
        (_("von"), values.get("from", ""), midnight(values.get("from"), g.time_zone)),
        (_("bis"), values.get("to", ""), midnight(values.get("to"), g.time_zone)),
    )
    return [f"{label} „{value[:40]}“" for label, value, known in found if value and not known]
