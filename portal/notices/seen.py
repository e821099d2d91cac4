"""Noting that an account has seen a notice. Never commits."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.core.database import db
from portal.domain.accounts import Role
from portal.domain.notices import Notice, NoticeSeen
from portal.notices.errors import NoticeUnknown
from portal.notices.queries import concerns


def see(notice_id: int, role: Role, account_id: int, now: dt.datetime) -> None:
    """Record that an account has seen a notice at its level. Raises NotFound, also if its role is not shown it."""
    notice = db.session.scalar(select(Notice).where(Notice.id == notice_id, concerns(role)))
    if notice is None:
        raise NoticeUnknown
    seen = db.session.scalar(
        select(NoticeSeen).where(NoticeSeen.notice_id == notice.id, NoticeSeen.account_id == account_id)
    )
    if seen is not None:
        seen.level, seen.seen_at = notice.notified_level, now
        return
    row = NoticeSeen(
        tenant_id=notice.tenant_id,
        notice_id=notice.id,
        account_id=account_id,
        level=notice.notified_level,
        seen_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:  # twice at the same moment
        return
