"""The sessions of requests: loaded before, written after in a short transaction of its own (docs/security.md)."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import structlog
from flask import Flask, Request, Response, current_app, g, request
from flask.sessions import SessionInterface
from sqlalchemy import Connection, Table, bindparam, insert, select, update
from sqlalchemy.exc import OperationalError

from portal.core.database import EVERY_TENANT, db, rollback, scoped_to, set_reading, utcnow, writing_soon
from portal.core.settings import current_settings
from portal.domain.accounts import Account, LoginSession
from portal.domain.tenants import Tenant, TenantVersion
from portal.webkit.browsers import browser_name
from portal.webkit.limits import REFUSED
from portal.webkit.sessions import SAFE_METHODS, ServerSession

_TOKEN_BYTES = 32
SEEN_SECONDS = 60
"""How often `seen_at` is written, at most."""
SEEN_PATIENCE_SECONDS = 1
"""So long a page waits to write that."""
_sessions = cast("Table", LoginSession.__table__)
log = structlog.get_logger()
_WITHOUT = ("/static/", "/health/", "/metrics", "/api/")
"""Answered without asking who it is; not even the database has to be there."""


class ServerSessions(SessionInterface):
    """Loads the session before a request and writes it, in a short transaction of its own, after it."""

    session_class = ServerSession

    def open_session(self, app: Flask, request: Request) -> ServerSession:
        set_reading(request.method in SAFE_METHODS)
        token = request.cookies.get(self.get_cookie_name(app))
        if request.path.startswith(_WITHOUT):
            return ServerSession()
        if not token:
            return _strangers(secrets.token_urlsafe(_TOKEN_BYTES))
        try:
            session = _load(token)
            if request.method not in SAFE_METHODS:
                rollback()  # receiving the body may take long, and must not hold a transaction open
            return session
        except OperationalError as error:
            log.warning("session_not_loaded", error=type(error).__name__)
            rollback()
            session = ServerSession()
            session.database_down = True
            return session

    def save_session(self, app: Flask, session: ServerSession, response: Response) -> None:  # type: ignore[override]
        if session.database_down or request.path.startswith("/api/") or REFUSED in request.environ:
            return
        response.vary.add("Cookie")
        if session.light:
            # None: the page of an error at an address that has no sessions
            if "csrf_token" in g and session.token not in (
                None,
                request.cookies.get(self.get_cookie_name(app)),
            ):
                self._set_cookie(app, session, response)
            return
        now = utcnow()
        if session.renewed or session.row_id is None:
            self._start(app, session, response, now)
        elif session.modified:
            with _writing() as connection:
                _update(connection, session, data=dict(session), seen_at=now)
        elif _is_to_be_seen(session, now):
            _see(session, now)

    def _start(self, app: Flask, session: ServerSession, response: Response, now: dt.datetime) -> None:
        """A row and a number for a session that has none, or gets a new one."""
        with _writing() as connection:
            if session.row_id is not None:
                _update(connection, session, ended_at=now)
            if session:
                _insert(connection, session, now)
        if session:
            self._set_cookie(app, session, response)
        else:
            response.delete_cookie(
                self.get_cookie_name(app), path="/", secure=current_settings().secure_cookies
            )

    def _set_cookie(self, app: Flask, session: ServerSession, response: Response) -> None:
        assert session.token is not None
        response.set_cookie(
            self.get_cookie_name(app),
            session.token,
            path="/",
            httponly=True,
            secure=current_settings().secure_cookies,
            samesite="Lax",
        )

    def get_cookie_name(self, app: Flask) -> str:  # noqa: ARG002
        return "__Host-session" if current_settings().secure_cookies else "session"


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


_OPEN = (
    select(LoginSession, Account, Tenant.time_zone, TenantVersion.number)
    .outerjoin(Account, Account.id == LoginSession.account_id)
    .outerjoin(Tenant, Tenant.id == Account.tenant_id)
    .outerjoin(TenantVersion, TenantVersion.tenant_id == Account.tenant_id)
    .where(
        LoginSession.token_hash == bindparam("token_hash"),
        LoginSession.ended_at.is_(None),
        LoginSession.seen_at > bindparam("seen_after"),
        LoginSession.created_at > bindparam("created_after"),
    )
)


def _load(token: str) -> ServerSession:
    """The open session behind `token`; a fresh one where there is none, or where it is too old."""
    settings, now = current_settings(), utcnow()
    values = {
        "token_hash": _hash(token),
        "seen_after": now - dt.timedelta(minutes=settings.session_idle_minutes),
        "created_after": now - dt.timedelta(hours=settings.session_limit_hours),
    }
    with scoped_to(EVERY_TENANT):
        row = db.session.execute(_OPEN, values).first()
        if row is not None and row.Account is not None:
            db.session.expunge(row.Account)  # it outlives the rollback before a long body
    if row is None:
        return _strangers(token)
    found = ServerSession(row.LoginSession, token)
    found.account, found.time_zone, found.version = row.Account, row.time_zone, row.number
    return found


def _insert(connection: Connection, session: ServerSession, now: dt.datetime) -> None:
    session.token = secrets.token_urlsafe(_TOKEN_BYTES)
    connection.execute(
        insert(_sessions).values(
            token_hash=_hash(session.token),
            account_id=int(session["_user_id"]) if "_user_id" in session else None,
            browser=browser_name(request.headers.get("User-Agent", "")) or None,
            data=dict(session),
            created_at=now,
            seen_at=now,
        )
    )


def _strangers(token: str) -> ServerSession:
    """A session of which nothing is kept: its form token follows from the number in the browser."""
    key = current_app.config["SECRET_KEY"].encode()
    session = ServerSession(token=token)
    session["csrf_token"] = hmac.new(key, f"form token {token}".encode(), hashlib.sha256).hexdigest()
    session.modified = False
    return session


def _see(session: ServerSession, now: dt.datetime) -> None:
    """Record the activity of a session. Skipped if the database is busy: the next request records it."""
    try:
        with _writing(SEEN_PATIENCE_SECONDS) as connection:
            _update(connection, session, seen_at=now)
    except OperationalError as error:
        log.warning("session_not_seen", error=type(error).__name__)


def _is_to_be_seen(session: ServerSession, now: dt.datetime) -> bool:
    if session.seen_at is None or now - session.seen_at < dt.timedelta(seconds=SEEN_SECONDS):
        return False
    view = current_app.view_functions.get(request.endpoint or "")
    return not getattr(view, "live", False)


@contextmanager
def _writing(patience_seconds: float | None = None) -> Iterator[Connection]:
    """Open a write transaction of its own. The view's is rolled back first, since it could lock this one out."""
    rollback()
    set_reading(False)
    with db.engine.begin() if patience_seconds is None else writing_soon(patience_seconds) as connection:
        yield connection


def _update(connection: Connection, session: ServerSession, **values: Any) -> None:
    connection.execute(update(_sessions).where(_sessions.c.id == session.row_id).values(**values))
