"""The page that shows a participant's social insurance number in full, once, for a reason that the audit keeps."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from portal.audit.acts import audited
from portal.audit.recording import describe
from portal.core.database import commit
from portal.domain.audit import AuditEvent, ShowReason
from portal.domain.permissions import Permission
from portal.participants.social_insurance import open_number, uses_numbers
from portal.releases.list_address import read_address
from portal.releases.queries import explain
from portal.tenants.context import current_context
from portal.webkit.access import requires
from portal.webkit.scope import current_tenant_id

numbers = Blueprint("numbers", __name__)


@numbers.get("/participants/<row:participant_id>/social-insurance-number")
@requires(Permission.SHOW_NUMBER)
def ask(participant_id: int) -> Response:
    """Asks for the reason; the number itself is not on this page."""
    return _page(participant_id)


@numbers.post("/participants/<row:participant_id>/social-insurance-number")
@requires(Permission.SHOW_NUMBER)
@audited(AuditEvent.NUMBER_SHOWN, "participant")
def show(participant_id: int) -> Response:
    """The number, once: nothing redirects to it, and no browser keeps it."""
    chosen = request.form.get("reason", "")
    if chosen not in list(ShowReason):
        explain(current_context(), participant_id)  # 404 before anything else
        return _page(participant_id, wrong=True)
    number = open_number(participant_id)
    describe(subject_id=participant_id, reason=chosen)
    commit()
    return _page(participant_id, number=number)


def _page(participant_id: int, *, number: str | None = None, wrong: bool = False) -> Response:
    page = render_template(
        "releases/number.html",
        person=explain(current_context(), participant_id),
        list_parts=read_address(request.args).parts(),
        used=uses_numbers(current_tenant_id()),
        number=number,
        wrong=wrong,
        reasons=list(ShowReason),
    )
    response = make_response(page, 422 if wrong else 200)
    response.headers["Cache-Control"] = "no-store"
    return response
