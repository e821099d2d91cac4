"""Stored states compared with the rules: on demand, and once a day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import structlog
from sqlalchemy import or_, select

from portal.core.database import db, reading_columns_of
from portal.domain.participants import Participant
from portal.domain.tenants import Tenant
from portal.releases import counts
from portal.releases.states import find_differing, refresh, refresh_due

CHECKED = 5000
"""States that are compared in one transaction."""
CHECKED_EVERY = dt.timedelta(days=1)

log = structlog.get_logger()


@dataclass(frozen=True)
class Drift:
    """A stored state that is not what the rules say."""

    number: str
    """Of the participant; empty where a counter is wrong."""
    columns: tuple[str, ...]
    """Those that differ; all where nothing is stored."""


def find_drift(tenant_id: int, now: dt.datetime) -> list[Drift]:
    """Compare every stored state of a tenant with what the rules say at `now`. Writes nothing.

    What time alone has changed is no drift: the sweep is about to come to it.
    """
    with reading_columns_of(tenant_id):
        rows = db.session.execute(select(Participant.id, Participant.number).filter_by(tenant_id=tenant_id))
        numbers = {row.id: row.number for row in rows}
    differing = find_differing(tenant_id, numbers, now)
    found = [Drift(numbers[participant_id], columns) for participant_id, columns in differing]
    if not found and counts.differing(tenant_id):  # a wrong state makes counters wrong, too
        found.append(Drift("", ("counted",)))
    return found


def check_some(now: dt.datetime) -> int:
    """Compare some states of the tenant that was not compared for longest, and mend them; how many were wrong.

    Once a day every tenant's turn comes. For the sweep, which sees every tenant. Never commits.
    """
    due = or_(Tenant.states_checked_at.is_(None), Tenant.states_checked_at < now - CHECKED_EVERY)
    longest_ago = (Tenant.states_checked_at.is_not(None), Tenant.states_checked_at)
    query = select(Tenant).where(due).order_by(*longest_ago)
    tenant = db.session.scalars(query.limit(1)).first()
    if tenant is None:
        return 0
    refresh_due(tenant.id, now)
    following = select(Participant.id).where(
        Participant.tenant_id == tenant.id, Participant.id > tenant.states_cursor
    )
    ids = db.session.scalars(following.order_by(Participant.id).limit(CHECKED)).all()
    drifted = refresh(tenant.id, ids, now)
    if len(ids) < CHECKED:
        were_wrong = counts.mend(tenant.id)
        drifted = drifted or int(were_wrong)
    if drifted:
        log.error("states_drifted", tenant=tenant.id, number=drifted)
    tenant.states_drifted += drifted
    tenant.states_cursor = ids[-1] if len(ids) == CHECKED else 0
    if len(ids) < CHECKED:
        tenant.states_checked_at = now
    return drifted
