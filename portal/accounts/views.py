"""Signing in and out."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, abort, flash, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts.credentials import check_credentials, find_typed
from portal.accounts.forms import SignInForm, mismatched, read_sign_in
from portal.accounts.links import open_link
from portal.accounts.second_factor import check_code, unused_recovery_codes
from portal.accounts.service import set_password
from portal.accounts.sign_in_limits import (
    pending_account,
    pending_account_here,
    recovers,
    typed_account,
    typed_account_here,
)
from portal.accounts.sign_in_pages import code_form, from_the_start, password_form, sign_in_form, too_late
from portal.accounts.signing_in import (
    PendingSignIn,
    count_try,
    drop_pending,
    find_pending,
    finish,
    go_on,
    intend_for,
    let_in,
    note,
    renew_session,
    user_of_pending,
)
from portal.accounts.users import User, user_of
from portal.audit.acts import audited
from portal.core.database import commit, rollback, utcnow
from portal.core.refusal import Refusal
from portal.core.settings import current_settings
from portal.domain.audit import AuditEvent
from portal.domain.permissions import Permission
from portal.webkit.access import public, requires
from portal.webkit.fragments import relative_path, see_other
from portal.webkit.languages import ngettext
from portal.webkit.messages import message
from portal.webkit.security import failed, limiter

accounts = Blueprint("accounts", __name__)
log = structlog.get_logger()


@accounts.get("/sign-in")
@public
def sign_in() -> Response:
    """Show the form; signed-in users are sent on."""
    if current_user.is_authenticated:
        return go_on(request.args.get("next"))
    return sign_in_form(SignInForm(next=relative_path(request.args.get("next"))), 200)


@accounts.post("/sign-in")
@public
@limiter.limit("5 per minute", key_func=typed_account_here, deduct_when=failed)
@limiter.limit("30 per 10 minutes", key_func=typed_account, deduct_when=failed)
@limiter.limit("60 per 10 minutes", deduct_when=failed)
def send_sign_in() -> Response:
    """Check e-mail and password; the same words and the same time whatever is wrong with them."""
    if not current_settings().password_sign_in:
        abort(403)
    form = read_sign_in(request.form)
    if form.is_wrong:
        return sign_in_form(form, 422)
    user = check_credentials(form.email, form.password)
    if user is None:
        log.info("sign_in_failed")
        note(AuditEvent.SIGN_IN_FAILED, find_typed(form.email))
        return sign_in_form(mismatched(form), 422)
    return let_in(user, form.next)


@accounts.get("/sign-in/code")
@public
def ask_code() -> Response:
    """The second step: a code of the app, or one for recovery."""
    if find_pending() is None:
        return too_late()
    return code_form(None)


@accounts.post("/sign-in/code")
@public
@limiter.limit("5 per minute", key_func=pending_account_here, deduct_when=failed)
@limiter.limit(
    "20 per 10 minutes;60 per day", key_func=pending_account, deduct_when=failed, exempt_when=recovers
)
@limiter.limit("60 per 10 minutes", deduct_when=failed)
def send_code() -> Response:
    """Check the code. A few wrong ones, and one begins anew; codes for recovery are too long to be guessed."""
    pending = find_pending()
    user = user_of_pending(pending) if pending else None
    if pending is None or user is None:
        drop_pending()
        return too_late()
    try:
        recovered = check_code(user.id, request.form.get("code", "")[:100], utcnow())
    except Refusal as refusal:
        return _wrong_code(pending, user, refusal)
    if recovered:
        note(AuditEvent.RECOVERY_CODE_USED, user)
    answer = finish(user, pending.address, without_password=pending.without_password)
    if recovered:
        flash(_codes_left(unused_recovery_codes(user.id)), "warning")
    return answer


def _wrong_code(pending: PendingSignIn, user: User, refusal: Refusal) -> Response:
    rollback()
    log.info("sign_in_code_failed", account=user.id)
    note(AuditEvent.SIGN_IN_FAILED, user, step="code")
    if count_try(pending):
        return code_form(message(refusal))
    return from_the_start(_("Das waren zu viele falsche Codes. Bitte fangen Sie noch einmal an."))


def _codes_left(left: int) -> str:
    return str(
        ngettext(
            "Noch %(num)s Wiederherstellungscode übrig.", "Noch %(num)s Wiederherstellungscodes übrig.", left
        )
    )


@accounts.post("/sign-out")
@requires(Permission.SIGNED_IN)
@audited(AuditEvent.SIGNED_OUT)
def sign_out() -> Response:
    """End the session, here and on the server."""
    log.info("signed_out", account=current_user.id)
    commit()
    renew_session()
    flash(_("Sie sind abgemeldet."), "success")
    return see_other(url_for(".sign_in"))


@accounts.get("/set-password/<token>")
@public
@limiter.limit("60 per 10 minutes", deduct_when=lambda response: response.status_code == 409)
def choose_password(token: str) -> Response:
    """The form behind a one-time link. Looking does not use it up: mail programs look, too."""
    return password_form(token, open_link(token, utcnow()), None, 200)


@accounts.post("/set-password/<token>")
@public
@limiter.limit("20 per 10 minutes")
def set_first_password(token: str) -> Response:
    """Set the password that the link is for; then one signs in with it."""
    now = utcnow()
    account = open_link(token, now)
    try:
        set_password(account, request.form.get("password", ""), now, link=token)
    except Refusal as refusal:
        return password_form(token, account, message(refusal), 422)
    intend_for(AuditEvent.PASSWORD_CHANGED, user_of(account))
    commit()
    flash(_("Das Passwort ist gesetzt. Sie können sich jetzt anmelden."), "success")
    return see_other(url_for(".sign_in"))
