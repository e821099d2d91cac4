"""Apply a receipt: one transaction of set-based statements, however many people a delivery has."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, ColumnElement, and_, case, func, insert, literal, select, update

from portal.core.database import db
from portal.deliveries.transitions import COMMIT, move
from portal.deliveries.waiting import wake_forgotten
from portal.domain.actors import SYSTEM
from portal.domain.deliveries import Delivery, DeliveryPerson
from portal.domain.delivery_states import ChangeKind, Inclusion
from portal.domain.releases import Event, ProtocolEntry, Registration
from portal.domain.rules.preflight import CONSENT_LOST
from portal.domain.rules.status import NetworkState, Status, after_archiving_receipt
from portal.domain.states import ParticipantState
from portal.domain.tenants import Connection
from portal.networks.protocol.contract import Receipt
from portal.releases.conditions import has_own_finding
from portal.releases.states import refresh_due


def apply_receipt(delivery: Delivery, receipt: Receipt, now: dt.datetime) -> None:
    """Store the receipt, and what it means for everybody in the delivery. The caller holds the claim and commits."""
    _tell_protocol(delivery, now)
    _archive(delivery)
    _note_told(delivery, now)
    _mark_urgent(delivery, now)
    db.session.execute(
        update(Connection)
        .where(Connection.id == delivery.connection_id)
        .values(
            committed_sequence=delivery.sequence,
            **({"needs_full": False, "holdings_known": True} if delivery.mode == "full" else {}),
        )
        .execution_options(synchronize_session=False)
    )
    wake_forgotten(delivery.connection_id, now)
    move(delivery, COMMIT, now, receipt_id=receipt.receipt_id)


def _in_delivery(delivery: Delivery, *parts: Inclusion) -> ColumnElement[bool]:
    chosen = select(DeliveryPerson.participant_id).where(
        DeliveryPerson.delivery_id == delivery.id, DeliveryPerson.part.in_(parts)
    )
    return and_(Registration.connection_id == delivery.connection_id, Registration.participant_id.in_(chosen))


def _from_row(delivery: Delivery, column: Any) -> Any:
    """Return the value of the delivery's row about the person of a registration."""
    return (
        select(column)
        .where(
            DeliveryPerson.delivery_id == delivery.id,
            DeliveryPerson.participant_id == Registration.participant_id,
        )
        .scalar_subquery()
    )


def _note_told(delivery: Delivery, now: dt.datetime) -> None:
    """Store what was announced to the network about each participant."""
    row: dict[str, Any] = {
        "announced_sequence": delivery.sequence,
        "announced_at": now,
        "announced_revision": _from_row(delivery, DeliveryPerson.revision),
        "announced_digest": _from_row(delivery, DeliveryPerson.digest),
        "announced_mediator_id": _from_row(delivery, DeliveryPerson.mediator_id),
        "announced_order_id": _from_row(delivery, DeliveryPerson.order_id),
        "waiting_since": func.coalesce(Registration.waiting_since, now),
    }
    for announced, parts in ((True, (Inclusion.NAMED,)), (False, (Inclusion.WITHDRAWN, Inclusion.OMITTED))):
        urgent = {} if announced else {"urgent": False}
        db.session.execute(
            update(Registration)
            .where(_in_delivery(delivery, *parts))
            .values(announced=announced, **urgent, **row)
            .execution_options(synchronize_session=False)
        )


def _mark_urgent(delivery: Delivery, now: dt.datetime) -> None:
    """Mark participants who lost consent while the outcome was unknown, so that they are withdrawn at once."""
    refresh_due(delivery.tenant_id, now)
    lost = select(ParticipantState.participant_id).where(has_own_finding(CONSENT_LOST))
    db.session.execute(
        update(Registration)
        .where(
            _in_delivery(delivery, Inclusion.NAMED),
            ~Registration.released,
            Registration.participant_id.in_(lost),
        )
        .values(urgent=True)
        .execution_options(synchronize_session=False)
    )


def _archive(delivery: Delivery) -> None:
    """The status of those whom the delivery archives; what `status.after_archiving_receipt` says, as a set."""
    sequence = delivery.sequence
    moved = case(
        *(
            (Registration.status == status, literal(after.status, type_=Registration.status.type))
            for status in Status
            if (after := after_archiving_receipt(NetworkState(status), sequence)).status is not status
        ),
        else_=Registration.status,
    )
    db.session.execute(
        update(Registration)
        .where(
            _in_delivery(delivery, Inclusion.WITHDRAWN, Inclusion.OMITTED),
            Registration.applied_sequence <= sequence,
        )
        .values(status=moved, applied_sequence=sequence)
        .execution_options(synchronize_session=False)
    )


def _tell_protocol(delivery: Delivery, now: dt.datetime) -> None:
    """Write protocol entries for new, changed and archived participants; unchanged ones get none."""
    for novelty in (ChangeKind.NEW, ChangeKind.CHANGED):
        _insert_entries(delivery, now, Event.SENT, novelty, {"novelty": novelty.value})
    for status in Status:
        after = after_archiving_receipt(NetworkState(status), delivery.sequence).status
        data = {"from": status.value, "to": after.value} if after is not status else {}
        _insert_entries(
            delivery, now, Event.SENT_WITHDRAWAL, ChangeKind.LEAVING, data, Registration.status == status
        )


def _insert_entries(
    delivery: Delivery,
    now: dt.datetime,
    event: Event,
    novelty: ChangeKind,
    data: dict[str, str],
    *conditions: ColumnElement[bool],
) -> None:
    theirs = and_(
        Registration.participant_id == DeliveryPerson.participant_id,
        Registration.connection_id == delivery.connection_id,
    )
    values: dict[str, Any] = {
        "tenant_id": literal(delivery.tenant_id),
        "participant_id": DeliveryPerson.participant_id,
        "connection_id": literal(delivery.connection_id),
        "delivery_id": literal(delivery.id),
        "at": literal(now, type_=ProtocolEntry.at.type),
        "event": literal(event, type_=ProtocolEntry.event.type),
        "by": literal(SYSTEM.initials),
        "data": literal(data, type_=JSON()),
    }
    rows = (
        select(*values.values())
        .join(Registration, theirs)
        .where(DeliveryPerson.delivery_id == delivery.id, DeliveryPerson.novelty == novelty, *conditions)
        .order_by(DeliveryPerson.id)
    )
    db.session.execute(insert(ProtocolEntry).from_select(list(values), rows))
