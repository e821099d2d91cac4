"""The step that builds a planned delivery, resumable from what is in the database (docs/domain.md#deliveries)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select

from portal.core.database import db, utcnow
from portal.core.leases import Lease
from portal.deliveries.braking import ask_brake, refused_among_leavers
from portal.deliveries.building import BuildResult, build_parts
from portal.deliveries.outcomes import Continue, Outcome, RetryAt, Stop, conclude
from portal.deliveries.service import replan_superseded
from portal.deliveries.transitions import DISCARD, FREEZE, FREEZE_AND_HOLD, move
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import ONLY_WITHDRAWALS, DeliveryProblem, Mode
from portal.domain.imports import ImportRun, ImportState
from portal.domain.releases import Registration
from portal.domain.rules.preflight import Finding
from portal.domain.tenants import Connection
from portal.tenants.context import TenantContext, load_tenant_context

IMPORT_PAUSE = dt.timedelta(seconds=3)


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
