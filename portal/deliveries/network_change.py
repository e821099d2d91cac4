"""Choosing a tenant's network, and changing it (docs/domain.md#change-of-network). Never commits."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select, update

from portal.audit.changes import note_change
from portal.core.database import db
from portal.deliveries.errors import NetworkStillLeft
from portal.deliveries.service import cancel, plan_withdrawals
from portal.domain.actors import SYSTEM, Actor
from portal.domain.delivery_states import DeliveryProblem, Trigger
from portal.domain.releases import EndCause, Event, Registration, Release
from portal.domain.tenants import Connection, ConnectionState, Tenant
from portal.networks.registry import Network
from portal.releases.registrations import write_protocol
from portal.tenants.context import find_uncommitted
from portal.tenants.queries import find_connection

_BATCH = 1000


@dataclass(frozen=True)
class NetworkChange:
    """What leaving a network means."""

    announced: int
    """People whom the network left would archive."""
    released: int
    """Releases that would end."""


def foresee_network_change(tenant: Tenant) -> NetworkChange:
    """Count the participants whom leaving the tenant's network concerns; zero if none is chosen."""
    current = find_connection(tenant.id)
    if current is None:
        return NetworkChange(0, 0)
    here = select(func.count()).select_from(Registration).where(Registration.connection_id == current.id)
    announced = db.session.scalar(here.where(Registration.announced)) or 0
    return NetworkChange(announced, db.session.scalar(here.where(Registration.released)) or 0)


def choose_network(tenant: Tenant, network: Network, actor: Actor, now: dt.datetime) -> Connection:
    """Choose or change the tenant's network and return its connection (docs/domain.md#change-of-network).

    A change withdraws everyone announced over the old connection and ends all releases: another recipient, who is told
    other things, needs a new decision. After a return the sequence continues from the last connection to that network,
    as the network's does. Raises Refusal `network-still-left` while that connection has participants to withdraw.
    """
    current = find_connection(tenant.id)
    if current is not None and current.network is network:
        return current
    earlier = _find_earlier(tenant, network)
    if earlier is not None and _is_being_left(earlier):
        raise NetworkStillLeft
    if current is not None:
        _close(current, actor, now)
    opened = Connection(tenant_id=tenant.id, network=network, opened_at=now)
    if earlier is not None:
        opened.last_sequence = earlier.last_sequence
        opened.attempted_sequence = earlier.attempted_sequence
        opened.committed_sequence = earlier.committed_sequence
        opened.provider_id, opened.provider_bound_at = earlier.provider_id, earlier.provider_bound_at
        opened.shares_provider, opened.holdings_known = earlier.shares_provider, earlier.holdings_known
        opened.network_name = earlier.network_name
    db.session.add(opened)
    db.session.flush()
    note_change("tenant.network", current.network if current else None, network)
    return opened


def _find_earlier(tenant: Tenant, network: Network) -> Connection | None:
    """Return the last connection of the tenant to this network."""
    query = select(Connection).where(Connection.tenant_id == tenant.id, Connection.network == network)
    return db.session.scalar(query.order_by(Connection.id.desc()).limit(1))


def _is_being_left(connection: Connection) -> bool:
    """Return whether a delivery is still to be sent over a connection that the tenant left."""
    if connection.state is not ConnectionState.CLOSING:
        return False
    announced = (
        select(Registration.id)
        .where(Registration.connection_id == connection.id, Registration.announced)
        .limit(1)
    )
    return db.session.scalar(announced) is not None or find_uncommitted(connection.id) is not None


def _close(connection: Connection, actor: Actor, now: dt.datetime) -> None:
    connection.state = ConnectionState.CLOSING
    _end_releases(connection, actor, now)
    uncommitted = find_uncommitted(connection.id)
    if uncommitted is not None and not cancel(uncommitted, DeliveryProblem.REPLACED, SYSTEM, now):
        return  # its outcome is found out first; the sweep goes on with the closing
    announced = (
        select(Registration.id)
        .where(Registration.connection_id == connection.id, Registration.announced)
        .limit(1)
    )
    if db.session.scalar(announced) is not None and not connection.waits_for_a_person:
        plan_withdrawals(connection, Trigger.NETWORK_CHANGED, now)


def _end_releases(connection: Connection, actor: Actor, now: dt.datetime) -> None:
    """End all open releases of the connection, in batches, each with its line in the protocol."""
    while True:
        batch = list(
            db.session.scalars(
                select(Registration)
                .where(Registration.connection_id == connection.id, Registration.released)
                .limit(_BATCH)
            )
        )
        if not batch:
            return
        for registration in batch:
            registration.released = False
            registration.revision += 1
            write_protocol(registration, Event.REVOKED, actor, now, cause=EndCause.NETWORK_CHANGED.value)
        db.session.execute(
            update(Release)
            .where(
                Release.id.in_([registration.release_id for registration in batch]),
                Release.ended_at.is_(None),
            )
            .values(ended_at=now, ended_by=actor.initials, end_cause=EndCause.NETWORK_CHANGED)
            .execution_options(synchronize_session=False)
        )
        db.session.flush()
