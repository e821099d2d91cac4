"""Who is to be erased, who cannot be yet and why, and what the last nights erased."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select

from portal.core.database import db
from portal.domain.bulk import UNFINISHED as UNFINISHED_BULK
from portal.domain.bulk import BulkItem, BulkRun
from portal.domain.deliveries import Delivery, DeliveryPerson
from portal.domain.delivery_states import UNCOMMITTED
from portal.domain.erasures import ErasureRun
from portal.domain.imports import ImportMode, ImportRun, ImportState
from portal.domain.participants import Participant
from portal.domain.releases import ProtocolEntry, Registration
from portal.domain.rules.retention import FORESEEN_DAYS, ErasureBlocker, months_before
from portal.domain.rules.status import Status
from portal.domain.tenants import Tenant

_HELD_STATUSES = (Status.ONLINE, Status.ONLINE_ARCHIVED)
_TAKING_OVER = (ImportState.STAGING, ImportState.APPLYING)


def before_which(tenant: Tenant, now: dt.datetime) -> dt.datetime:
    """Whose last activity lies before this is erased."""
    return months_before(now, tenant.protocol_months, tenant.time_zone)


def last_seen_at(tenant_id: int) -> dt.datetime | None:
    """When a full import last said of everybody who has not left that they are there; None where none ever did."""
    return db.session.scalar(
        select(func.max(ImportRun.finished_at)).where(
            ImportRun.tenant_id == tenant_id,
            ImportRun.mode == ImportMode.FULL,
            ImportRun.state == ImportState.DONE,
            ~ImportRun.dry_run,
        )
    )


def inactive(tenant_id: int, before: dt.datetime) -> ColumnElement[bool]:
    """In SQL: participants without activity since `before`, here or in Qualli.life."""
    seen = last_seen_at(tenant_id)
    gone: ColumnElement[bool] = Participant.left_at < before
    if seen is None or seen < before:
        gone = or_(Participant.left_at.is_(None), gone)
    lately = exists().where(ProtocolEntry.participant_id == Participant.id, ProtocolEntry.at >= before)
    return and_(Participant.tenant_id == tenant_id, Participant.changed_at < before, gone, ~lately)


def blockers() -> list[tuple[ErasureBlocker, ColumnElement[bool]]]:
    """What hinders the erasure of a participant, in the order in which it is said."""
    present = select(Registration.id).where(Registration.participant_id == Participant.id)
    in_delivery = (
        select(DeliveryPerson.participant_id)
        .join(Delivery, Delivery.id == DeliveryPerson.delivery_id)
        .where(Delivery.state.in_(UNCOMMITTED))
    )
    in_bulk = (
        select(BulkItem.participant_id)
        .join(BulkRun, BulkRun.id == BulkItem.bulk_id)
        .where(BulkRun.state.in_(UNFINISHED_BULK), BulkItem.outcome.is_(None))
    )
    archiving = or_(Registration.status.in_(_HELD_STATUSES), Registration.waiting_since.is_not(None))
    return [
        (ErasureBlocker.RELEASED, present.where(Registration.released).exists()),
        (ErasureBlocker.IN_DELIVERY, Participant.id.in_(in_delivery)),
        (ErasureBlocker.ANNOUNCED, present.where(Registration.announced).exists()),
        (ErasureBlocker.ARCHIVING, present.where(archiving).exists()),
        (ErasureBlocker.IN_BULK, Participant.id.in_(in_bulk)),
    ]


def is_blocked() -> ColumnElement[bool]:
    return or_(*(condition for _, condition in blockers()))


def find_hindrance(participant_id: int) -> ErasureBlocker | None:
    """What hinders the erasure of one person now."""
    word = db.session.scalar(select(_first_hindrance()).where(Participant.id == participant_id))
    if word is not None:
        return ErasureBlocker(word)
    return ErasureBlocker.IMPORTING if is_importing() else None


def is_importing() -> bool:
    """Return whether an import of the tenant is being taken over."""
    query = select(ImportRun.id).where(ImportRun.state.in_(_TAKING_OVER)).limit(1)
    return db.session.scalar(query) is not None


def _first_hindrance() -> ColumnElement[str | None]:
    return case(*((condition, blocker.value) for blocker, condition in blockers()), else_=None)


@dataclass(frozen=True)
class BlockedErasure:
    """A participant whose retention time is over, and who cannot be erased yet."""

    participant: Participant
    blocker: ErasureBlocker


def list_blocked(tenant: Tenant, now: dt.datetime, after: int | None, limit: int) -> list[BlockedErasure]:
    """A page of those whose time is over and who cannot be erased yet, behind the participant `after`."""
    query = select(Participant, _first_hindrance()).where(
        inactive(tenant.id, before_which(tenant, now)), is_blocked()
    )
    if after is not None:
        query = query.where(Participant.id > after)
    rows = db.session.execute(query.order_by(Participant.id).limit(limit))
    return [BlockedErasure(person, ErasureBlocker(str(word))) for person, word in rows]


def due_ids(tenant: Tenant, now: dt.datetime, limit: int) -> Sequence[int]:
    """Some of those who are to be erased now."""
    query = select(Participant.id).where(inactive(tenant.id, before_which(tenant, now)), ~is_blocked())
    return db.session.scalars(query.order_by(Participant.id).limit(limit)).all()


def count_due_soon(tenant: Tenant, now: dt.datetime) -> int:
    """Return how many will be erased within the next days, if nothing happens to them."""
    then = now + dt.timedelta(days=FORESEEN_DAYS)
    query = select(func.count()).select_from(Participant)
    return db.session.scalar(query.where(inactive(tenant.id, before_which(tenant, then)), ~is_blocked())) or 0


def last_runs(limit: int = 14) -> Sequence[ErasureRun]:
    """What the last nights erased, newest first."""
    return db.session.scalars(select(ErasureRun).order_by(ErasureRun.id.desc()).limit(limit)).all()
