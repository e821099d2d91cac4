"""The removal brake's facts, read for one delivery (docs/domain.md#removal-brake)."""

from __future__ import annotations

import hashlib
import json

from sqlalchemy import Result, func, select

from portal.core.database import db, utcnow
from portal.deliveries.leavers import announced, unexplained_before
from portal.domain.deliveries import Delivery, DeliveryPerson
from portal.domain.delivery_states import ONLY_WITHDRAWALS, ChangeKind
from portal.domain.participants import Participant
from portal.domain.releases import Registration
from portal.domain.rules.brake import Braking, Leaving, Limits, brake
from portal.domain.rules.preflight import Finding
from portal.tenants.context import TenantContext


def ask_brake(context: TenantContext, unexplained: int) -> Braking:
    """What the brake says of a frozen delivery of which `unexplained` people leave unexplained."""
    delivery, connection, tenant = context.uncommitted, context.connection, context.tenant
    assert delivery is not None and connection is not None
    if delivery.cause in ONLY_WITHDRAWALS:
        return Braking((), 0)
    measured = announced(connection.id)
    leaving = (
        select(func.count())
        .select_from(DeliveryPerson)
        .where(DeliveryPerson.delivery_id == delivery.id, DeliveryPerson.novelty == ChangeKind.LEAVING)
    )
    archived = leaving.join(
        Registration,
        (Registration.participant_id == DeliveryPerson.participant_id)
        & (Registration.connection_id == connection.id),
    ).where(Registration.archived)
    gone = (db.session.scalar(leaving) or 0) - (db.session.scalar(archived) or 0)
    return brake(
        Leaving(
            announced=db.session.scalar(select(func.count()).select_from(Registration).where(*measured)) or 0,
            explained=gone - unexplained,
            unexplained=unexplained,
            unexplained_before=unexplained_before(connection.id, tenant, utcnow()),
            orders=_orders_leaving(delivery.id, connection.id),
        ),
        Limits(tenant.brake_minimum, tenant.brake_percent, tenant.brake_order_minimum),
    )


def _orders_leaving(delivery_id: int, connection_id: int) -> dict[int, tuple[int, int]]:
    """By order with unexplained leavers: how many of it were told, how many of those leave unexplained."""
    gone = _pairs(
        db.session.execute(
            select(DeliveryPerson.order_id, func.count())
            .where(
                DeliveryPerson.delivery_id == delivery_id,
                DeliveryPerson.novelty == ChangeKind.LEAVING,
                ~DeliveryPerson.explained,
                DeliveryPerson.order_id.is_not(None),
            )
            .group_by(DeliveryPerson.order_id)
        )
    )
    were_told = _pairs(
        db.session.execute(
            select(Registration.announced_order_id, func.count())
            .where(*announced(connection_id), Registration.announced_order_id.in_(gone))
            .group_by(Registration.announced_order_id)
        )
    )
    return {order: (were_told.get(order, 0), number) for order, number in gone.items()}


def _pairs(rows: Result[int | None, int]) -> dict[int, int]:
    return {order: number for order, number in rows if order is not None}


def refused_among_leavers(delivery_id: int) -> bool:
    """Return whether leaving out a refused record would archive a participant (docs/domain.md#deliveries)."""
    rows = db.session.scalars(
        select(DeliveryPerson.findings).where(
            DeliveryPerson.delivery_id == delivery_id,
            DeliveryPerson.novelty == ChangeKind.LEAVING,
            ~DeliveryPerson.explained,
        )
    )
    return any(Finding.REFUSED_RECORD.value in (findings or ()) for findings in rows)


def shown_digest(delivery: Delivery) -> str:
    """Of exactly what a person sees of a held delivery: who leaves, and why. Letting go names it."""
    digest = hashlib.sha256(f"{delivery.id}".encode())
    rows = db.session.execute(
        select(Participant.number, DeliveryPerson.explained, DeliveryPerson.findings)
        .join(Participant, Participant.id == DeliveryPerson.participant_id)
        .where(DeliveryPerson.delivery_id == delivery.id, DeliveryPerson.novelty == ChangeKind.LEAVING)
        .order_by(DeliveryPerson.id)
        .execution_options(yield_per=1000)
    )
    for row in rows:
        digest.update(json.dumps(list(row)).encode())
    return digest.hexdigest()
