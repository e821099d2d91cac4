"""Tenants and connections, and what every page says of them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ScalarSelect, func, select

from portal.core.database import db, utcnow
from portal.domain.rules.preflight import TenantFacts
from portal.domain.rules.workdays import local_date
from portal.domain.tenants import Connection, ConnectionState, Heartbeat, Tenant
from portal.tenants.errors import TenantUnknown

WORKER_SILENT_AFTER = dt.timedelta(minutes=2)


def get_tenant(slug: str) -> Tenant:
    """Return the tenant called `slug`; NotFound otherwise."""
    tenant = db.session.scalar(select(Tenant).where(Tenant.slug == slug))
    if tenant is None:
        raise TenantUnknown(slug=slug)
    return tenant


def find_connection(tenant_id: int) -> Connection | None:
    """Return the tenant's connection to its network; None where no network is chosen."""
    return db.session.scalar(
        select(Connection).where(Connection.tenant_id == tenant_id, Connection.state == ConnectionState.OPEN)
    )


def lock_connection(connection_id: int) -> Connection:
    """Return the connection, locked until the transaction ends and freshly read."""
    return db.session.get_one(Connection, connection_id, populate_existing=True, with_for_update=True)


def tenant_facts(tenant: Tenant, connection: Connection | None) -> TenantFacts:
    """What preflight needs to know of the tenant."""
    return TenantFacts(
        network=connection.network if connection else None,
        has_credentials=bool(connection and connection.token_encrypted),
        licence_from=tenant.licence_from,
        licence_until=tenant.licence_until,
    )


def today_of(tenant: Tenant, now: dt.datetime | None = None) -> dt.date:
    """Return the tenant's date."""
    return local_date(now or utcnow(), tenant.time_zone)


def worker_seen_at() -> ScalarSelect[dt.datetime]:
    """The last sign of life of any worker, as part of another statement; None where there was none."""
    return select(func.max(Heartbeat.seen_at)).where(Heartbeat.kind == "worker").scalar_subquery()
