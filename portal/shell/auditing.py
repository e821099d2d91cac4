"""Which request is which act: each that changes or carries out data leaves an entry in the audit when it commits."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask import Flask, Response, g, request
from flask_login import current_user

from portal.accounts.users import User
from portal.audit.queries import looked_since
from portal.audit.recording import Intent, intend
from portal.core.database import commit, rollback, set_reading, utcnow
from portal.domain.audit import AuditEvent

LOOKED_AGAIN_AFTER = dt.timedelta(hours=1)
"""The same look of the same person is noted once in this time."""


@dataclass(frozen=True)
class Act:
    """An event, and what kind of row it happens to."""

    event: AuditEvent
    subject: str | None = None


ACTS: dict[str, Act] = {
    "accounts.sign_out": Act(AuditEvent.SIGNED_OUT),
    "own.set_password": Act(AuditEvent.PASSWORD_CHANGED),
    "own.set_mails": Act(AuditEvent.SETTINGS_CHANGED, "account"),
    "own.end_one": Act(AuditEvent.SESSIONS_ENDED),
    "own.end_others": Act(AuditEvent.SESSIONS_ENDED),
    "second_factor.confirm": Act(AuditEvent.SECOND_FACTOR_SET),
    "second_factor.renew_codes": Act(AuditEvent.RECOVERY_CODES_MADE),
    "second_factor.turn_off": Act(AuditEvent.SECOND_FACTOR_REMOVED),
    "managing.create": Act(AuditEvent.ACCOUNT_CREATED, "account"),
    "managing.change": Act(AuditEvent.ACCOUNT_CHANGED, "account"),
    "managing.disable": Act(AuditEvent.ACCOUNT_DISABLED, "account"),
    "managing.enable": Act(AuditEvent.ACCOUNT_ENABLED, "account"),
    "managing.new_link": Act(AuditEvent.LINK_MADE, "account"),
    "managing.reset_second_factor": Act(AuditEvent.SECOND_FACTOR_RESET, "account"),
    "bulk.choose": Act(AuditEvent.BULK_CHOSEN, "bulk"),
    "bulk.choose_mediator": Act(AuditEvent.BULK_CHOSEN, "bulk"),
    "bulk.start": Act(AuditEvent.BULK_STARTED, "bulk"),
    "bulk.report": Act(AuditEvent.EXPORTED, "bulk"),
    "bulk.report_xlsx": Act(AuditEvent.EXPORTED, "bulk"),
    "mediators.hand_over": Act(AuditEvent.BULK_CHOSEN, "mediator"),
    "deliveries.transfer_all": Act(AuditEvent.TRANSFER_ASKED, "delivery"),
    "deliveries.ask_again": Act(AuditEvent.RETRIED, "delivery"),
    "deliveries.stop_waiting": Act(AuditEvent.WAITING_ENDED, "delivery"),
    "deliveries.discard": Act(AuditEvent.DELIVERY_DISCARDED, "delivery"),
    "deliveries.let_go": Act(AuditEvent.DELIVERY_LET_GO, "delivery"),
    "imports.upload": Act(AuditEvent.IMPORT_UPLOADED, "import"),
    "imports.discard": Act(AuditEvent.IMPORT_DISCARDED, "import"),
    "imports.let_go": Act(AuditEvent.IMPORT_LET_GO, "import"),
    "imports.rejected": Act(AuditEvent.EXPORTED, "import"),
    "imports.rejected_xlsx": Act(AuditEvent.EXPORTED, "import"),
    "reconciling.read_again": Act(AuditEvent.RECONCILED, "connection"),
    "reconciling.settle": Act(AuditEvent.RECONCILED, "delivery"),
    "reconciling.settle_unread": Act(AuditEvent.RECONCILED, "delivery"),
    "network_accounts.accept": Act(AuditEvent.ACCOUNT_ACCEPTED, "connection"),
    "operations.retry": Act(AuditEvent.RETRIED, "connection"),
    "people.export_csv": Act(AuditEvent.EXPORTED),
    "people.export_xlsx": Act(AuditEvent.EXPORTED),
    "privacy.erase": Act(AuditEvent.ERASED, "participant"),
    "privacy.report_json": Act(AuditEvent.DISCLOSED),
    "privacy.report_pdf": Act(AuditEvent.DISCLOSED),
    "releases.release": Act(AuditEvent.RELEASED, "participant"),
    "releases.revoke": Act(AuditEvent.REVOKED, "participant"),
    "releases.choose_mediator": Act(AuditEvent.MEDIATOR_CHOSEN, "participant"),
    "numbers.show": Act(AuditEvent.NUMBER_SHOWN, "participant"),
    "releases.clarify": Act(AuditEvent.CLARIFIED, "participant"),
    "releases.settle_identity": Act(AuditEvent.IDENTITY_SETTLED, "participant"),
    "participant_deliveries.transfer": Act(AuditEvent.TRANSFER_ASKED, "participant"),
    "tokens.create": Act(AuditEvent.API_TOKEN_MADE, "api-token"),
    "tokens.revoke": Act(AuditEvent.API_TOKEN_REVOKED, "api-token"),
    "tenants.chosen": Act(AuditEvent.TENANT_OPENED),
    "tenants.set_transfers": Act(AuditEvent.SETTINGS_CHANGED),
    "tenants.set_token": Act(AuditEvent.TOKEN_SET),
    "tenants.check_connection": Act(AuditEvent.CONNECTION_TESTED),
    "network_choice.choose_network": Act(AuditEvent.NETWORK_CHOSEN),
}
NO_ACTS = frozenset(
    {
        "accounts.send_sign_in",  # says itself who it was
        "accounts.send_code",
        "accounts.set_first_password",
        "by_provider.begin",  # nobody is signed in yet
        "second_factor.begin",  # nothing is asked for until it is confirmed
        "general.preferences",  # of a browser
        "notices.seen",  # of what one looks at
        "people.search",
        "people.keep_view",  # of what one looks at, for oneself or the tenant
        "people.drop_view",
        "releases.search_mediators",
    }
)
"""What is sent by POST and changes nothing of anybody's data."""
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


def _begin() -> None:
    act = ACTS.get(request.endpoint or "")
    if act is None or not current_user.is_authenticated:
        intend(None)
        return
    intent = _intent(act.event)
    intent.subject = act.subject
    intend(intent if request.method == "POST" else None)


def _note_looks(response: Response) -> Response:
    """Exports, and what the operator's people see of a tenant; nothing is handed out before it is noted."""
    if request.method != "GET" or response.status_code not in (200, 304) or not current_user:
        return response
    if not current_user.is_authenticated or request.endpoint in (None, "static"):
        return response
    act = ACTS.get(request.endpoint or "")
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
