"""Who comes through the HTTP door: a token, whose tenant is all that the request sees. Sessions count nothing here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import structlog
from flask import g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from portal.core.database import commit, db, rollback, scope_to, set_reading, utcnow
from portal.domain.tenants import Tenant
from portal.domain.tokens import ApiToken
from portal.tokens.service import find_token, is_to_be_noted, note_use
from portal.webkit.sessions import SAFE_METHODS

View = TypeVar("View", bound=Callable[..., Any])
_SCHEME = "bearer "
_LONGEST = 512
log = structlog.get_logger()


def by_token(view: View) -> View:
    """Only those with a token in force get to the view; the same 401 for no token and for every wrong one."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        token = _find()
        if token is None:
            raise _unauthorised()
        _let_in(token)
        return view(*args, **kwargs)

    guarded.permission = None  # type: ignore[attr-defined]
    guarded.by_token = True  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


def current_token() -> ApiToken:
    """Return the token of this request."""
    found: ApiToken = g.api_token
    return found


def token_key() -> str:
    """What requests of one token are counted by; the limiter's store never holds a token."""
    return hashlib.sha256(request.headers.get("Authorization", "").encode()).hexdigest()[:32]


def _find() -> ApiToken | None:
    header = request.headers.get("Authorization", "")
    if len(header) > _LONGEST or not header.casefold().startswith(_SCHEME):
        return None
    return find_token(header[len(_SCHEME) :].strip(), utcnow())


def _let_in(token: ApiToken) -> None:
    """See the token's tenant from now on; that it was used is written in a transaction of its own."""
    now = utcnow()
    if is_to_be_noted(token, now):
        rollback()
        set_reading(False)
        scope_to(token.tenant_id)
        note_use(token, now)
        commit()
        set_reading(request.method in SAFE_METHODS)
    scope_to(token.tenant_id)
    tenant = db.session.get_one(Tenant, token.tenant_id)
    g.api_token, g.tenant_id, g.time_zone = token, tenant.id, tenant.time_zone


def _unauthorised() -> Unauthorized:
    values: dict[str, str | None] = {"realm": "jobbruecke"}
    if request.headers.get("Authorization"):
        values["error"] = "invalid_token"
    return Unauthorized(www_authenticate=WWWAuthenticate("bearer", values))
