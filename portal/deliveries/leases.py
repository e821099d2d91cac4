"""Leases of deliveries: who may work on one, and how long. A write without the current fence changes nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import or_, select, update
from sqlalchemy.engine import CursorResult

from portal.core.database import db
from portal.domain.deliveries import Delivery


class LeaseLost(Exception):
    """Somebody else has the delivery now: whoever gets this stops at once, having written nothing."""


@dataclass(frozen=True)
class Lease:
    """The right to write a delivery: its fencing number is the newest."""

    delivery_id: int
    tenant_id: int
    fence: int
    lease_seconds: int


def acquire(delivery_id: int, now: dt.datetime, lease_seconds: int) -> Lease | None:
    """Claim a delivery that is due; None where it is not, or somebody has it. Commit right after."""
    taken = db.session.execute(
        update(Delivery)
        .where(
            Delivery.id == delivery_id,
            Delivery.next_step_at <= now,
            or_(Delivery.lease_until.is_(None), Delivery.lease_until < now),
        )
        .values(
            fence=Delivery.fence + 1,
            lease_until=now + dt.timedelta(seconds=lease_seconds),
            crashes=Delivery.crashes + 1,  # taken back by whoever lets go of the claim in order
        )
        .returning(Delivery.tenant_id, Delivery.fence)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return Lease(delivery_id, taken.tenant_id, taken.fence, lease_seconds) if taken else None


def renew(held: Lease, now: dt.datetime) -> Delivery:
    """Renew the lease and return the delivery, freshly read; LeaseLost where another process has it.

    First statement of every transaction that writes: on PostgreSQL the row stays locked until its end, on SQLite the
    whole database is, so that nobody can take the claim in between.
    """
    result = db.session.execute(
        update(Delivery)
        .where(Delivery.id == held.delivery_id, Delivery.fence == held.fence)
        .values(lease_until=now + dt.timedelta(seconds=held.lease_seconds))
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    if not result.rowcount:
        raise LeaseLost
    return db.session.scalars(
        select(Delivery).where(Delivery.id == held.delivery_id).execution_options(populate_existing=True)
    ).one()


def defer(held: Lease, until: dt.datetime) -> None:
    """Give the claim back because the database hindered the work: that is no crash, and it goes on at `until`."""
    db.session.execute(
        update(Delivery)
        .where(Delivery.id == held.delivery_id, Delivery.fence == held.fence, Delivery.crashes > 0)
        .values(lease_until=until, crashes=Delivery.crashes - 1)
        .execution_options(synchronize_session=False)
    )


def release_lease(held: Lease, next_step_at: dt.datetime | None, *, crashes: int = 0) -> None:
    """Give the claim back in order: somebody goes on at `next_step_at`, nobody where it is None."""
    db.session.execute(
        update(Delivery)
        .where(Delivery.id == held.delivery_id, Delivery.fence == held.fence)
        .values(lease_until=None, crashes=crashes, next_step_at=next_step_at)
        .execution_options(synchronize_session=False)
    )
