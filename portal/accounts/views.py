"""Signing in and out."""

from __future__ import annotations

import hashlib
import hmac

import structlog
from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_login import current_user, login_user
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select

from portal.accounts.access import Permission, public, requires
from portal.accounts.forms import SignInForm
from portal.accounts.links import open_link
from portal.accounts.models import Account
from portal.accounts.passwords import MINIMUM_LENGTH, verify_password
from portal.accounts.service import note_sign_in, set_password
from portal.accounts.users import User, user_of
from portal.audit.models import AuditEvent
from portal.audit.recording import Intent, intend
from portal.database import EVERY_TENANT, commit, db, rollback, scoped_to, utcnow
from portal.refusal import Refusal
from portal.web.fragments import relative_path
from portal.web.messages import message
from portal.web.security import limiter
from portal.web.sessions import current_session

accounts = Blueprint("accounts", __name__)
log = structlog.get_logger()


def _typed_account() -> str:
    """The account somebody tries, as a number that says nothing: the limiter's store holds no addresses."""
    typed = request.form.get("email", "").strip().casefold()
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, typed.encode(), hashlib.sha256).hexdigest()[:32]


def _typed_account_here() -> str:
    return f"{_typed_account()}@{request.remote_addr}"


def _failed(response: Response) -> bool:
    return response.status_code == 422


@accounts.get("/sign-in")
@public
def sign_in() -> Response:
    """The form; whoever is signed in already goes on."""
    if current_user.is_authenticated:
        return _go_on(request.args.get("next"))
    return _form(SignInForm(data={"next": relative_path(request.args.get("next"))}), 200)


@accounts.post("/sign-in")
@public
@limiter.limit("5 per minute", key_func=_typed_account_here, deduct_when=_failed)
@limiter.limit("30 per 10 minutes", key_func=_typed_account, deduct_when=_failed)
@limiter.limit("60 per 10 minutes", deduct_when=_failed)
def send_sign_in() -> Response:
    """Check e-mail and password; the same words and the same time whatever is wrong with them."""
    form = SignInForm()
    if not form.validate_on_submit():
        return _form(form, 422)
    user = _check(form.email.data or "", form.password.data or "")
    if user is None:
        log.info("sign_in_failed")
        _note(AuditEvent.SIGN_IN_FAILED, _find_typed(form.email.data or ""))
        form.password.errors = [_("E-Mail und Passwort passen nicht zusammen.")]
        return _form(form, 422)
    renew_session()
    login_user(user)
    _note(AuditEvent.SIGNED_IN, user)
    log.info("signed_in", account=user.id)
    return _go_on(form.next.data)


@accounts.post("/sign-out")
@requires(Permission.SIGNED_IN)
def sign_out() -> Response:
    """End the session, here and on the server."""
    log.info("signed_out", account=current_user.id)
    commit()
    renew_session()
    flash(_("Sie sind abgemeldet."), "success")
    return make_response(redirect(url_for(".sign_in"), 303))


@accounts.get("/set-password/<token>")
@public
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
        set_password(account, request.form.get("password", ""), now)
    except Refusal as refusal:
        return _password_form(token, account, message(refusal), 422)
    _intend(AuditEvent.PASSWORD_CHANGED, user_of(account))
    commit()
    flash(_("Das Passwort ist gesetzt. Sie können sich jetzt anmelden."), "success")
    return make_response(redirect(url_for(".sign_in"), 303))


def _password_form(token: str, account: Account, error: str | None, status: int) -> Response:
    page = render_template(
        "accounts/set_password.html", token=token, account=account, error=error, minimum=MINIMUM_LENGTH
    )
    return make_response(page, status)


def _intend(event: AuditEvent, user: User | None) -> None:
    intend(
        Intent(
            event,
            user.initials if user else "",
            tenant_id=user.tenant_id if user else None,
            account_id=user.id if user else None,
            role=user.role.value if user else None,
            address=request.remote_addr,
            subject="account" if user else None,
            subject_id=user.id if user else None,
        )
    )


def _note(event: AuditEvent, user: User | None) -> None:
    """Into the audit, also where there is no such account: it takes as long. What was typed is kept nowhere."""
    _intend(event, user)
    if user is not None and event is AuditEvent.SIGNED_IN:
        note_sign_in(user.id, utcnow())
    commit()


def _find_typed(email: str) -> User | None:
    query = select(Account).where(Account.email == email.strip().lower())
    with scoped_to(EVERY_TENANT):
        account = db.session.scalar(query)
        return user_of(account) if account else None


def _check(email: str, password: str) -> User | None:
    """The user, if there is one and the password is theirs."""
    query = select(Account).where(Account.email == email.strip().lower(), Account.disabled_at.is_(None))
    with scoped_to(EVERY_TENANT):
        account = db.session.scalar(query)
        stored, user = (account.password_hash, user_of(account)) if account else (None, None)
    rollback()  # checking takes a while, and nobody has to wait for it
    return user if verify_password(password, stored) else None


def renew_session() -> None:
    """A session of its own for who comes next, with a form token of its own."""
    current_session().renew()
    g.pop("csrf_token", None)
    generate_csrf()


def _form(form: SignInForm, status: int) -> Response:
    return make_response(render_template("accounts/sign_in.html", form=form), status)


def _go_on(address: str | None) -> Response:
    return make_response(redirect(relative_path(address) or url_for("general.start"), 303))
