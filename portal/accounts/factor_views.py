"""One's own second factor: set up with a picture, confirm, recovery codes, turn off."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts import second_factor as factors
from portal.accounts.codes import picture, provisioning_address
from portal.accounts.queries import get_account
from portal.accounts.sessions import end_sessions
from portal.accounts.signing_in import stay_in
from portal.accounts.users import WITHOUT_PASSWORD
from portal.audit.acts import audited
from portal.core.database import EVERY_TENANT, commit, rollback, scope_to, utcnow
from portal.core.refusal import NotFound, Refusal
from portal.domain.accounts import Account
from portal.domain.audit import AuditEvent
from portal.domain.permissions import Permission
from portal.webkit.access import requires
from portal.webkit.fragments import relative_path, see_other
from portal.webkit.messages import message
from portal.webkit.security import failed, limiter, own_key

second_factor = Blueprint("second_factor", __name__, url_prefix="/account/second-factor")
_GUESSES = "10 per 10 minutes;60 per day"


@second_factor.get("")
@requires(Permission.SIGNED_IN)
def show() -> Response:
    """Whether it is set, and what can be done about it."""
    return _page(None, 200)


@second_factor.post("/begin")
@requires(Permission.SIGNED_IN)
@limiter.limit("10 per 10 minutes", key_func=own_key, deduct_when=failed)
def begin() -> Response:
    """Make a secret, and go on to its picture."""
    try:
        factors.begin(_own_account(), _password(), utcnow())
    except Refusal as refusal:
        return _refused(refusal)
    commit()
    return see_other(url_for(".show"))


@second_factor.get("/picture.svg")
@requires(Permission.SIGNED_IN)
def draw() -> Response:
    """The secret as a picture for an app's camera; only until it is confirmed."""
    factor = factors.find_factor(current_user.id)
    if factor is None or factor.confirmed_at is not None:
        raise NotFound("second-factor-none")
    address = provisioning_address(factors.open_secret(factor), _own_account().email)
    response = make_response(picture(address))
    response.mimetype = "image/svg+xml"
    return response


@second_factor.post("/confirm")
@requires(Permission.SIGNED_IN)
@audited(AuditEvent.SECOND_FACTOR_SET)
@limiter.limit("20 per 10 minutes", key_func=own_key, deduct_when=failed)
def confirm() -> Response:
    """The first code: from now on one is asked for. All other sessions end."""
    account, now = _own_account(), utcnow()
    try:
        made = factors.confirm(account, _code(), now)
    except Refusal as refusal:
        return _refused(refusal)
    end_sessions(account.id, now)
    commit()
    stay_in(account.id)
    return _codes(made)


@second_factor.post("/codes")
@requires(Permission.SIGNED_IN)
@audited(AuditEvent.RECOVERY_CODES_MADE)
@limiter.limit(_GUESSES, key_func=own_key, deduct_when=failed)
def renew_codes() -> Response:
    """New recovery codes; the old ones are void."""
    account = _own_account()
    try:
        made = factors.renew_recovery_codes(account, _password(), _code(), utcnow())
    except Refusal as refusal:
        return _refused(refusal)
    commit()
    return _codes(made)


@second_factor.post("/off")
@requires(Permission.SIGNED_IN)
@audited(AuditEvent.SECOND_FACTOR_REMOVED)
@limiter.limit(_GUESSES, key_func=own_key, deduct_when=failed)
def turn_off() -> Response:
    """Ask for no code any more. All other sessions end."""
    account = _own_account()
    try:
        factors.turn_off(account, _password(), _code(), utcnow())
    except Refusal as refusal:
        return _refused(refusal)
    commit()
    stay_in(account.id)
    flash(_("Der zweite Faktor ist ausgeschaltet. Alle anderen Sitzungen sind beendet."), "success")
    return see_other(url_for("own.show"))


def _own_account() -> Account:
    scope_to(EVERY_TENANT)
    return get_account(current_user.id)


def _password() -> str | None:
    """What was typed; None where the session began without a password."""
    return None if session.get(WITHOUT_PASSWORD) else request.form.get("password", "")


def _code() -> str:
    return request.form.get("code", "")[:100]


def _refused(refusal: Refusal) -> Response:
    rollback()
    return _page(refusal, 422)


def _page(refusal: Refusal | None, status: int) -> Response:
    factor = factors.find_factor(current_user.id)
    waiting = factor is not None and factor.confirmed_at is None
    page = render_template(
        "accounts/second_factor.html",
        factor=factor,
        secret=factors.open_secret(factor) if factor is not None and waiting else None,
        left=factors.unused_recovery_codes(current_user.id),
        wanted=factors.is_wanted(current_user.role),
        with_password=not session.get(WITHOUT_PASSWORD),
        error=message(refusal) if refusal else None,
        wrong="password" if refusal is not None and refusal.code == "password-wrong" else "code",
    )
    return make_response(page, status)


def _codes(made: list[str]) -> Response:
    """The page that shows recovery codes, this once."""
    return make_response(
        render_template(
            "accounts/recovery_codes.html",
            codes=made,
            onward=relative_path(session.pop("next", None)) or url_for("own.show"),
        )
    )
