"""The sessions of an account: which are open, and how they end and are forgotten; `webkit.sessions` keeps them."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from sqlalchemy import CursorResult, delete, or_, select, update

from portal.accounts.errors import SessionUnknown
from portal.core.database import db
from portal.core.settings import Settings
from portal.domain.accounts import LoginSession


def open_sessions(account_id: int, settings: Settings, now: dt.datetime) -> list[LoginSession]:
    """Return the valid sessions of an account, newest first."""
    query = select(LoginSession).where(
        LoginSession.account_id == account_id,
        LoginSession.ended_at.is_(None),
        LoginSession.seen_at > now - dt.timedelta(minutes=settings.session_idle_minutes),
        LoginSession.created_at > now - dt.timedelta(hours=settings.session_limit_hours),
    )
    return list(db.session.scalars(query.order_by(LoginSession.seen_at.desc(), LoginSession.id.desc())))


def end_session(account_id: int, session_id: int, now: dt.datetime) -> None:
    """End one session of an account. Raises NotFound `session-unknown`."""
    if not _end(now, LoginSession.account_id == account_id, LoginSession.id == session_id):
        raise SessionUnknown


def end_sessions(account_id: int, now: dt.datetime, but: int | None = None) -> int:
    """End all sessions of an account, but for one if it is named; how many."""
    conditions = [LoginSession.account_id == account_id]
    if but is not None:
        conditions.append(LoginSession.id != but)
    return _end(now, *conditions)


def forget_sessions(now: dt.datetime, limit_hours: int) -> int:
    """Delete sessions that can no longer be used; how many."""
    before = now - dt.timedelta(hours=limit_hours)
    result = db.session.execute(
        delete(LoginSession).where(or_(LoginSession.ended_at < before, LoginSession.seen_at < before))
    )
    return cast("CursorResult[Any]", result).rowcount


def _end(now: dt.datetime, *conditions: Any) -> int:
    result = db.session.execute(
        update(LoginSession).where(LoginSession.ended_at.is_(None), *conditions).values(ended_at=now)
    )
    return cast("CursorResult[Any]", result).rowcount
