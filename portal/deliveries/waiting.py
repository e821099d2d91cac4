"""Waiting for the answers to a committed delivery, and the end of it where they will not come. Never commits."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, update

from portal.core.database import db
from portal.core.queue import enqueue_after_commit
from portal.deliveries.errors import NotInTrouble
from portal.deliveries.transitions import COMPLETE, move
from portal.domain.actors import SYSTEM
from portal.domain.deliveries import Delivery, DeliveryPerson
from portal.domain.delivery_states import AWAITING, DeliveryProblem
from portal.domain.releases import Event, ProtocolEntry, Registration
from portal.domain.rules.preflight import CONSENT_LOST
from portal.domain.states import ParticipantState
from portal.domain.tenants import Connection
from portal.releases.conditions import has_own_finding
from portal.releases.states import refresh_due


def note_unanswered(delivery: Delivery, now: dt.datetime) -> int:
    """Put unanswered participants into clarification unless a newer delivery names them. Return how many."""
    missing = _note_missing(delivery, now)
    delivery.answered = count_answers(delivery.id)
    return missing


def is_in_trouble(delivery: Delivery) -> bool:
    """Return whether answers are awaited and a problem keeps them from coming."""
    return delivery.state in AWAITING and delivery.problem is not None


def stop_waiting(delivery_id: int, now: dt.datetime) -> Delivery:
    """End the waiting because a person says so; where it was for a delivery in trouble alone.

    Raises Refusal `not-in-trouble`.
    """
    delivery = _in_trouble(delivery_id)
    note_unanswered(delivery, now)
    move(delivery, COMPLETE, now)
    return delivery


def ask_again(delivery_id: int, now: dt.datetime) -> Delivery:
    """Ask at once for the answers to a delivery in trouble. Raises Refusal `not-in-trouble`."""
    delivery = _in_trouble(delivery_id)
    delivery.next_step_at = now
    enqueue_after_commit(Delivery, delivery.id)
    return delivery


def _in_trouble(delivery_id: int) -> Delivery:
    """Return the delivery, locked and fenced off from a worker on it."""
    query = select(Delivery).where(Delivery.id == delivery_id).with_for_update()
    delivery = db.session.scalars(query.execution_options(populate_existing=True)).one()
    if not is_in_trouble(delivery):
        raise NotInTrouble(number=delivery.sequence)
    delivery.fence += 1
    delivery.lease_until = None
    return delivery


def tell_anew(delivery: Delivery, now: dt.datetime) -> None:
    """Announce again what this delivery announced: the network confirmed it and no longer knows it.

    What it did there is unknown. Participants whom it named or withdrew and who got no answer count as held by the
    network in an unknown form. The next delivery is full; those whose consent has ended are withdrawn at once.
    """
    concerned = and_(_without_answer(delivery), Registration.announced_sequence == delivery.sequence)
    refresh_due(delivery.tenant_id, now)
    lost = Registration.participant_id.in_(
        select(ParticipantState.participant_id).where(has_own_finding(CONSENT_LOST))
    )
    db.session.execute(
        update(Registration)
        .where(concerned)
        .values(
            announced=True,
            announced_revision=0,
            announced_digest=None,
            revision=Registration.revision + 1,
            urgent=or_(Registration.urgent, and_(~Registration.released, lost)),
        )
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        update(Connection)
        .where(Connection.id == delivery.connection_id)
        .values(needs_full=True)
        .execution_options(synchronize_session=False)
    )


def is_told_anew(delivery: Delivery) -> bool:
    """Return whether newer committed deliveries cover everyone in this one who got no answer."""
    waiting = select(Registration.id).where(
        _without_answer(delivery), Registration.announced_sequence <= delivery.sequence
    )
    return not db.session.scalar(select(exists(waiting)))


def wake_forgotten(connection_id: int, now: dt.datetime) -> None:
    """Have those looked at again of which the network knows nothing: something newer has been told."""
    db.session.execute(
        update(Delivery)
        .where(
            Delivery.connection_id == connection_id,
            Delivery.state.in_(AWAITING),
            Delivery.problem == DeliveryProblem.FORGOTTEN,
        )
        .values(next_step_at=now)
        .execution_options(synchronize_session=False)
    )


def _unanswered(delivery: Delivery) -> Select[int]:
    return select(DeliveryPerson.participant_id).where(
        DeliveryPerson.delivery_id == delivery.id, DeliveryPerson.outcome.is_(None)
    )


def _without_answer(delivery: Delivery) -> ColumnElement[bool]:
    return and_(
        Registration.connection_id == delivery.connection_id,
        Registration.participant_id.in_(_unanswered(delivery)),
    )


def _note_missing(delivery: Delivery, now: dt.datetime) -> int:
    """Put participants without an answer into clarification unless a newer delivery concerns them. Return how many."""
    rows = db.session.execute(
        update(Registration)
        .where(
            _without_answer(delivery),
            Registration.announced_sequence == delivery.sequence,
            Registration.clarification.is_(None),
        )
        .values(clarification="answer-missing", stuck_since=func.coalesce(Registration.stuck_since, now))
        .returning(Registration.participant_id)
        .execution_options(synchronize_session=False)
    ).all()
    for (participant_id,) in rows:
        db.session.add(
            ProtocolEntry(
                tenant_id=delivery.tenant_id,
                participant_id=participant_id,
                connection_id=delivery.connection_id,
                delivery_id=delivery.id,
                at=now,
                event=Event.ANSWER_MISSING,
                by=SYSTEM.initials,
                data={},
            )
        )
    return len(rows)


def count_answers(delivery_id: int) -> dict[str, int]:
    """Return how many people of a delivery have each answer; `open` without one."""
    rows = db.session.execute(
        select(DeliveryPerson.outcome, func.count())
        .where(DeliveryPerson.delivery_id == delivery_id)
        .group_by(DeliveryPerson.outcome)
    )
    return {outcome or "open": number for outcome, number in rows}
