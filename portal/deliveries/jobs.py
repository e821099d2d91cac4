"""The steps of a delivery, each resumable from what is in the database (docs/domain.md#deliveries)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import func, or_, select, update

from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.core.db_errors import TRANSIENT_ERRORS, put_off
from portal.core.jobs import Job
from portal.core.leases import Lease, LeaseLost, is_free, take
from portal.core.settings import current_settings
from portal.deliveries.answers import ask
from portal.deliveries.attempts import client_for, longest_pause, probe
from portal.deliveries.braking import ask_brake, refused_among_leavers
from portal.deliveries.building import BuildResult, build_parts
from portal.deliveries.outcomes import Continue, Outcome, RetryAt, Stop, conclude
from portal.deliveries.sending import send
from portal.deliveries.service import replan_superseded
from portal.deliveries.transitions import DISCARD, FREEZE, FREEZE_AND_HOLD, HOLD, move
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import AWAITING, ONLY_WITHDRAWALS, DeliveryProblem, DeliveryState, Mode
from portal.domain.imports import ImportRun, ImportState
from portal.domain.releases import Registration
from portal.domain.rules.preflight import Finding
from portal.domain.tenants import Connection
from portal.networks.protocol.errors import NetworkError
from portal.tenants.context import TenantContext, load_tenant_context

CRASHES = 3
"""After so many claims in a row that ended without a word a delivery is held for a person.

What may count already cannot be held. It gets one more, then a last one, and from then on one an hour, or where a
worker is started.
"""
IMPORT_PAUSE = dt.timedelta(seconds=3)

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


def build(held: Lease[Delivery]) -> Outcome:
    """planned → built or held; or nothing is to be said."""
    with held.step() as delivery:
        now = utcnow()
        if _import_is_applying():
            return conclude(delivery, RetryAt(now + IMPORT_PAUSE), now)
        context = _context(delivery, now)
        problem = _what_forbids(context)
        if problem:
            return conclude(delivery, Stop(problem, DISCARD), now)
    frozen = build_parts(held, context)
    with held.step() as delivery:
        now = utcnow()
        if _says_nothing(frozen):
            outcome = conclude(delivery, Stop(DeliveryProblem.NOTHING_TO_SEND, DISCARD), now)
            replan_superseded(delivery, now)
            return outcome
        delivery.counts = frozen.counts
        return conclude(delivery, _ask_brake(delivery, context, frozen, now), now)


def _ask_brake(delivery: Delivery, context: TenantContext, frozen: BuildResult, now: dt.datetime) -> Outcome:
    braking = ask_brake(context, frozen.counts["unexplained"])
    holds = [hold.value for hold in braking.holds]
    delivery.brake = {"holds": holds, "limit": braking.limit, "orders": list(braking.orders)}
    if holds:
        return Stop(DeliveryProblem.BRAKE, FREEZE_AND_HOLD)
    if refused_among_leavers(delivery.id):
        return Stop(DeliveryProblem.REFUSED_TOLD, FREEZE_AND_HOLD)
    move(delivery, FREEZE, now)
    return Continue()


def _context(delivery: Delivery, now: dt.datetime) -> TenantContext:
    connection = db.session.get_one(Connection, delivery.connection_id, populate_existing=True)
    return load_tenant_context(delivery.tenant_id, now, connection)


def _what_forbids(context: TenantContext) -> DeliveryProblem | None:
    """What forbids the delivery; withdrawals alone need no licence."""
    assert context.uncommitted is not None
    if Finding.NETWORK_CREDENTIALS_MISSING in context.findings:
        return DeliveryProblem.NO_CREDENTIALS
    if context.findings and not _only_withdraws(context):
        return DeliveryProblem.NOT_LICENSED
    return None


def _only_withdraws(context: TenantContext) -> bool:
    delivery = context.uncommitted
    assert delivery is not None
    if delivery.cause in ONLY_WITHDRAWALS:
        return True
    if delivery.mode is Mode.FULL or delivery.selection is None:
        return False
    named = select(func.count()).where(
        Registration.connection_id == delivery.connection_id,
        Registration.participant_id.in_(delivery.selection),
        Registration.released,
    )
    return not db.session.scalar(named)


def _import_is_applying() -> bool:
    applying = select(ImportRun.id).where(ImportRun.state == ImportState.APPLYING).limit(1)
    return db.session.scalar(applying) is not None


def _says_nothing(frozen: BuildResult) -> bool:
    """Return whether a delivery would change nothing. An empty full one still archives those announced."""
    counts = frozen.counts
    return not (counts["participant"] or counts["withdrawal"] or counts["leaving"])


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
