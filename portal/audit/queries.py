"""What the audit says, newest first."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select

from portal.audit.models import AuditEntry, AuditEvent
from portal.database import db

PAGE = 50


@dataclass(frozen=True)
class AuditFilters:
    """What of the audit is wanted."""

    event: AuditEvent | None = None
    by: str | None = None
    """Initials."""
    subject: str | None = None
    subject_id: int | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    """Not any more."""


@dataclass(frozen=True)
class AuditPage:
    rows: list[AuditEntry]
    next: int | None


def list_entries(filters: AuditFilters, before: int | None) -> AuditPage:
    """The entries of the tenant that the session sees."""
    wanted = {
        AuditEntry.event: filters.event,
        AuditEntry.by: filters.by,
        AuditEntry.subject: filters.subject,
        AuditEntry.subject_id: filters.subject_id,
    }
    query = select(AuditEntry).where(
        *(column == value for column, value in wanted.items() if value is not None)
    )
    if filters.since is not None:
        query = query.where(AuditEntry.at >= filters.since)
    if filters.until is not None:
        query = query.where(AuditEntry.at < filters.until)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    found = list(db.session.scalars(query.order_by(AuditEntry.id.desc()).limit(PAGE + 1)))
    rows = found[:PAGE]
    return AuditPage(rows, rows[-1].id if len(found) > PAGE else None)


def looked_since(
    account_id: int, page: str, subject: str | None, subject_id: int | None, since: dt.datetime
) -> bool:
    """Whether this person's look at this page is noted already."""
    query = (
        select(AuditEntry.data)
        .where(
            AuditEntry.account_id == account_id,
            AuditEntry.event == AuditEvent.LOOKED,
            AuditEntry.subject == subject if subject else AuditEntry.subject.is_(None),
            AuditEntry.subject_id == subject_id if subject_id else AuditEntry.subject_id.is_(None),
            AuditEntry.at > since,
        )
        .limit(PAGE)
    )
    return any(data.get("page") == page for data in db.session.scalars(query))
