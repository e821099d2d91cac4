"""Ending and forgetting sessions; `portal.web.sessions` opens and keeps them."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from sqlalchemy import CursorResult, delete, or_, update

from portal.accounts.models import LoginSession
from portal.database import db


def end_sessions(account_id: int, now: dt.datetime) -> None:
    """End every session of an account: its password was changed, or it was disabled."""
    db.session.execute(
        update(LoginSession)
        .where(LoginSession.account_id == account_id, LoginSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def forget_sessions(now: dt.datetime, limit_hours: int) -> int:
    """Delete sessions that can no longer be used; how many."""
    before = now - dt.timedelta(hours=limit_hours)
    result = db.session.execute(
        delete(LoginSession).where(or_(LoginSession.ended_at < before, LoginSession.seen_at < before))
    )
    return cast("CursorResult[Any]", result).rowcount
