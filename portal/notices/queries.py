"""The notices that a user is shown."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, or_, select

from portal.core.database import db
from portal.domain.accounts import Role
from portal.domain.notice_kinds import NoticeKind
from portal.domain.notices import Notice, NoticeSeen
from portal.domain.tenants import Tenant
from portal.notices.audience import AUDIENCE

LIMIT = 200


@dataclass(frozen=True)
class NoticeRow:
    """A notice on a user's page."""

    notice: Notice
    tenant: Tenant | None
    seen: bool


def concerns(role: Role) -> ColumnElement[bool]:
    """The notices that a role is shown: those it was told of. Support sees all: it answers for everything."""
    if role.for_all_tenants:
        return Notice.notified_level > 0
    levels = {kind: _first_level(kind, role) for kind in NoticeKind}
    return or_(
        *(
            and_(Notice.kind == kind, Notice.notified_level >= level)
            for kind, level in levels.items()
            if level is not None
        )
    )


def _first_level(kind: NoticeKind, role: Role) -> int | None:
    """From which level on a role is told."""
    return next((number for number, roles in enumerate(AUDIENCE[kind], 1) if role in roles), None)


def list_notices(role: Role, account_id: int) -> list[NoticeRow]:
    """What is open, the worst and oldest first; of those tenants that the session sees."""
    query = _shown(role, account_id).where(Notice.closed_at.is_(None))
    return _rows(query.order_by(Notice.level.desc(), Notice.id).limit(LIMIT))


def list_closed(role: Role, account_id: int, since: dt.datetime) -> list[NoticeRow]:
    """What is well again since then, the newest first."""
    query = _shown(role, account_id).where(Notice.closed_at > since)
    return _rows(query.order_by(Notice.closed_at.desc()).limit(LIMIT))


def _shown(role: Role, account_id: int):  # type: ignore[no-untyped-def]
    seen = and_(NoticeSeen.notice_id == Notice.id, NoticeSeen.account_id == account_id)
    return (
        select(Notice, Tenant, NoticeSeen.level)
        .outerjoin(Tenant, Tenant.id == Notice.tenant_id)
        .outerjoin(NoticeSeen, seen)
        .where(concerns(role))
    )


def _rows(query) -> list[NoticeRow]:  # type: ignore[no-untyped-def]
    return [
        NoticeRow(notice, tenant, seen is not None and seen >= notice.notified_level)
        for notice, tenant, seen in db.session.execute(query)
    ]


def count_unseen(role: Role, account_id: int) -> ScalarSelect[int]:
    """How many open notices an account has not seen as bad as they are, as part of another statement."""
    seen = select(NoticeSeen.id).where(
        NoticeSeen.notice_id == Notice.id,
        NoticeSeen.account_id == account_id,
        NoticeSeen.level >= Notice.notified_level,
    )
    query = select(func.count()).where(Notice.closed_at.is_(None), concerns(role), ~seen.exists())
    return query.scalar_subquery()
