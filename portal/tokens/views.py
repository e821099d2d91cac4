"""Administrators make and revoke the tokens by which Qualli.life comes through the HTTP door."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _
from flask_login import current_user

from portal.audit.acts import audited
from portal.audit.recording import describe
from portal.core.database import commit, rollback, utcnow
from portal.core.refusal import Refusal
from portal.domain.audit import AuditEvent
from portal.domain.permissions import Permission
from portal.domain.tokens import NAME_LIMIT
from portal.tokens import queries, service
from portal.webkit.access import requires
from portal.webkit.fragments import done
from portal.webkit.messages import message
from portal.webkit.parameters import whole_number
from portal.webkit.scope import current_tenant_id

tokens = Blueprint("tokens", __name__)
_DIGITS = 5
"""Of a number of days."""


@tokens.get("/settings/tokens")
@requires(Permission.CONFIGURE)
def list_page() -> Response:
    """The tenant's tokens, and the form for another one."""
    return _page(None)


@tokens.post("/settings/tokens")
@requires(Permission.CONFIGURE)
@audited(AuditEvent.API_TOKEN_MADE, "api-token")
def create() -> Response:
    """Make a token, and show it this once."""
    try:
        token, text = service.make_token(
            current_tenant_id(),
            request.form.get("name", ""),
            current_user.initials,
            utcnow(),
            whole_number(request.form.get("days"), _DIGITS) or 0,  # which is refused
        )
    except Refusal as refusal:
        rollback()
        return _page(refusal)
    describe(subject_id=token.id)
    values = {"name": token.name, "expires_at": token.expires_at}
    commit()
    return make_response(render_template("tokens/token.html", text=text, **values))


@tokens.post("/settings/tokens/<row:token_id>/revoke")
@requires(Permission.CONFIGURE)
@audited(AuditEvent.API_TOKEN_REVOKED, "api-token")
def revoke(token_id: int) -> Response:
    """From now on the token opens nothing."""
    service.revoke_token(service.get_token(token_id), current_user.initials, utcnow())
    return done(_("Der Token ist widerrufen; wer ihn benutzt, wird ab sofort abgewiesen."), ".list_page")


def _page(refusal: Refusal | None) -> Response:
    now = utcnow()
    page = render_template(
        "tokens/list.html",
        rows=queries.list_tokens(),
        ending=queries.ending_soon(now),
        now=now,
        error=message(refusal) if refusal else None,
        name=request.form.get("name", ""),
        days=request.form.get("days") or service.VALID_DAYS,
        longest=service.LONGEST_DAYS,
        name_limit=NAME_LIMIT,
    )
    return make_response(page, 422 if refusal else 200)
