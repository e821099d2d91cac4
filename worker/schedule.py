"""What runs when. Cron only wakes: the rows in the database decide what is due (docs/domain.md#deliveries)."""

from __future__ import annotations

import datetime as dt
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from flask import Flask
from sqlalchemy import Select, and_, or_, select, true, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import SQLAlchemyError

from portal.accounts.sessions import forget_sessions
from portal.audit.checkpoints import export_checkpoints, is_due, newest_checkpoints
from portal.bulk.service import forget_runs
from portal.core.database import EVERY_TENANT, commit, db, reading, rollback, scope_to, utcnow
from portal.core.queue import (
    PROBE_CONNECTION,
    RUN_BULK,
    RUN_ERASURE,
    RUN_IMPORT,
    SEND_DELIVERY,
    SEND_MAIL,
    enqueue,
    job_name,
    names_waiting,
)
from portal.core.refusal import Refusal
from portal.core.settings import current_settings
from portal.deliveries.service import cancel, plan, plan_withdrawals
from portal.domain.actors import SYSTEM
from portal.domain.bulk import UNFINISHED, BulkRun
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import AWAITING, DeliveryProblem, DeliveryState, Mode, Trigger
from portal.domain.erasures import UNFINISHED as UNFINISHED_ERASURES
from portal.domain.erasures import ErasureRun
from portal.domain.imports import ENDED as ENDED_IMPORTS
from portal.domain.imports import UNFINISHED as UNFINISHED_IMPORTS
from portal.domain.imports import ImportRun
from portal.domain.participants import Participant
from portal.domain.releases import Registration
from portal.domain.rules.workdays import local_date, next_transfer
from portal.domain.tenants import Connection, ConnectionState, Tenant
from portal.imports.strays import forget_strays
from portal.mail.outbox import forget_mails
from portal.notices import evaluate as watching
from portal.notices import jobs as mails
from portal.notices.channels.registry import due_messages
from portal.privacy.service import plan_erasure
from portal.releases.imported import end_lost_releases
from portal.tenants.context import find_uncommitted, load_tenant_context
from portal.tenants.service import set_transfer_time
from worker.process import Beat

BATCH = 200
EMPTY_AFTER = dt.timedelta(seconds=10)
"""An import that ended so long ago without having been emptied has lost its worker."""
LATE_AFTER = dt.timedelta(minutes=10)
FARTHEST = dt.timedelta(hours=26)
"""No night is farther away, whatever the clocks do; if one seems to be, our clock was wrong when it was planned."""

log = structlog.get_logger()


