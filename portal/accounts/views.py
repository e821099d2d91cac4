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
from portal.accounts.models import Account
from portal.accounts.passwords import verify_password
from portal.accounts.users import User, user_of
from portal.database import EVERY_TENANT, db, rollback, scoped_to
from portal.web.fragments import relative_path
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
        form.password.errors = [_("E-Mail und Passwort passen nicht zusammen.")]
        return _form(form, 422)
    _renew_session()
    login_user(user)
    log.info("signed_in", account=user.id)
    return _go_on(form.next.data)


@accounts.post("/sign-out")
@requires(Permission.SIGNED_IN)
def sign_out() -> Response:
    """End the session, here and on the server."""
    log.info("signed_out", account=current_user.id)
    _renew_session()
    flash(_("Sie sind abgemeldet."), "success")
    return make_response(redirect(url_for(".sign_in"), 303))


def _check(email: str, password: str) -> User | None:
    """The user, if there is one and the password is theirs."""
    query = select(Account).where(Account.email == email.strip().lower(), Account.disabled_at.is_(None))
    with scoped_to(EVERY_TENANT):
        account = db.session.scalar(query)
        stored, user = (account.password_hash, user_of(account)) if account else (None, None)
    rollback()  # checking takes a while, and nobody has to wait for it
    return user if verify_password(password, stored) else None


def _renew_session() -> None:
    """A session of its own for who comes next, with a form token of its own."""
    current_session().renew()
    g.pop("csrf_token", None)
    generate_csrf()


def _form(form: SignInForm, status: int) -> Response:
    return make_response(render_template("accounts/sign_in.html", form=form), status)


def _go_on(address: str | None) -> Response:
    return make_response(redirect(relative_path(address) or url_for("general.start"), 303))
