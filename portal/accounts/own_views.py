"""One's own account: another password, and one's sessions."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts.passwords import MINIMUM_LENGTH
from portal.accounts.queries import get_account
from portal.accounts.second_factor import is_set
from portal.accounts.service import change_password
from portal.accounts.sessions import end_session, end_sessions, open_sessions
from portal.accounts.signing_in import stay_in
from portal.audit.acts import audited
from portal.audit.recording import describe
from portal.core.database import EVERY_TENANT, commit, scope_to, scoped_to, utcnow
from portal.core.refusal import Refusal
from portal.core.settings import current_settings
from portal.domain.accounts import Role
from portal.domain.audit import AuditEvent
from portal.domain.permissions import GRANTED, Permission
from portal.webkit.access import requires
from portal.webkit.fragments import done, see_other
from portal.webkit.languages import LANGUAGES
from portal.webkit.messages import message
from portal.webkit.security import failed, limiter, own_key
from portal.webkit.sessions import current_session

own = Blueprint("own", __name__)


@own.get("/account")
@requires(Permission.SIGNED_IN)
def show() -> Response:
    """Who one is here, which sessions are open, and the form for another password."""
    return _page(None, 200)


@own.post("/account/password")
@requires(Permission.SIGNED_IN)
@audited(AuditEvent.PASSWORD_CHANGED)
@limiter.limit("10 per 10 minutes", key_func=own_key, deduct_when=failed)
def set_password() -> Response:
    """Set another password: all other sessions end, this one goes on under a new number."""
    now = utcnow()
    scope_to(EVERY_TENANT)
    try:
        account = get_account(current_user.id)
        change_password(account, request.form.get("old", ""), request.form.get("new", ""), now)
    except Refusal as refusal:
        return _page(message(refusal), 422)
    commit()
    stay_in(account.id)
    flash(_("Das Passwort ist geändert. Alle anderen Sitzungen sind beendet."), "success")
    return see_other(url_for(".show"))


@own.post("/account/sessions/<row:session_id>/end")
@requires(Permission.SIGNED_IN)
@audited(AuditEvent.SESSIONS_ENDED)
def end_one(session_id: int) -> Response:
    """End one of one's other sessions."""
    end_session(current_user.id, session_id, utcnow())
    return done(_("Die Sitzung ist beendet."), ".show")


@own.post("/account/sessions/end-others")
@requires(Permission.SIGNED_IN)
@audited(AuditEvent.SESSIONS_ENDED)
def end_others() -> Response:
    """End all sessions but the current one."""
    end_sessions(current_user.id, utcnow(), but=current_session().row_id)
    return done(_("Alle anderen Sitzungen sind beendet."), ".show")


@own.post("/account/mails")
@requires(Permission.SIGNED_IN)
@audited(AuditEvent.SETTINGS_CHANGED, "account")
def set_mails() -> Response:
    """Say whether one wants mails, and in which language."""
    language = request.form.get("language", "")
    scope_to(EVERY_TENANT)
    account = get_account(current_user.id)
    account.gets_mails = request.form.get("mails") == "on"
    account.language = language if language in LANGUAGES else None
    describe(subject_id=account.id)
    return done(_("Gespeichert."), ".show")


@own.get("/roles")
@requires(Permission.SIGNED_IN)
def roles() -> str:
    """Who may do what: the table that the code goes by."""
    return render_template(
        "accounts/roles.html", granted=GRANTED, roles=list(Role), permissions=list(Permission)
    )


def _page(error: str | None, status: int) -> Response:
    with scoped_to(EVERY_TENANT):
        account = get_account(current_user.id)
        mails = {"wanted": account.gets_mails, "language": account.language, "email": account.email}
    page = render_template(
        "accounts/own.html",
        sessions=open_sessions(current_user.id, current_settings(), utcnow()),
        current=current_session().row_id,
        minimum=MINIMUM_LENGTH,
        error=error,
        second_factor=is_set(current_user.id),
        mails=mails,
        mails_are_set=current_settings().smtp_host is not None,
        settings=current_settings(),
    )
    return make_response(page, status)