def run_cron(app: Flask) -> None:
    """Tick and sweep until told to stop."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with app.app_context():
        settings = current_settings()
    beat = Beat(app, "cron")
    next_sweep = 0.0
    while not stop.is_set():
        beat.write_if_due()
        due = time.monotonic() >= next_sweep
        if due:
            next_sweep = time.monotonic() + settings.sweep_seconds
        _survive(app, sweep if due else tick)
        stop.wait(settings.tick_seconds)
    beat.stop()


def _survive(app: Flask, action: Callable[[], None]) -> None:
    """Whatever is away now is there again later: cron goes on."""
    with app.app_context():
        try:
            action()
        except (SQLAlchemyError, OSError) as error:
            rollback()
            log.warning("cron_hindered", error=type(error).__name__)
        finally:
            db.session.remove()


def tick() -> None:
    """Enqueue what is due: steps of deliveries, imports, decisions for many, questions whether a network is back."""
    scope_to(EVERY_TENANT)
    now, url = utcnow(), current_settings().redis_url
    with reading():
        due = [
            *((SEND_DELIVERY, row) for row in _due_deliveries(now)),
            *((RUN_IMPORT, row) for row in _due_imports(now)),
            *((RUN_BULK, row) for row in _due_bulk_runs(now)),
            *((RUN_ERASURE, row) for row in _due_erasures(now)),
            *((PROBE_CONNECTION, row) for row in _due_probes(now)),
            *((SEND_MAIL, row) for row in due_messages(now, BATCH)),
        ]
        commit()
    waiting = names_waiting(url) if due else set()
    if waiting is None:
        return  # Redis is away; the rows stay due
    for job, row in due:
        # what waits in a long queue would be enqueued again and again, and make it longer
        if job_name(job, row) not in waiting and not enqueue(url, job, row):
            return


def _due_deliveries(now: dt.datetime) -> list[int]:
    query = (
        select(Delivery.id)
        .join(Connection, Connection.id == Delivery.connection_id)
        .where(
            Delivery.next_step_at <= now,
            or_(Delivery.lease_until.is_(None), Delivery.lease_until < now),
            or_(Connection.paused_until.is_(None), Connection.paused_until <= now),
        )
    )
    return list(db.session.scalars(query.order_by(Delivery.next_step_at).limit(BATCH)))


def _due_imports(now: dt.datetime) -> list[int]:
    """Imports that wait or were abandoned, and those whose worker died before it had emptied them."""
    free = or_(ImportRun.lease_until.is_(None), ImportRun.lease_until < now)
    left_full = and_(
        ImportRun.state.in_(ENDED_IMPORTS),
        ImportRun.emptied_at.is_(None),
        ImportRun.finished_at < now - EMPTY_AFTER,
    )
    due = or_(and_(ImportRun.state.in_(UNFINISHED_IMPORTS), free), left_full)
    return list(db.session.scalars(select(ImportRun.id).where(due).order_by(ImportRun.id).limit(BATCH)))


def _due_bulk_runs(now: dt.datetime) -> list[int]:
    free = or_(BulkRun.lease_until.is_(None), BulkRun.lease_until < now)
    query = select(BulkRun.id).where(BulkRun.state.in_(UNFINISHED), free).order_by(BulkRun.id).limit(BATCH)
    return list(db.session.scalars(query))


def _due_erasures(now: dt.datetime) -> list[int]:
    free = or_(ErasureRun.lease_until.is_(None), ErasureRun.lease_until < now)
    query = select(ErasureRun.id).where(ErasureRun.state.in_(UNFINISHED_ERASURES), free)
    return list(db.session.scalars(query.order_by(ErasureRun.id).limit(BATCH)))


def _due_probes(now: dt.datetime) -> list[int]:
    query = select(Connection.id).where(Connection.probe_at <= now, Connection.token_sealed.is_not(None))
    return list(db.session.scalars(query.limit(BATCH)))


def sweep() -> None:
    """Plan what has become due by the clock or was left behind, then tick."""
    scope_to(EVERY_TENANT)
    now = utcnow()
    for tenant_id in _ids(select(Tenant.id).where(Tenant.next_transfer_at <= now)):
        _each(partial(plan_nightly, tenant_id, utcnow()))
    for tenant_id in _ids(select(Tenant.id).where(Tenant.next_transfer_at > now + FARTHEST)):
        _each(partial(bring_nearer, tenant_id, utcnow()))
    for tenant_id in _ids(_tenants_with_lost_consent(now)):
        _each(partial(end_lost, tenant_id, utcnow()))
    for connection_id in _ids(_connections_with_urgent()):
        _each(partial(plan_urgent, connection_id, utcnow()))
    for connection_id in _ids(select(Connection.id).where(Connection.state == ConnectionState.CLOSING)):
        _each(partial(close, connection_id, utcnow()))
    due = or_(Tenant.next_erasure_at.is_(None), Tenant.next_erasure_at <= now)
    for tenant_id in _ids(select(Tenant.id).where(due)):
        _each(partial(plan_erasure, tenant_id, utcnow()))
    _each(partial(forget_runs, utcnow()))
    _each(partial(forget_mails, utcnow()))
    _each(partial(forget_strays, utcnow()))
    _each(partial(forget_sessions, utcnow(), current_settings().session_limit_hours))
    export_audit_heads(utcnow())
    _each(partial(watching.look, utcnow()))
    _each(partial(watching.forget, utcnow()))
    tick()
    mails.send_overdue()


def export_audit_heads(now: dt.datetime) -> None:
    """Once an hour, the signed ends of the audit's chains go into a file outside the database."""
    settings = current_settings()
    if not is_due(settings, now):
        return
    with reading():
        checkpoints = newest_checkpoints(now)
        commit()
    export_checkpoints(settings, checkpoints)
    log.info("audit_heads_exported", chains=len(checkpoints))


