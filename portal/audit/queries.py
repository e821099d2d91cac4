"""What the audit says, newest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select

from portal.core.database import db
from portal.domain.audit import AuditEntry, AuditEvent
from portal.domain.participants import Mediator, Participant
from portal.domain.tokens import ApiToken
from portal.webkit.parameters import whole_number

PAGE = 50


@dataclass(frozen=True)
class AuditFilters:
    """What of the audit is wanted."""

    event: AuditEvent | None = None
    by: str | None = None
    """Initials."""
    subject: str | None = None
    number: str | None = None
    """Of whom or what: a person's is the one in Qualli.life, everything else's the row's."""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    """Not any more."""


@dataclass(frozen=True)
class AuditPage:
    rows: list[AuditEntry]
    next: int | None


def list_entries(filters: AuditFilters, before: int | None, limit: int = PAGE) -> AuditPage:
    """The newest entries of the tenant that the session sees, older than the row `before`."""
    wanted = {
        AuditEntry.event: filters.event,
        AuditEntry.by: filters.by,
        AuditEntry.subject: filters.subject,
    }
    query = select(AuditEntry).where(
        *(column == value for column, value in wanted.items() if value is not None)
    )
    if filters.number is not None:
        query = query.where(_has_number(filters.number))
    if filters.since is not None:
        query = query.where(AuditEntry.at >= filters.since)
    if filters.until is not None:
        query = query.where(AuditEntry.at < filters.until)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    found = list(db.session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit + 1)))
    rows = found[:limit]
    return AuditPage(rows, rows[-1].id if len(found) > limit else None)


def _has_number(number: str) -> ColumnElement[bool]:
    people = select(Participant.id).where(Participant.number == number)
    of_person = and_(AuditEntry.subject == "participant", AuditEntry.subject_id.in_(people))
    row = whole_number(number)
    if row is None:
        return of_person
    return or_(of_person, and_(AuditEntry.subject != "participant", AuditEntry.subject_id == row))


def participant_numbers(page: AuditPage) -> Mapping[int, str]:
    """The numbers of the people whom the entries of a page are about, as far as they are still here."""
    people = {entry.subject_id for entry in page.rows if entry.subject == "participant"}
    query = select(Participant.id, Participant.number).where(Participant.id.in_(people))
    return {row.id: row.number for row in db.session.execute(query)}


def mediator_numbers(rows: Iterable[AuditEntry]) -> Mapping[int, str]:
    """The numbers of the mediators whom these entries say were set, by row."""
    changes = [entry.data.get("changes", {}).get("account.mediator_id", ()) for entry in rows]
    mediators = {value for pair in changes for value in pair if type(value) is int}
    if not mediators:
        return {}
    query = select(Mediator.id, Mediator.number).where(Mediator.id.in_(mediators))
    return {row.id: row.number for row in db.session.execute(query)}


def looked_since(
    account_id: int, page: str, subject: str | None, subject_id: int | None, since: dt.datetime
) -> bool:
    """Return whether this person's look at this page is noted already."""
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


def token_names(numbers: Collection[int]) -> Mapping[int, str]:
    """Return how the tenant's tokens with these numbers are called."""
    if not numbers:
        return {}
    query = select(ApiToken.id, ApiToken.name).where(ApiToken.id.in_(numbers))
    return {row.id: row.name for row in db.session.execute(query)}
