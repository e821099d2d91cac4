"""Leases of deliveries: taken when one is due, given back with the time of the next step."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import update

from portal.core.database import db
from portal.core.leases import Lease, take
from portal.domain.deliveries import Delivery


def acquire(delivery_id: int, now: dt.datetime, lease_seconds: int) -> Lease[Delivery] | None:
    """Take the lease of a delivery that is due; None where it is not, or another process has it."""
    return take(Delivery, delivery_id, now, lease_seconds, Delivery.next_step_at <= now)


def release_lease(held: Lease[Delivery], next_step_at: dt.datetime | None, *, crashes: int = 0) -> None:
    """Give the lease back in order: the next step is at `next_step_at`; None where there is none."""
    db.session.execute(
        update(Delivery)
        .where(Delivery.id == held.row_id, Delivery.fence == held.fence)
        .values(lease_until=None, crashes=crashes, next_step_at=next_step_at)
        .execution_options(synchronize_session=False)
    )
