"""What everything that is shown of a tenant depends on, loaded once: its connection, date, deadlines, transfers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

from flask import g
from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.orm import aliased

from portal.core.database import commit, db, set_reading, utcnow
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import UNCOMMITTED, DeliveryState
from portal.domain.rules.phase import CLARIFICATION_WORKING_DAYS, OVERDUE_WORKING_DAYS, Deadlines, Transit
from portal.domain.rules.preflight import Finding, tenant_preflight
from portal.domain.rules.workdays import working_days_before
from portal.domain.tenants import Connection, ConnectionState, Tenant
from portal.tenants.queries import tenant_facts, today_of
from portal.webkit.scope import current_tenant_id


@dataclass(frozen=True)
class TenantContext:
    """A tenant as seen now."""

    tenant: Tenant
    connection: Connection | None
    now: dt.datetime
    today: dt.date
    """The tenant's date."""
    deadlines: Deadlines
    findings: tuple[Finding, ...]
    """What keeps everybody offline."""
    uncommitted: Delivery | None
    """The delivery under way or held."""
    last_committed: Delivery | None

    @property
    def next_transfer_at(self) -> dt.datetime | None:
        """When the next nightly transfer is due; None where none will run."""
        return self.tenant.next_transfer_at if self.connection and not self.findings else None

    @property
    def transit(self) -> Transit | None:
        """Where those stand who are in the uncommitted delivery."""
        if self.uncommitted is None:
            return None
        if self.uncommitted.state is DeliveryState.HELD:
            return Transit.HELD
        return Transit.OUTCOME_UNKNOWN if self.uncommitted.outcome_unknown else Transit.TRANSFERRING


def load_tenant_context(
    tenant_id: int, now: dt.datetime, connection: Connection | None = None
) -> TenantContext:
    """The tenant as seen at `now`, over its open connection unless another is given."""
    wanted = {"wanted_tenant": tenant_id} | ({"wanted_connection": connection.id} if connection else {})
    tenant, found, uncommitted, last_committed = db.session.execute(
        _context(connection is None), wanted
    ).one()
    today = today_of(tenant, now)
    return TenantContext(
        tenant=tenant,
        connection=found,
        now=now,
        today=today,
        deadlines=deadlines_in(tenant.federal_state, tenant.time_zone, now),
        findings=tuple(tenant_preflight(tenant_facts(tenant, found), today)),
        uncommitted=uncommitted,
        last_committed=last_committed,
    )


@cache
def _context(over_open_connection: bool) -> Select[Tenant, Connection, Delivery, Delivery]:
    """A tenant with its connection and the deliveries that matter, in one statement: every page asks it.

    It is built once: that takes longer than to ask it.
    """
    uncommitted, last = aliased(Delivery), aliased(Delivery)
    chosen = Connection.id == bindparam("wanted_connection")
    if over_open_connection:
        chosen = Connection.state == ConnectionState.OPEN
    newest = (
        select(func.max(Delivery.sequence))
        .where(Delivery.connection_id == Connection.id, Delivery.committed_at.is_not(None))
        .correlate(Connection)
        .scalar_subquery()
    )
    return (
        select(Tenant, Connection, uncommitted, last)
        .outerjoin(Connection, and_(Connection.tenant_id == Tenant.id, chosen))
        .outerjoin(
            uncommitted,
            and_(uncommitted.connection_id == Connection.id, uncommitted.state.in_(UNCOMMITTED)),
        )
        .outerjoin(last, and_(last.connection_id == Connection.id, last.sequence == newest))
        .where(Tenant.id == bindparam("wanted_tenant"))
    )


def deadlines_in(federal_state: str, time_zone: str, now: dt.datetime) -> Deadlines:
    """Since when answers have to be awaited to be overdue or in clarification (docs/domain.md#rules)."""
    place = (federal_state, time_zone)
    return Deadlines(
        overdue_before=working_days_before(now, OVERDUE_WORKING_DAYS, *place),
        clarification_before=working_days_before(now, CLARIFICATION_WORKING_DAYS, *place),
    )


def find_uncommitted(connection_id: int) -> Delivery | None:
    """The one delivery of the connection that is not committed, given up or failed."""
    return db.session.scalar(
        select(Delivery).where(Delivery.connection_id == connection_id, Delivery.state.in_(UNCOMMITTED))
    )


def current_context() -> TenantContext:
    """The tenant as it is now, loaded once per request."""
    if "tenant_context" not in g:
        g.tenant_context = load_tenant_context(current_tenant_id(), utcnow())
    found: TenantContext = g.tenant_context
    return found


def save() -> None:
    """Commit, and go on reading: what follows only shows what has become of it. `step` as in `commit`."""
    commit()
    set_reading(True)
    g.pop("tenant_context", None)
