"""Each request that changes or carries out data leaves an entry in the audit when it commits."""

from __future__ import annotations

import datetime as dt

from flask import Flask, Response, current_app, g, request
from flask_login import current_user

from portal.accounts.users import User
from portal.audit.acts import Act, act_of
from portal.audit.queries import looked_since
from portal.audit.recording import Intent, intend
from portal.core.database import commit, rollback, set_reading, utcnow
from portal.domain.audit import AuditEvent

LOOKED_AGAIN_AFTER = dt.timedelta(hours=1)
"""The same look of the same person is noted once in this time."""


_ARGUMENTS = {
    "account_id": "account",
    "participant_id": "participant",
    "sequence": "delivery",
    "import_id": "import",
    "bulk_id": "bulk",
    "connection_id": "connection",
    "mediator_id": "mediator",
    "token_id": "api-token",
}


def init_app(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_note_looks)
    app.teardown_request(lambda _: intend(None))


def _act() -> Act | None:
    return act_of(current_app.view_functions.get(request.endpoint or ""))


def _begin() -> None:
    act = _act()
    if act is None or not current_user.is_authenticated:
        intend(None)
        return
    intent = _intent(act.event)
    intent.subject = act.subject
    intend(intent if request.method == "POST" else None)


def _note_looks(response: Response) -> Response:
    """Exports, and what the operator's people see of a tenant; nothing is handed out before it is noted."""
    if g.get("nothing_new"):  # what is shown was noted when it was made
        return response
    if request.method != "GET" or response.status_code not in (200, 304) or not current_user:
        return response
    if not current_user.is_authenticated or request.endpoint in (None, "static"):
        return response
    act = _act()
    if act is not None:
        _write(_intent(act.event))
    elif current_user.role.for_all_tenants and g.get("tenant_id") is not None:
        intent = _intent(AuditEvent.LOOKED)
        since = utcnow() - LOOKED_AGAIN_AFTER
        if not looked_since(current_user.id, intent.data["page"], intent.subject, intent.subject_id, since):
            _write(intent)
    return response


def _write(intent: Intent) -> None:
    rollback()
    set_reading(False)
    intend(intent)
    commit()


def _intent(event: AuditEvent) -> Intent:
    user: User = current_user
    argument = next((name for name in _ARGUMENTS if name in (request.view_args or {})), None)
    looking = request.method == "GET"
    return Intent(
        event,
        user.initials,
        tenant_id=g.get("tenant_id") or user.tenant_id,
        account_id=user.id,
        role=user.role.value,
        address=request.remote_addr,
        subject=_ARGUMENTS[argument] if argument else None,
        subject_id=(request.view_args or {})[argument] if argument else None,
        data={"page": request.endpoint} if looking else {},
    )
