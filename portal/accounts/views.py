"""Signing in and out."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlsplit

import structlog
from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    make_response,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from portal.accounts.codes import is_time_code
from portal.accounts.forms import SignInForm, mismatched, read_sign_in
from portal.accounts.links import open_link
from portal.accounts.passwords import MAXIMUM_LENGTH, MINIMUM_LENGTH, verify_and_renew
from portal.accounts.provider import is_installed
from portal.accounts.second_factor import check_code, unused_recovery_codes
from portal.accounts.service import keep_hash, set_password
from portal.accounts.signing_in import (
    PENDING_MINUTES,
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
from portal.core.database import EVERY_TENANT, commit, db, rollback, scoped_to, utcnow
from portal.core.idna_domains import spellings
from portal.core.refusal import Refusal
from portal.core.settings import current_settings
from portal.domain.accounts import Account
from portal.domain.audit import AuditEvent
from portal.domain.permissions import Permission
from portal.webkit.access import public, requires
from portal.webkit.callers import caller_key
from portal.webkit.fragments import relative_path, see_other
from portal.webkit.languages import ngettext
from portal.webkit.messages import message
from portal.webkit.security import allow_forms_to, failed, limiter
from portal.webkit.sessions import current_session

accounts = Blueprint("accounts", __name__)
log = structlog.get_logger()


def _typed_account() -> str:
    """Return a keyed number for the e-mail address tried, since the limiter's store holds no addresses."""
    typed = min(spellings(request.form.get("email", "")))
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, typed.encode(), hashlib.sha256).hexdigest()[:32]


def _typed_account_here() -> str:
    return f"{_typed_account()}@{caller_key()}"


def _pending_account() -> str:
    pending = find_pending()
    return f"code:{pending.account_id if pending else 0}"


def _pending_account_here() -> str:
    return f"{_pending_account()}@{caller_key()}"


def _recovers() -> bool:
    return not is_time_code(request.form.get("code", ""))


@accounts.get("/sign-in")
@public
def sign_in() -> Response:
    """Show the form; signed-in users are sent on."""
    if current_user.is_authenticated:
        return go_on(request.args.get("next"))
    return _form(SignInForm(next=relative_path(request.args.get("next"))), 200)


@accounts.post("/sign-in")
@public
@limiter.limit("5 per minute", key_func=_typed_account_here, deduct_when=failed)
@limiter.limit("30 per 10 minutes", key_func=_typed_account, deduct_when=failed)
@limiter.limit("60 per 10 minutes", deduct_when=failed)
def send_sign_in() -> Response:
    """Check e-mail and password; the same words and the same time whatever is wrong with them."""
    if not current_settings().password_sign_in:
        abort(403)
    form = read_sign_in(request.form)
    if form.is_wrong:
        return _form(form, 422)
    user = _check(form.email, form.password)
    if user is None:
        log.info("sign_in_failed")
        note(AuditEvent.SIGN_IN_FAILED, _find_typed(form.email))
        return _form(mismatched(form), 422)
    return let_in(user, form.next)


@accounts.get("/sign-in/code")
@public
def ask_code() -> Response:
    """The second step: a code of the app, or one for recovery."""
    if find_pending() is None:
        return _too_late()
    return _code_form(None)


@accounts.post("/sign-in/code")
@public
@limiter.limit("5 per minute", key_func=_pending_account_here, deduct_when=failed)
@limiter.limit(
    "20 per 10 minutes;60 per day", key_func=_pending_account, deduct_when=failed, exempt_when=_recovers
)
@limiter.limit("60 per 10 minutes", deduct_when=failed)
def send_code() -> Response:
    """Check the code. A few wrong ones, and one begins anew; codes for recovery are too long to be guessed."""
    pending = find_pending()
    user = user_of_pending(pending) if pending else None
    if pending is None or user is None:
        drop_pending()
        return _too_late()
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
        return _code_form(message(refusal))
    return _from_the_start(_("Das waren zu viele falsche Codes. Bitte fangen Sie noch einmal an."))


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
    return _password_form(token, open_link(token, utcnow()), None, 200)


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
        return _password_form(token, account, message(refusal), 422)
    intend_for(AuditEvent.PASSWORD_CHANGED, user_of(account))
    commit()
    flash(_("Das Passwort ist gesetzt. Sie können sich jetzt anmelden."), "success")
    return see_other(url_for(".sign_in"))


def _password_form(token: str, account: Account, error: str | None, status: int) -> Response:
    page = render_template(
        "accounts/set_password.html", token=token, account=account, error=error, minimum=MINIMUM_LENGTH
    )
    return make_response(page, status)


def _find_typed(email: str) -> User | None:
    query = select(Account).where(Account.email.in_(spellings(email)))
    with scoped_to(EVERY_TENANT):
        account = db.session.scalar(query)
        return user_of(account) if account else None


def _check(email: str, password: str) -> User | None:
    """Return the user, if there is one and the password is theirs."""
    query = select(Account).where(Account.email.in_(spellings(email)), Account.disabled_at.is_(None))
    with scoped_to(EVERY_TENANT):
        account = db.session.scalar(query)
        stored, user = (account.password_hash, user_of(account)) if account else (None, None)
    rollback()  # checking takes a while, and must not hold a transaction open
    matches, newer = verify_and_renew(password, stored)
    if not matches or user is None or stored is None:
        return None
    if newer is not None:
        keep_hash(user.id, stored, newer)
        commit()
    return user


def _code_form(error: str | None) -> Response:
    return make_response(
        render_template("accounts/code.html", error=error, minutes=PENDING_MINUTES), 422 if error else 200
    )


def _too_late() -> Response:
    """Back to the first step, with a sentence for whoever has begun: of strangers nothing is kept."""
    if current_session().row_id is not None:
        sentence = _("Die Anmeldung hat zu lange gedauert. Bitte fangen Sie noch einmal an.")
        flash(sentence, "warning")
    return see_other(url_for(".sign_in"))


def _from_the_start(sentence: str) -> Response:
    """Back to the first step. 422 counts as a wrong code."""
    return _form(SignInForm(password_error=sentence), 422)


def _form(form: SignInForm, status: int) -> Response:
    settings, installed = current_settings(), is_installed()
    page = render_template(
        "accounts/sign_in.html",
        form=form,
        longest_password=MAXIMUM_LENGTH,
        with_password=settings.password_sign_in,
        provider_name=settings.oidc_name if settings.oidc_issuer else None,
        provider_missing=not installed,
    )
    response = make_response(page, status)
    if (
        settings.oidc_issuer and installed
    ):  # its form is redirected there, which browsers hold to be sent there
        parts = urlsplit(settings.oidc_issuer)
        allow_forms_to(response, f"{parts.scheme}://{parts.netloc}")
    return response
