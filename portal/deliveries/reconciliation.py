"""After a loss on our side: the deliveries that only the network knows are taken up and their answers read again.

Source: docs/domain.md#reconciliation. They become rows like our own, without parts; their answers are applied in their
order, as any others. Everything else waits until a person has settled it (portal.deliveries.reconciling).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

import structlog
from sqlalchemy import func, select

from portal.core.database import db
from portal.core.queue import enqueue_after_commit
from portal.core.settings import current_settings
from portal.deliveries.reconciling import has_found
from portal.deliveries.service import cancel, replan
from portal.domain.actors import SYSTEM
from portal.domain.deliveries import Delivery, DeliveryMediator, DeliveryPerson
from portal.domain.delivery_states import ChangeKind, DeliveryProblem, DeliveryState, Inclusion, Mode, Trigger
from portal.domain.participants import Mediator, Participant
from portal.domain.releases import EndCause, Registration
from portal.domain.rules.status import Outcome, Reason
from portal.domain.tenants import Connection
from portal.networks.protocol.contract import Acknowledgement, RemoteDelivery
from portal.releases.registrations import ensure_registration
from portal.releases.service import end_release
from portal.tenants.context import find_uncommitted

ALARMS_WITHIN = dt.timedelta(days=1)

log = structlog.get_logger()


def take_up(connection: Connection, remote: Sequence[RemoteDelivery], now: dt.datetime) -> None:
    """Make rows of the committed deliveries that we do not know, and hold everything. The caller commits.

    `connection` is locked and freshly read. Doing it again with the same deliveries changes nothing.
    """
    unknown = [it for it in remote if it.sequence > connection.attempted_sequence and it.state != "open"]
    if not unknown:
        return
    connection.reconcile_since = connection.reconcile_since or now
    uncommitted = find_uncommitted(connection.id)
    if uncommitted is not None:
        if uncommitted.remote_id in {it.delivery_id for it in unknown}:
            uncommitted.remote_id = None  # it counts by now, and so there is nothing to be given up there
            db.session.flush()
        cancel(uncommitted, DeliveryProblem.RECONCILE, SYSTEM, now)
    newest = max(it.sequence for it in unknown)
    _make_room(connection, {it.sequence for it in unknown}, newest)
    for it in sorted(unknown, key=lambda it: it.sequence):
        row = _row(connection, it, now)
        db.session.add(row)
        db.session.flush()
        enqueue_after_commit(Delivery, row.id)
    connection.attempted_sequence = connection.committed_sequence = newest
    log.warning("deliveries_taken_up", connection=connection.id, number=len(unknown))


def look_whether_it_fits(connection: Connection, now: dt.datetime) -> None:
    """End a reconciling that a wrong number of the network began; ask on while it names more than it lists.

    `connection` is locked and freshly read. The caller commits.
    """
    if connection.reconcile_since is None:
        return
    if connection.network_sequence > connection.attempted_sequence:
        connection.probe_at = now + dt.timedelta(seconds=current_settings().probe_seconds)
    elif not has_found(connection):
        log.warning("reconcile_ended", connection=connection.id)
        connection.reconcile_since = None
        _begin_anew(connection, now)


def _begin_anew(connection: Connection, now: dt.datetime) -> None:
    """Plan the held delivery again; the more often that happened recently, the later."""
    held = find_uncommitted(connection.id)
    if (
        held is None
        or held.problem is not DeliveryProblem.RECONCILE
        or not cancel(held, held.problem, SYSTEM, now)
    ):
        return
    alarms = select(func.count()).where(
        Delivery.connection_id == connection.id,
        Delivery.state == DeliveryState.DISCARDED,
        Delivery.problem == DeliveryProblem.RECONCILE,
        Delivery.ended_at > now - ALARMS_WITHIN,
    )
    pauses = current_settings().retry_seconds
    pause = pauses[min(db.session.scalar(alarms) or 1, len(pauses)) - 1]
    replan(held, now).next_step_at = now + dt.timedelta(seconds=pause)


def _make_room(connection: Connection, sequences: set[int], newest: int) -> None:
    """Our own with these numbers never counted: they get others, above all that the network knows."""
    connection.last_sequence = max(connection.last_sequence, newest)
    own = select(Delivery).where(Delivery.connection_id == connection.id, Delivery.sequence.in_(sequences))
    for delivery in db.session.scalars(own.order_by(Delivery.sequence)):
        connection.last_sequence += 1
        delivery.sequence = connection.last_sequence
    db.session.flush()


def _row(connection: Connection, remote: RemoteDelivery, now: dt.datetime) -> Delivery:
    return Delivery(
        tenant_id=connection.tenant_id,
        connection_id=connection.id,
        sequence=remote.sequence,
        mode=Mode(remote.mode),
        cause=Trigger.FOUND,
        started_by=SYSTEM.initials,
        state=DeliveryState.COMMITTED,
        idempotency_key=str(uuid.uuid4()),
        remote_id=remote.delivery_id,
        created_at=now,
        commit_attempted_at=now,
        committed_at=now,
        next_step_at=now,
        counts={},
        answered={},
    )


def name_answered(delivery: Delivery, items: Sequence[Acknowledgement]) -> None:
    """Add the participants of its answers to a found delivery: no more is known of who was in it."""
    answers = {item.id: item for item in items if item.subject == "participant"}
    known = select(DeliveryPerson.participant_id).where(DeliveryPerson.delivery_id == delivery.id)
    connection = db.session.get_one(Connection, delivery.connection_id)
    missing = select(Participant).where(Participant.number.in_(answers), Participant.id.not_in(known))
    for person in db.session.scalars(missing):
        ensure_registration(connection, person)
        db.session.add(_person(delivery, person, answers[person.number]))
    numbers = [item.id for item in items if item.subject == "mediator"]
    named = select(DeliveryMediator.mediator_id).where(DeliveryMediator.delivery_id == delivery.id)
    for mediator in db.session.scalars(
        select(Mediator).where(Mediator.number.in_(numbers), Mediator.id.not_in(named))
    ):
        db.session.add(
            DeliveryMediator(tenant_id=delivery.tenant_id, delivery_id=delivery.id, mediator_id=mediator.id)
        )
    db.session.flush()


def _person(delivery: Delivery, person: Participant, answer: Acknowledgement) -> DeliveryPerson:
    leaving = _is_withdrawn(answer.outcome, answer.reason)
    gone = Inclusion.OMITTED if delivery.mode is Mode.FULL else Inclusion.WITHDRAWN
    return DeliveryPerson(
        tenant_id=delivery.tenant_id,
        delivery_id=delivery.id,
        participant_id=person.id,
        part=gone if leaving else Inclusion.NAMED,
        novelty=ChangeKind.LEAVING if leaving else ChangeKind.CHANGED,
    )


def note_told(
    delivery: Delivery, registration: Registration, outcome: str, reason: str | None, now: dt.datetime
) -> None:
    """What an answer to a delivery taken up proves that the network was told; who was withdrawn counts as revoked."""
    if delivery.sequence < registration.announced_sequence:
        return
    withdrawn = _is_withdrawn(outcome, reason)
    registration.announced, registration.announced_sequence, registration.announced_at = (
        not withdrawn,
        delivery.sequence,
        now,
    )
    # what exactly was announced is lost: the next delivery announces everything again
    registration.announced_revision, registration.announced_digest, registration.revision = (
        0,
        None,
        registration.revision + 1,
    )
    registration.urgent = registration.urgent and not withdrawn
    db.session.flush()
    if withdrawn and registration.released:
        end_release(registration, EndCause.RECONCILED, SYSTEM, now)


def _is_withdrawn(outcome: str, reason: str | None) -> bool:
    return outcome == Outcome.ARCHIVED and reason == Reason.WITHDRAWN