def _ids(query: Select[*tuple[Any, ...]]) -> list[int]:
    with reading():
        found = list(db.session.scalars(query))
        commit()
    return found


def _each(action: Callable[[], object]) -> None:
    """One piece of work, one transaction; what one tenant's fails with is no other tenant's matter."""
    try:
        action()
        commit("plan.swept")
    except Refusal as refusal:
        rollback()
        log.info("not_planned", reason=refusal.code)
    except SQLAlchemyError as error:
        rollback()
        log.warning("not_planned", reason=type(error).__name__)


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
    view = load_tenant_context(tenant_id, now)
    if view.findings or view.connection is None or view.connection.waits_for_a_person:
        return None  # explained on every page, and no failure
    if view.uncommitted and not cancel(view.uncommitted, DeliveryProblem.REPLACED, SYSTEM, now):
        raise Refusal("delivery-running", number=view.uncommitted.sequence)
    if not _anybody(view.connection.id):
        # a restored backup may have forgotten them all, and then nothing else would ever ask the network
        view.connection.probe_at = view.connection.probe_at or now
        return None
    return plan(
        view.connection,
        Mode.FULL,
        Trigger.NIGHTLY,
        SYSTEM,
        now,
        local_date=night,
        late=now - due > LATE_AFTER,
    )


def _had_its_own(tenant_id: int, night: dt.date) -> bool:
    query = select(Delivery.id).where(
        Delivery.tenant_id == tenant_id,
        Delivery.local_date == night,
        Delivery.state != DeliveryState.DISCARDED,
    )
    return db.session.scalar(query.limit(1)) is not None


def bring_nearer(tenant_id: int, now: dt.datetime) -> None:
    """Set anew when a tenant's next transfer is due."""
    tenant = db.session.get_one(Tenant, tenant_id)
    set_transfer_time(tenant, tenant.transfer_time, now)


def _anybody(connection_id: int) -> bool:
    query = select(Registration.id).where(
        Registration.connection_id == connection_id, or_(Registration.released, Registration.announced)
    )
    return db.session.scalar(query.limit(1)) is not None


def _tenants_with_lost_consent(now: dt.datetime) -> Select[*tuple[Any, ...]]:
    """Tenants where the date alone may have ended somebody's consent."""
    tomorrow = now.date() + dt.timedelta(
        days=1
    )  # somewhere it may be the next day already; checked per tenant
    return (
        select(Participant.tenant_id)
        .join(Registration, Registration.participant_id == Participant.id)
        .where(
            or_(Registration.released, and_(Registration.announced, ~Registration.urgent)),
            Participant.consent_until < tomorrow,
        )
        .distinct()
    )


def end_lost(tenant_id: int, now: dt.datetime) -> None:
    """End the releases of one tenant whose consent has expired."""
    end_lost_releases(db.session.get_one(Tenant, tenant_id), now, true())


def _connections_with_urgent() -> Select[*tuple[Any, ...]]:
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
    if connection.token_sealed is None or (connection.paused_until and connection.paused_until > now):
        return None
    return plan_withdrawals(connection, Trigger.CONSENT, now)


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
        if connection.token_sealed and not paused and not connection.waits_for_a_person:
            plan_withdrawals(connection, Trigger.NETWORK_CHANGED, now)
        return
    awaiting = select(Delivery.id).where(
        Delivery.connection_id == connection.id, Delivery.state.in_(AWAITING)
    )
    if db.session.scalar(awaiting.limit(1)) is None:
        connection.state = ConnectionState.CLOSED
        connection.closed_at = now
