"""What is to be sent of a delivery, read once before slow calls."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select

from portal.core.database import db
from portal.domain.deliveries import Delivery, DeliveryPart
from portal.domain.delivery_states import Mode
from portal.domain.tenants import Connection


@dataclass(frozen=True)
class SendSnapshot:
    """What is to be sent: plain values, so that the database is free during slow calls."""

    delivery_id: int
    sequence: int
    mode: Mode
    base_sequence: int | None
    idempotency_key: str
    created_at: dt.datetime
    commit_attempted: bool
    token_checked: bool
    """The network has said whose token it is."""
    remote_id: str | None
    counts: dict[str, int]
    parts: tuple[tuple[int, str], ...]
    """Number and digest of each part, in order."""


def take_snapshot(delivery: Delivery, connection: Connection) -> SendSnapshot:
    """Return what is to be sent of a frozen delivery."""
    parts = db.session.execute(
        select(DeliveryPart.number, DeliveryPart.digest)
        .where(DeliveryPart.delivery_id == delivery.id)
        .order_by(DeliveryPart.number)
    )
    kinds = ("mediator", "order", "participant", "withdrawal")
    return SendSnapshot(
        delivery_id=delivery.id,
        sequence=delivery.sequence,
        mode=delivery.mode,
        base_sequence=delivery.base_sequence,
        idempotency_key=delivery.idempotency_key,
        created_at=delivery.created_at,
        commit_attempted=delivery.commit_attempted_at is not None,
        token_checked=connection.checked_at is not None and connection.account_doubt is None,
        remote_id=delivery.remote_id,
        counts={kind: delivery.counts.get(kind, 0) for kind in kinds},
        parts=tuple((row.number, row.digest) for row in parts),
    )
