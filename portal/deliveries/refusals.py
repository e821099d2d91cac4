"""What follows when the network refuses, or when a delivery cannot go on for another reason."""

from __future__ import annotations

import datetime as dt
import gzip
import json

import structlog
from sqlalchemy import select

from portal.core.database import commit, db, utcnow
from portal.core.leases import Lease, renew
from portal.deliveries.attempts import note_failure, problem_of
from portal.deliveries.service import cancel, replan
from portal.domain.actors import SYSTEM
from portal.domain.deliveries import Delivery, DeliveryPerson
from portal.domain.delivery_states import DeliveryProblem, DeliveryState, Trigger
from portal.domain.participants import Participant
from portal.domain.releases import Event, Registration
from portal.domain.tenants import Connection
from portal.networks.protocol.client import NetworkError, Refused, Unauthorised
from portal.releases.service import write_protocol

log = structlog.get_logger()


def explain_refusal(held: Lease[Delivery], error: Refused) -> dt.datetime | None:
    """A 4xx that another attempt would not mend: say why, and do what follows from it."""
    now = utcnow()
    delivery = renew(held, now)
    connection = db.session.get_one(Connection, delivery.connection_id, populate_existing=True)
    last = error.problem.last_sequence
    if last is not None and last > connection.attempted_sequence:
        connection.network_sequence = last
        wait_for_reconciling(delivery, connection, now)
        commit()
        return None
    if error.word == "base-mismatch":
        connection.needs_full = True
        return _rebuild(delivery, DeliveryProblem.BASE_MISMATCH, error, now)
    if is_not_found(error) and delivery.remote_id:  # opened and given up there, so it never counted
        return _rebuild(delivery, DeliveryProblem.REPLACED, error, now)
    if isinstance(error, Unauthorised):
        commit()
        return fail(held, DeliveryProblem.UNAUTHORISED, error)
    end(delivery, DeliveryState.FAILED, problem_of(error), error.problem.title, now)
    note_failure(delivery.connection_id, error, now)
    commit()
    return None


def rebuild(held: Lease[Delivery], error: NetworkError | None = None, remote_id: str | None = None) -> None:
    """Plan anew, under another key, a delivery that the network knows from days that ours does not.

    A restored backup may hold one that was opened since under its key. `remote_id` is what is to be given up there.
    """
    now = utcnow()
    delivery = renew(held, now)
    delivery.remote_id = remote_id or delivery.remote_id
    _rebuild(delivery, DeliveryProblem.REPLACED, error, now)


def is_not_found(error: Refused) -> bool:
    """Whether the network itself says so: any 404 may come from something before it that leads nowhere."""
    return error.http_status == 404 and error.word == "not-found"


def _rebuild(
    delivery: Delivery, problem: DeliveryProblem, error: NetworkError | None, now: dt.datetime
) -> dt.datetime | None:
    """End a delivery that certainly does not count, and plan it anew; the second time in a row with a pause."""
    delivery.commit_attempted_at = None
    db.session.flush()
    cancel(delivery, problem, SYSTEM, now)
    anew = replan(delivery, now)
    before = select(Delivery.problem).where(
        Delivery.connection_id == delivery.connection_id, Delivery.sequence < delivery.sequence
    )
    if error and db.session.scalar(before.order_by(Delivery.sequence.desc()).limit(1)) is problem:
        anew.next_step_at = note_failure(delivery.connection_id, error, now)
    commit()
    return None


def fail(held: Lease[Delivery], problem: DeliveryProblem, error: NetworkError | None) -> dt.datetime | None:
    """End the delivery with an explanation; what it was to tell is told by the next one."""
    now = utcnow()
    delivery = renew(held, now)
    end(delivery, DeliveryState.FAILED, problem, None, now)
    if error:
        note_failure(delivery.connection_id, error, now)
    commit()
    return None


def end(
    delivery: Delivery, state: DeliveryState, problem: DeliveryProblem, detail: str | None, now: dt.datetime
) -> None:
    log.warning("delivery_ended", delivery=delivery.id, state=state.value, problem=problem.value)
    delivery.state = state
    delivery.problem = problem
    delivery.problem_detail = detail
    delivery.outcome_unknown = False
    delivery.ended_at = now


def wait_for_reconciling(delivery: Delivery, connection: Connection, now: dt.datetime) -> None:
    """The network knows deliveries that we do not: everything waits for a person (docs/domain.md#deliveries).

    It has proven that this one does not count: whoever ends the reconciling may give it up.
    """
    log.error("reconcile_needed", connection=connection.id)
    connection.reconcile_since = connection.reconcile_since or now
    delivery.commit_attempted_at, delivery.outcome_unknown = None, False
    connection.probe_at = now  # asks which those are
    hold(delivery, DeliveryProblem.RECONCILE, now)


def hold(delivery: Delivery, problem: DeliveryProblem, now: dt.datetime) -> None:
    """Wait for a person. The caller commits."""
    delivery.state, delivery.problem, delivery.held_at = DeliveryState.HELD, problem, now


def exclude_record(held: Lease[Delivery], content: bytes, line: int, detail: str) -> None:
    """A record that the network refuses becomes a finding of its person; the rest is built again without them."""
    lines = gzip.decompress(content).splitlines()
    record = json.loads(lines[line - 1]) if 0 < line <= len(lines) else {}
    now = utcnow()
    delivery = renew(held, now)
    row = db.session.execute(
        select(Registration, DeliveryPerson.revision)
        .join(Participant, Participant.id == Registration.participant_id)
        .join(
            DeliveryPerson,
            (DeliveryPerson.participant_id == Participant.id) & (DeliveryPerson.delivery_id == delivery.id),
        )
        .where(
            Registration.connection_id == delivery.connection_id,
            Participant.number == record.get("participant_id", ""),
        )
    ).one_or_none()
    if record.get("type") != "participant" or row is None:
        end(
            delivery,
            DeliveryState.FAILED,
            DeliveryProblem.REFUSED_RECORD,
            f"{record.get('type', 'unknown')}: {detail}"[:500],
            now,
        )
        commit()
        return
    registration, revision = row
    registration.refused_revision = revision
    registration.refused_detail = detail[:500]
    write_protocol(
        registration, Event.RECORD_REFUSED, SYSTEM, now, detail=detail[:500], number=delivery.sequence
    )
    cancel(delivery, DeliveryProblem.REFUSED_RECORD, SYSTEM, now)
    if delivery.cause is not Trigger.CONSENT:
        replan(delivery, now)
    commit()
