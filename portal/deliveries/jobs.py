"""The steps of a delivery, each resumable from what is in the database (docs/domain.md#deliveries)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial

import structlog
from sqlalchemy import func, select, update

from portal.core.database import EVERY_TENANT, commit, db, rollback, scope_to, utcnow
from portal.core.db_errors import TRANSIENT_ERRORS, put_off_claim
from portal.core.leases import Lease, LeaseLost, defer, renew
from portal.core.queue import SEND_DELIVERY, enqueue_after_commit
from portal.core.settings import current_settings
from portal.deliveries.answers import ask
from portal.deliveries.braking import ask_brake, refused_among_leavers, shown_digest
from portal.deliveries.building import BuildResult, build_parts, finish
from portal.deliveries.leases import acquire, release_lease
from portal.deliveries.permission import abandon
from portal.deliveries.refusals import hold
from portal.deliveries.sending import replan_superseded, send
from portal.deliveries.service import cancel
from portal.domain.actors import SYSTEM
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import (
    AWAITING,
    ONLY_WITHDRAWALS,
    DeliveryProblem,
    DeliveryState,
    Mode,
)
from portal.domain.imports import ImportRun, ImportState
from portal.domain.releases import Registration
from portal.domain.rules.preflight import Finding
from portal.domain.tenants import Connection
from portal.tenants.context import TenantContext, load_tenant_context

CRASHES = 3
"""After so many claims in a row that ended without a word a delivery is held for a person.

What may count already cannot be held. It gets one more, then a last one, and from then on one an hour, or where a
worker is started.
"""
IMPORT_PAUSE = dt.timedelta(seconds=3)

log = structlog.get_logger()

Step = Callable[[Lease[Delivery]], dt.datetime | None]
"""Works on a claimed delivery; gives when to go on, None for never. Due at once where that is not later than now."""


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
        _work(held)
    except LeaseLost:
        rollback()
        log.info("claim_lost", delivery=delivery_id, fence=held.fence)
    except TRANSIENT_ERRORS as error:
        put_off_claim(partial(defer, held), error)


def _work(held: Lease[Delivery]) -> None:
    while True:
        delivery = renew(held, utcnow())
        state = delivery.state
        if _crashes_too_often(delivery):
            _stop_after_crashes(held, delivery)
            return
        until = None if state is DeliveryState.PLANNED else _ordered_pause(delivery.connection_id)
        commit()
        step = STEPS.get(state)
        next_step_at = until or (step(held) if step else None)
        due = next_step_at is not None and next_step_at <= utcnow()
        if not due or state in AWAITING:
            release_lease(held, next_step_at)
            if due:  # behind whatever waits: a page of answers is a turn, and other tenants have theirs
                enqueue_after_commit(SEND_DELIVERY, held.row_id)
            commit()
            return


def _ordered_pause(connection_id: int) -> dt.datetime | None:
    """Until when the network wants to be left alone (Retry-After): jobs that were enqueued meanwhile wait, too."""
    return db.session.scalar(
        select(Connection.paused_until).where(
            Connection.id == connection_id, Connection.pause_is_ordered, Connection.paused_until > utcnow()
        )
    )


def _crashes_too_often(delivery: Delivery) -> bool:
    """Whether it is not to be tried now; marks what may count already and is tried for the last time."""
    if not _may_count(delivery):
        return delivery.crashes > CRASHES
    if delivery.crashes <= CRASHES + 1:
        return False
    marked = delivery.problem is DeliveryProblem.CRASHED
    delivery.problem = DeliveryProblem.CRASHED
    return marked


def _may_count(delivery: Delivery) -> bool:
    return delivery.commit_attempted_at is not None and delivery.state is not DeliveryState.DISCARDED


def _stop_after_crashes(held: Lease[Delivery], delivery: Delivery) -> None:
    """Hold what kills its job every time; what may count already is tried ever more rarely instead."""
    now = utcnow()
    log.error("crashed_too_often", delivery=delivery.id, state=delivery.state.value)
    if _may_count(delivery) or delivery.state is DeliveryState.DISCARDED:
        until = now + dt.timedelta(seconds=current_settings().retry_seconds[-1])
        release_lease(held, until, crashes=CRASHES if _may_count(delivery) else 0)
    else:
        hold(delivery, DeliveryProblem.CRASHED, now)
        delivery.shown_digest = shown_digest(delivery)
        release_lease(held, None)
    commit()


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


def build(held: Lease[Delivery]) -> dt.datetime | None:
    """planned → built or held; or nothing is to be said."""
    now = utcnow()
    delivery = renew(held, now)
    if _import_is_applying():
        commit()
        return now + IMPORT_PAUSE
    view = _view(delivery, now)
    problem = _what_forbids(view)
    if problem:
        cancel(delivery, problem, SYSTEM, now)
        commit()
        return None
    commit()
    frozen = build_parts(held, view)
    if _says_nothing(frozen):
        delivery = renew(held, utcnow())
        cancel(delivery, DeliveryProblem.NOTHING_TO_SEND, SYSTEM, utcnow())
        replan_superseded(delivery, utcnow())
        commit()
        return None
    return _after_freezing(held, view, frozen)


def _after_freezing(held: Lease[Delivery], view: TenantContext, frozen: BuildResult) -> dt.datetime | None:
    now = utcnow()
    braking = ask_brake(view, frozen.counts["unexplained"])
    refused = refused_among_leavers(held.row_id)
    commit()
    found = {
        "holds": [hold.value for hold in braking.holds],
        "limit": braking.limit,
        "orders": list(braking.orders),
    }
    if not braking.holds and not refused:
        finish(held, frozen, state=DeliveryState.BUILT, built_at=now, brake=found)
        return now
    problem = DeliveryProblem.BRAKE if braking.holds else DeliveryProblem.REFUSED_TOLD
    digest = shown_digest(db.session.get_one(Delivery, held.row_id))
    commit()
    finish(
        held,
        frozen,
        state=DeliveryState.HELD,
        built_at=now,
        held_at=now,
        problem=problem,
        brake=found,
        shown_digest=digest,
    )
    log.warning("delivery_held", delivery=held.row_id, problem=problem.value, holds=found["holds"])
    return None


def _view(delivery: Delivery, now: dt.datetime) -> TenantContext:
    connection = db.session.get_one(Connection, delivery.connection_id, populate_existing=True)
    return load_tenant_context(delivery.tenant_id, now, connection)


def _what_forbids(view: TenantContext) -> DeliveryProblem | None:
    """What forbids the delivery; withdrawals alone need no licence."""
    assert view.uncommitted is not None
    if Finding.NETWORK_CREDENTIALS_MISSING in view.findings:
        return DeliveryProblem.NO_CREDENTIALS
    if view.findings and not _only_withdraws(view):
        return DeliveryProblem.NOT_LICENSED
    return None


def _only_withdraws(view: TenantContext) -> bool:
    delivery = view.uncommitted
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
    """A delta that names nobody says nothing; a full one without anybody still archives those told."""
    counts = frozen.counts
    return not (counts["participant"] or counts["withdrawal"] or counts["leaving"])


STEPS: dict[DeliveryState, Step] = {
    DeliveryState.PLANNED: build,
    DeliveryState.BUILT: send,
    DeliveryState.SENDING: send,
    DeliveryState.DISCARDED: abandon,
    **dict.fromkeys(AWAITING, ask),
}
