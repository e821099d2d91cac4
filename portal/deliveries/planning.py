"""Deliveries that the clock sets off, or what was left behind: nights, ended consent, networks that are left.

Source: docs/domain.md#deliveries. Never commits: each is a transaction of the sweep.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Select, or_, select, true, update
from sqlalchemy.engine import CursorResult

from portal.core.database import db
from portal.core.jobs import Periodic
from portal.deliveries.errors import DeliveryRunning
from portal.deliveries.service import Plan, cancel, plan, plan_withdrawals
from portal.domain.actors import SYSTEM
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import AWAITING, DeliveryProblem, DeliveryState, Mode, Trigger
from portal.domain.releases import Registration
from portal.domain.rules.workdays import local_date, next_transfer
from portal.domain.states import ParticipantState
from portal.domain.tenants import Connection, ConnectionState, Tenant
from portal.releases.imported import end_lost_releases
from portal.tenants.context import find_uncommitted, load_tenant_context
from portal.tenants.service import set_transfer_time

LATE_AFTER = dt.timedelta(minutes=10)
FARTHEST = dt.timedelta(hours=26)
"""No night is farther away, whatever the clocks do; if one seems to be, our clock was wrong when it was planned."""

Rows = Select[*tuple[Any, ...]]


def _tenants_at_night(now: dt.datetime) -> Rows:
    return select(Tenant.id).where(Tenant.next_transfer_at <= now)


def plan_nightly(tenant_id: int, now: dt.datetime) -> Delivery | None:
    """Plan a tenant's nightly transfer once it is due, and set when the next one is.

    One a local date, however many cron processes run: the compare-and-set below lets one through, and a date that had
    its own is passed over (the time was moved after it, or the clock went back). A held or waiting one is discarded as
    replaced; one whose outcome is unknown is waited for, and this one is then late.
    """
    tenant = db.session.get_one(Tenant, tenant_id, populate_existing=True)
    due = tenant.next_transfer_at
    if due is None or due > now:
        return None
    moved = db.session.execute(
        update(Tenant)
        .where(Tenant.id == tenant_id, Tenant.next_transfer_at == due)
        .values(next_transfer_at=next_transfer(now, tenant.transfer_time, tenant.time_zone))
        .execution_options(synchronize_session=False)
    )
    assert isinstance(moved, CursorResult)
    night = local_date(due, tenant.time_zone)
    if not moved.rowcount or _had_its_own(tenant_id, night):
        return None
    end_lost_releases(tenant, now, true())
    context = load_tenant_context(tenant_id, now)
    if context.findings or context.connection is None or context.connection.waits_for_a_person:
        return None  # explained on every page, and no failure
    if context.uncommitted and not cancel(context.uncommitted, DeliveryProblem.REPLACED, SYSTEM, now):
        raise DeliveryRunning(number=context.uncommitted.sequence)
    if not _has_registrations(context.connection.id):
        # a restored backup may have forgotten them all, and then nothing else would ever ask the network
        context.connection.probe_at = context.connection.probe_at or now
        return None
    late = now - due > LATE_AFTER
    return plan(context.connection, Plan(Mode.FULL, Trigger.NIGHTLY, local_date=night, late=late), now)


def _had_its_own(tenant_id: int, night: dt.date) -> bool:
    query = select(Delivery.id).where(
        Delivery.tenant_id == tenant_id,
        Delivery.local_date == night,
        Delivery.state != DeliveryState.DISCARDED,
    )
    return db.session.scalar(query.limit(1)) is not None


def _tenants_too_far(now: dt.datetime) -> Rows:
    return select(Tenant.id).where(Tenant.next_transfer_at > now + FARTHEST)


def bring_nearer(tenant_id: int, now: dt.datetime) -> None:
    """Recompute when a tenant's next transfer is due."""
    tenant = db.session.get_one(Tenant, tenant_id)
    set_transfer_time(tenant, tenant.transfer_time, now)


def _has_registrations(connection_id: int) -> bool:
    query = select(Registration.id).where(
        Registration.connection_id == connection_id, or_(Registration.released, Registration.announced)
    )
    return db.session.scalar(query.limit(1)) is not None


def _tenants_to_recheck(now: dt.datetime) -> Rows:
    """Select tenants where time alone has changed a participant's stored state."""
    return select(ParticipantState.tenant_id).where(ParticipantState.recheck_at <= now).distinct()


def end_lost(tenant_id: int, now: dt.datetime) -> None:
    """Recompute states that time alone has changed, and end a tenant's releases whose consent has expired."""
    end_lost_releases(db.session.get_one(Tenant, tenant_id), now, true())


def _connections_with_urgent(_now: dt.datetime) -> Rows:
    return (
        select(Connection.id)
        .join(Registration, Registration.connection_id == Connection.id)
        .where(Registration.urgent, Registration.announced, ~Registration.released)
        .where(Connection.reconcile_since.is_(None), Connection.account_doubt.is_(None))
        .distinct()
    )


def plan_urgent(connection_id: int, now: dt.datetime) -> Delivery | None:
    """Plan the withdrawal of those whose consent ended, unless the network is away."""
    connection = db.session.get_one(Connection, connection_id, populate_existing=True)
    if connection.token_encrypted is None or (connection.paused_until and connection.paused_until > now):
        return None
    return plan_withdrawals(connection, Trigger.CONSENT, now)


def _connections_left(_now: dt.datetime) -> Rows:
    return select(Connection.id).where(Connection.state == ConnectionState.CLOSING)


def close(connection_id: int, now: dt.datetime) -> None:
    """Go on closing a connection that the tenant left: withdraw everybody announced, await the answers."""
    connection = db.session.get_one(Connection, connection_id, populate_existing=True)
    announced = (
        select(Registration.id)
        .where(Registration.connection_id == connection.id, Registration.announced)
        .limit(1)
    )
    if find_uncommitted(connection.id):
        return
    if db.session.scalar(announced) is not None:
        paused = connection.paused_until is not None and connection.paused_until > now
        if connection.token_encrypted and not paused and not connection.waits_for_a_person:
            plan_withdrawals(connection, Trigger.NETWORK_CHANGED, now)
        return
    awaiting = select(Delivery.id).where(
        Delivery.connection_id == connection.id, Delivery.state.in_(AWAITING)
    )
    if db.session.scalar(awaiting.limit(1)) is None:
        connection.state = ConnectionState.CLOSED
        connection.closed_at = now


PERIODIC = (
    Periodic(plan_nightly, _tenants_at_night),
    Periodic(bring_nearer, _tenants_too_far),
    Periodic(end_lost, _tenants_to_recheck),
    Periodic(plan_urgent, _connections_with_urgent),
    Periodic(close, _connections_left),
)
