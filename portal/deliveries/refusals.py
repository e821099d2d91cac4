"""What follows from a refusal of the network: how the delivery goes on, or where it ends. Never commits."""

from __future__ import annotations

import datetime as dt
import gzip
import json

import structlog
from sqlalchemy import Row, select

from portal.core.database import db
from portal.deliveries.outcomes import Stop
from portal.deliveries.pauses import note_failure, problem_of
from portal.deliveries.transitions import DISCARD, FAIL, HOLD
from portal.domain.actors import SYSTEM
from portal.domain.deliveries import Delivery, DeliveryPerson
from portal.domain.delivery_states import DeliveryProblem, Trigger
from portal.domain.participants import Participant
from portal.domain.releases import Event, Registration
from portal.domain.tenants import Connection
from portal.networks.protocol.errors import NetworkError, Refused, Unauthorised
from portal.releases.registrations import write_protocol

log = structlog.get_logger()


def judge_refusal(delivery: Delivery, error: Refused, now: dt.datetime) -> Stop:
    """A 4xx that another attempt would not mend: say why, and do what follows from it."""
    connection = db.session.get_one(Connection, delivery.connection_id, populate_existing=True)
    last = error.problem.last_sequence
    if last is not None and last > connection.attempted_sequence:
        connection.network_sequence = last
        return reconcile(delivery, connection, now)
    if error.word == "base-mismatch":
        connection.needs_full = True
        return rebuild(delivery, now, DeliveryProblem.BASE_MISMATCH, error)
    if is_not_found(error) and delivery.remote_id:  # opened and given up there, so it never counted
        return rebuild(delivery, now, DeliveryProblem.REPLACED, error)
    note_failure(delivery.connection_id, error, now)
    detail = None if isinstance(error, Unauthorised) else error.problem.title
    return Stop(problem_of(error), FAIL, detail)


def rebuild(
    delivery: Delivery, now: dt.datetime, problem: DeliveryProblem, error: NetworkError | None = None
) -> Stop:
    """End a delivery that certainly does not count, and plan it again; the second time in a row after a pause."""
    delivery.commit_attempted_at = None
    before = select(Delivery.problem).where(
        Delivery.connection_id == delivery.connection_id, Delivery.sequence < delivery.sequence
    )
    replan_at = now
    if error and db.session.scalar(before.order_by(Delivery.sequence.desc()).limit(1)) is problem:
        replan_at = note_failure(delivery.connection_id, error, now)
    return Stop(problem, DISCARD, replan_at=replan_at)


def reconcile(delivery: Delivery, connection: Connection, now: dt.datetime) -> Stop:
    """Stop the connection: the network knows deliveries that we do not, and a person must reconcile.

    The network has proven that this commit does not count, so ending the reconciliation may cancel the delivery
    (docs/domain.md#reconciliation).
    """
    log.error("reconcile_needed", connection=connection.id)
    connection.reconcile_since = connection.reconcile_since or now
    connection.probe_at = now  # asks which those are
    delivery.commit_attempted_at, delivery.outcome_unknown = None, False
    return Stop(DeliveryProblem.RECONCILE, HOLD)


def is_not_found(error: Refused) -> bool:
    """Return whether the network itself says so: any 404 may come from something before it that leads nowhere."""
    return error.http_status == 404 and error.word == "not-found"


def exclude_record(delivery: Delivery, content: bytes, line: int, detail: str, now: dt.datetime) -> Stop:
    """A record that the network refuses becomes a finding of its person; the rest is built again without them."""
    lines = gzip.decompress(content).splitlines()
    record = json.loads(lines[line - 1]) if 0 < line <= len(lines) else {}
    found = _find_person(delivery, record.get("participant_id", ""))
    if record.get("type") != "participant" or found is None:
        reason = f"{record.get('type', 'unknown')}: {detail}"[:500]
        return Stop(DeliveryProblem.REFUSED_RECORD, FAIL, reason)
    registration, revision = found
    registration.refused_revision = revision
    registration.refused_detail = detail[:500]
    write_protocol(
        registration, Event.RECORD_REFUSED, SYSTEM, now, detail=detail[:500], number=delivery.sequence
    )
    replan_at = None if delivery.cause is Trigger.CONSENT else now
    return Stop(DeliveryProblem.REFUSED_RECORD, DISCARD, replan_at=replan_at)


def _find_person(delivery: Delivery, number: str) -> Row[Registration, int] | None:
    return db.session.execute(
        select(Registration, DeliveryPerson.revision)
        .join(Participant, Participant.id == Registration.participant_id)
        .join(
            DeliveryPerson,
            (DeliveryPerson.participant_id == Participant.id) & (DeliveryPerson.delivery_id == delivery.id),
        )
        .where(Registration.connection_id == delivery.connection_id, Participant.number == number)
    ).one_or_none()
