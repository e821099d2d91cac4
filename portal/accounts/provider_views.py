"""Signing in by the operator's identity provider."""

from __future__ import annotations

import datetime as dt
import hmac
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import structlog
from flask import Blueprint, Response, current_app, make_response, render_template, request, session
from flask_babel import gettext as _

from portal.accounts.errors import IdentityUnknown
from portal.accounts.identities import find_account_id
from portal.accounts.provider import AuthRequest, Refused, Unavailable, is_installed
from portal.accounts.signing_in import intend_for, let_in, note
from portal.accounts.users import User, find_user
from portal.core.database import commit, rollback, set_reading, utcnow
from portal.core.refusal import Refusal
from portal.core.settings import current_settings
from portal.domain.audit import AuditEvent
from portal.webkit.access import public
from portal.webkit.fragments import relative_path, see_other
from portal.webkit.messages import message
from portal.webkit.security import limiter

if TYPE_CHECKING:
    from portal.accounts.provider_client import Provider

by_provider = Blueprint("by_provider", __name__, url_prefix="/sign-in/provider")
log = structlog.get_logger()
_BEGUN = "begun_at_provider"
_MINUTES = 15
_PROVIDER = "jobbruecke_provider"


def find_provider() -> Provider | None:
    """Return the provider of the settings; None where there is none, or where the extra is not installed."""
    settings = current_settings()
    if settings.oidc_issuer is None or not is_installed():
        return None
    from portal.accounts.provider_client import Provider  # noqa: PLC0415 - Authlib is an extra

    known = current_app.extensions.get(_PROVIDER)
    if not isinstance(known, Provider) or known.issuer != settings.oidc_issuer:
        known = current_app.extensions[_PROVIDER] = Provider(settings)
    return known


@by_provider.post("")
@public
@limiter.limit("30 per minute")
def begin() -> Response:
    """Off to the provider; what comes back has to know what is kept here."""
    provider = find_provider()
    if provider is None:
        return _sorry(_("Diese Art der Anmeldung gibt es hier nicht."), 404)
    begun = AuthRequest.new()
    try:
        address = provider.address(begun)
    except Unavailable:
        return _away()
    until = (utcnow() + dt.timedelta(minutes=_MINUTES)).timestamp()
    session[_BEGUN] = asdict(begun) | {"until": until, "next": relative_path(request.form.get("next"))}
    response = see_other(address)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@by_provider.get("/back")
@public
@limiter.limit("60 per minute")
def come_back() -> Response:
    """Handle the return from the provider, with a code that stands for an identity."""
    kept: dict[str, Any] = session.pop(_BEGUN, None) or {}
    provider = find_provider()
    if provider is None:
        return _sorry(_("Diese Art der Anmeldung gibt es hier nicht."), 404)
    if not _belongs(kept, provider):
        return _sorry(
            _("Diese Anmeldung gehört nicht hierher oder ist zu alt. Bitte fangen Sie noch einmal an.")
        )
    if "code" not in request.args:
        return _sorry(_("Die Anmeldung wurde bei %(name)s abgebrochen.", name=provider.name))
    return _redeem(provider, AuthRequest(kept["state"], kept["nonce"], kept["verifier"]), kept["next"])


def _redeem(provider: Provider, begun: AuthRequest, address: str | None) -> Response:
    rollback()  # asking the provider takes a while
    set_reading(False)
    try:
        identity = provider.redeem(request.args["code"], begun)
        account_id, is_new = find_account_id(identity, utcnow())
    except Unavailable:
        return _away()
    except Refused as refused:
        log.warning("provider_refused", reason=refused.reason)
        return _failed(None)
    except Refusal as refusal:
        return _failed(refusal)
    user = find_user(str(account_id))
    return _let_in(user, is_new, address) if user is not None else _failed(IdentityUnknown())


def _let_in(user: User, is_new: bool, address: str | None) -> Response:
    if is_new:
        intend_for(AuditEvent.IDENTITY_LINKED, user)
        commit()
    return let_in(user, address, without_password=True)


def _belongs(kept: dict[str, Any], provider: Provider) -> bool:
    """Return whether what came back is what this browser was sent off for, and from whom (RFC 9207)."""
    state = request.args.get("state", "")
    if not kept or kept["until"] < utcnow().timestamp():
        return False
    same = hmac.compare_digest(state.encode(), str(kept["state"]).encode())
    return same and request.args.get("iss", provider.issuer) == provider.issuer


def _failed(refusal: Refusal | None) -> Response:
    rollback()
    note(AuditEvent.SIGN_IN_FAILED, None, step="provider")
    sentence = message(refusal) if refusal else _("Die Antwort beweist nicht, wer Sie sind.")
    return _sorry(sentence)


def _away() -> Response:
    log.warning("provider_away")
    return _sorry(
        _("Die Anmeldestelle antwortet gerade nicht. Bitte versuchen Sie es gleich noch einmal."), 503
    )


def _sorry(sentence: str, status: int = 403) -> Response:
    rollback()
    return make_response(
        render_template(
            "accounts/provider_trouble.html",
            sentence=sentence,
            with_password=current_settings().password_sign_in,
        ),
        status,
    )
