"""How the whole system is doing, over all tenants; for support alone, and without personal data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import func, or_, select

from portal.core.database import EVERY_TENANT, db, scoped_to
from portal.core.queue import QUEUE, redis_for
from portal.deliveries.queries import DELAYED_AFTER
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import AWAITING, UNCOMMITTED, DeliveryState
from portal.domain.imports import ImportRun, ImportState
from portal.domain.releases import Registration
from portal.domain.tenants import Connection, ConnectionState, Heartbeat, Tenant

_LIMIT = 200
_SEEN_WITHIN = dt.timedelta(days=1)
_LATE_DELIVERY = or_(
    Delivery.state.in_([DeliveryState.HELD]),
    Delivery.outcome_unknown,
)


@dataclass(frozen=True)
class QueueNow:
    waiting: int
    oldest_at: dt.datetime | None
    """When the job that has waited longest was enqueued."""


@dataclass(frozen=True)
class Unanswered:
    tenant: Tenant
    people: int
    since: dt.datetime
    """Commit of the oldest delivery that participants wait for."""


@contextmanager
def every_tenant() -> Iterator[None]:
    """Look at every tenant: the one place of the web application that does, for one page."""
    with scoped_to(EVERY_TENANT):
        yield
        db.session.expunge_all()  # what was loaded stays readable, and reaches nothing


def queue_now(url: str) -> QueueNow | None:
    """What waits in the queue; None while Redis does not answer."""
    try:
        queue = Queue(QUEUE, connection=redis_for(url), serializer=JSONSerializer)
        ids = queue.get_job_ids(0, 1)
        first = queue.fetch_job(ids[0]) if ids else None
        oldest = first.enqueued_at if first else None
        return QueueNow(queue.count, oldest.replace(tzinfo=oldest.tzinfo or dt.UTC) if oldest else None)
    except (RedisError, OSError):
        return None


def processes(now: dt.datetime) -> Sequence[Heartbeat]:
    """Workers and cron processes that gave a sign of life within a day, newest first."""
    query = select(Heartbeat).where(Heartbeat.seen_at > now - _SEEN_WITHIN)
    return db.session.scalars(query.order_by(Heartbeat.kind, Heartbeat.seen_at.desc()).limit(_LIMIT)).all()


def troubled_connections(now: dt.datetime) -> Sequence[tuple[Connection, Tenant]]:
    """Connections that fail, pause, are quarantined, or wait for a person; the longest troubled first."""
    query = (
        select(Connection, Tenant)
        .join(Tenant, Tenant.id == Connection.tenant_id)
        .where(
            Connection.state != ConnectionState.CLOSED,
            or_(
                Connection.failures > 0,
                Connection.paused_until > now,
                Connection.quarantined_at.is_not(None),
                Connection.reconcile_since.is_not(None),
                Connection.account_doubt.is_not(None),
            ),
        )
        .order_by(Connection.quarantined_at.is_(None), Connection.quarantined_at, Connection.id)
    )
    return [(row[0], row[1]) for row in db.session.execute(query.limit(_LIMIT))]


def late_deliveries(now: dt.datetime) -> Sequence[tuple[Delivery, Tenant]]:
    """Deliveries that are held, whose outcome is unknown, or whose next step is overdue; oldest first."""
    overdue = (Delivery.next_step_at < now - DELAYED_AFTER) & or_(
        Delivery.lease_until.is_(None), Delivery.lease_until < now
    )
    query = (
        select(Delivery, Tenant)
        .join(Tenant, Tenant.id == Delivery.tenant_id)
        .where(Delivery.state.in_([*UNCOMMITTED, *AWAITING]), or_(_LATE_DELIVERY, overdue))
        .order_by(Delivery.id)
    )
    return [(row[0], row[1]) for row in db.session.execute(query.limit(_LIMIT))]


def held_imports() -> Sequence[tuple[ImportRun, Tenant]]:
    """Imports that wait for a person, oldest first."""
    query = (
        select(ImportRun, Tenant)
        .join(Tenant, Tenant.id == ImportRun.tenant_id)
        .where(ImportRun.state == ImportState.HELD)
        .order_by(ImportRun.id)
    )
    return [(row[0], row[1]) for row in db.session.execute(query.limit(_LIMIT))]


def unanswered() -> Sequence[Unanswered]:
    """Tenants that wait for answers, who has waited longest first."""
    query = (
        select(Tenant, func.count(), func.min(Registration.waiting_since))
        .join(Registration, Registration.tenant_id == Tenant.id)
        .where(Registration.waiting_since.is_not(None))
        .group_by(Tenant.id)
        .order_by(func.min(Registration.waiting_since))
    )
    rows = db.session.execute(query.limit(_LIMIT))
    return [Unanswered(tenant, people, since) for tenant, people, since in rows if since]
