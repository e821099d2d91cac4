"""The steps of a delivery, each resumable from what is in the database (docs/domain.md#deliveries)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import or_, select, update

from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.core.db_errors import TRANSIENT_ERRORS, put_off
from portal.core.jobs import Job
from portal.core.leases import Lease, LeaseLost, is_free, take
from portal.core.settings import current_settings
from portal.deliveries.answers import ask
from portal.deliveries.attempts import client_for, probe
from portal.deliveries.build_step import build
from portal.deliveries.outcomes import Continue, Outcome, RetryAt, Stop, conclude
from portal.deliveries.pauses import longest_pause
from portal.deliveries.sending import send
from portal.deliveries.transitions import HOLD
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import AWAITING, DeliveryProblem, DeliveryState
from portal.domain.tenants import Connection
from portal.networks.protocol.errors import NetworkError

CRASHES = 3
"""After so many claims in a row that ended without a word a delivery is held for a person.

What may count already cannot be held. It gets one more, then a last one, and from then on one an hour, or where a
worker is started.
"""

log = structlog.get_logger()

Step = Callable[[Lease[Delivery]], Outcome]
"""Works on a delivery, and writes down what that came to (`outcomes.conclude`)."""


def acquire(delivery_id: int, now: dt.datetime, lease_seconds: int) -> Lease[Delivery] | None:
    """Take the lease of a delivery that is due; None where it is not, or another process has it."""
    return take(Delivery, delivery_id, now, lease_seconds, Delivery.next_step_at <= now)


def run_delivery(delivery_id: int) -> None:
    """Do what is due of a delivery until it has to wait. Harmless when run twice, or at the same time."""
    scope_to(EVERY_TENANT)
    held = acquire(delivery_id, utcnow(), current_settings().lease_seconds)
    if held is not None:
        scope_to(held.tenant_id)
    commit()
    if held is None:
        return
    try:
        while isinstance(_do_step(held), Continue):
            pass
    except LeaseLost:
        log.info("claim_lost", delivery=delivery_id, fence=held.fence)
    except TRANSIENT_ERRORS as error:
        put_off(held, error)


def _do_step(held: Lease[Delivery]) -> Outcome:
    with held.step() as delivery:
        now = utcnow()
        step = STEPS.get(delivery.state)
        if step is None:  # it ended, or is held, and a crash left it due
            return conclude(delivery, Stop(), now)
        instead = _crashed_too_often(delivery, now) or _ordered_pause(delivery)
        if instead:
            return conclude(delivery, instead, now)
    return step(held)


def _ordered_pause(delivery: Delivery) -> RetryAt | None:
    """Until when the network wants to be left alone (Retry-After): jobs that were enqueued meanwhile wait, too."""
    if delivery.state is DeliveryState.PLANNED:  # building needs no network
        return None
    until = db.session.scalar(
        select(Connection.paused_until).where(
            Connection.id == delivery.connection_id,
            Connection.pause_is_ordered,
            Connection.paused_until > utcnow(),
        )
    )
    return RetryAt(until) if until else None


def _crashed_too_often(delivery: Delivery, now: dt.datetime) -> Outcome | None:
    """Hold what kills its job every time; what may count already is tried ever more rarely instead.

    That one is marked, and tried for the last time before the next pause.
    """
    may_count = delivery.commit_attempted_at is not None and delivery.state is not DeliveryState.DISCARDED
    if delivery.crashes <= (CRASHES + 1 if may_count else CRASHES):
        return None
    if may_count and delivery.problem is not DeliveryProblem.CRASHED:
        delivery.problem = DeliveryProblem.CRASHED
        return None
    log.error("crashed_too_often", delivery=delivery.id, state=delivery.state.value)
    if may_count or delivery.state is DeliveryState.DISCARDED:
        return RetryAt(now + longest_pause(), crashes=CRASHES if may_count else 0)
    return Stop(DeliveryProblem.CRASHED, HOLD)


def try_again_what_crashed(now: dt.datetime) -> None:
    """Have what may count already, and killed its jobs, tried once more at once by a worker that was just started."""
    scope_to(EVERY_TENANT)
    db.session.execute(
        update(Delivery)
        .where(
            Delivery.problem == DeliveryProblem.CRASHED,
            Delivery.state.in_([DeliveryState.SENDING, *AWAITING]),
            Delivery.crashes == CRASHES,
            Delivery.lease_until.is_(None),
            Delivery.next_step_at > now,
        )
        .values(next_step_at=now)
        .execution_options(synchronize_session=False)
    )
    commit()


def abandon(held: Lease[Delivery]) -> Outcome:
    """Give up at the network what was opened there and never committed. Best effort: it has no effect anyway."""
    with held.step() as delivery:
        connection = db.session.get_one(Connection, delivery.connection_id)
        remote_id = delivery.remote_id
        if remote_id is None or connection.token_encrypted is None:
            return conclude(delivery, Stop(), utcnow())
        client = client_for(connection, delivery.id)
    with client:
        try:
            client.abandon_delivery(remote_id)
        except NetworkError as error:
            log.info("abandon_failed", delivery=held.row_id, problem=error.word)
    with held.step() as delivery:
        return conclude(delivery, Stop(), utcnow())


STEPS: dict[DeliveryState, Step] = {
    DeliveryState.PLANNED: build,
    DeliveryState.BUILT: send,
    DeliveryState.SENDING: send,
    DeliveryState.DISCARDED: abandon,
    **dict.fromkeys(AWAITING, ask),
}


def due_deliveries(now: dt.datetime, limit: int) -> Sequence[int]:
    """Return the deliveries whose next step is due, the longest first; none of a paused connection."""
    query = (
        select(Delivery.id)
        .join(Connection, Connection.id == Delivery.connection_id)
        .where(
            Delivery.next_step_at <= now,
            is_free(Delivery, now),
            or_(Connection.paused_until.is_(None), Connection.paused_until <= now),
        )
    )
    return db.session.scalars(query.order_by(Delivery.next_step_at).limit(limit)).all()


def due_probes(now: dt.datetime, limit: int) -> Sequence[int]:
    """Return the connections whose network is to be asked whether it is back."""
    query = select(Connection.id).where(Connection.probe_at <= now, Connection.token_encrypted.is_not(None))
    return db.session.scalars(query.limit(limit)).all()


JOBS = (Job(Delivery, due_deliveries, run_delivery), Job(Connection, due_probes, probe))
