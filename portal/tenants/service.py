"""Tenants: create, set licence and times, choose or change the network. Never commits."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select, update

from portal import current_vault
from portal.accounts.actor import SYSTEM, Actor
from portal.audit.changes import note_change
from portal.database import db
from portal.deliveries.service import give_up, plan_withdrawals
from portal.deliveries.states import Cause, Problem
from portal.queue import PROBE_CONNECTION, enqueue_after_commit
from portal.refusal import Refusal
from portal.releases.models import EndCause, Event, Presence, Release
from portal.releases.service import write_protocol
from portal.releases.view import find_uncommitted
from portal.tenants.models import Connection, ConnectionState, Tenant, token_place
from portal.tenants.network import Network
from portal.tenants.queries import find_connection
from portal.tenants.workdays import STATES, next_transfer

_BATCH = 1000


def create_tenant(slug: str, name: str, now: dt.datetime) -> Tenant:
    """A new tenant without licence and network. Raises Refusal `tenant-exists`, `tenant-slug-wrong`."""
    if (
        not slug
        or len(slug) > 63
        or not all(char.isascii() and (char.isalnum() or char == "-") for char in slug)
    ):
        raise Refusal("tenant-slug-wrong", slug=slug)
    if db.session.scalar(select(Tenant.id).where(Tenant.slug == slug)):
        raise Refusal("tenant-exists", slug=slug)
    tenant = Tenant(slug=slug, name=name, created_at=now)
    db.session.add(tenant)
    db.session.flush()
    set_transfer_time(tenant, tenant.transfer_time, now)
    return tenant


def set_transfer_time(tenant: Tenant, at: dt.time, now: dt.datetime) -> None:
    """Set the local time of the nightly transfer; the next one follows."""
    tenant.transfer_time = at
    tenant.next_transfer_at = next_transfer(now, at, tenant.time_zone)


def set_licence(tenant: Tenant, starts_on: dt.date | None, ends_on: dt.date | None) -> None:
    """Set first and last day of the licence. Raises Refusal `licence-dates-wrong`."""
    if ends_on and (starts_on is None or ends_on < starts_on):
        raise Refusal("licence-dates-wrong")
    tenant.licence_from, tenant.licence_until = starts_on, ends_on


def set_federal_state(tenant: Tenant, state: str) -> None:
    """Set the federal state, which decides the working days. Raises Refusal `federal-state-unknown`."""
    if state not in STATES:
        raise Refusal("federal-state-unknown", state=state, states=", ".join(STATES))
    tenant.federal_state = state


@dataclass(frozen=True)
class Limits:
    """What a tenant's administrator may set as numbers, each within its bounds."""

    brake_minimum: int
    brake_percent: int
    brake_days: int
    brake_order_minimum: int
    protocol_months: int
    payload_days: int


BOUNDS: dict[str, tuple[int, int]] = {
    "brake_minimum": (0, 1000),
    "brake_percent": (0, 100),
    "brake_days": (1, 366),
    "brake_order_minimum": (1, 1000),
    "protocol_months": (1, 120),
    "payload_days": (7, 3650),
}
"""Smallest and largest value of each limit."""


def set_limits(tenant: Tenant, limits: Limits) -> None:
    """Set the brake's limits and how long data about people is kept. Raises Refusal `limit-wrong`."""
    for name, (least, most) in BOUNDS.items():
        value = getattr(limits, name)
        if not least <= value <= most:
            raise Refusal("limit-wrong", least=least, most=most)
        setattr(tenant, name, value)


@dataclass(frozen=True)
class NetworkChange:
    """What leaving a network means."""

    told: int
    """People whom the network left would archive."""
    released: int
    """Releases that would end."""


def foresee_network_change(tenant: Tenant) -> NetworkChange:
    """Whom leaving the tenant's network concerns; nobody where there is none."""
    current = find_connection(tenant.id)
    if current is None:
        return NetworkChange(0, 0)
    here = select(func.count()).select_from(Presence).where(Presence.connection_id == current.id)
    told = db.session.scalar(here.where(Presence.told)) or 0
    return NetworkChange(told, db.session.scalar(here.where(Presence.released)) or 0)


def ask_for_test(connection: Connection, now: dt.datetime) -> None:
    """Have the worker ask the network whether it knows us. Raises Refusal `network-credentials-missing`."""
    if connection.token_sealed is None:
        raise Refusal("network-credentials-missing")
    connection.probe_at = now
    enqueue_after_commit(PROBE_CONNECTION, connection.id)


def set_token(connection: Connection, token: str) -> None:
    """Keep the network's token for the tenant, encrypted. Raises Refusal `token-wrong`."""
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token or len(token) > 4096:
        raise Refusal("token-wrong")
    connection.token_sealed = current_vault().seal(token.encode(), token_place(connection.id))
    if connection.provider_id is not None:
        connection.checked_at = None  # whose it is shows when the network is asked
    if connection.failures or connection.provider_id is not None:  # ask at once whether this one is taken
        connection.probe_at = connection.opened_at


def choose_network(tenant: Tenant, network: Network, actor: Actor, now: dt.datetime) -> Connection:
    """Choose the tenant's network, or change it (design §4.6); the connection that it now has.

    Changing withdraws everybody told over the old connection, and ends all releases: another recipient, who is told
    other things, needs a new decision. Who comes back to a network goes on counting where the last connection to it
    ended, since the network does. Raises Refusal `network-still-left` while that one has somebody to withdraw.
    """
    current = find_connection(tenant.id)
    if current is not None and current.network is network:
        return current
    earlier = _find_earlier(tenant, network)
    if earlier is not None and _is_being_left(earlier):
        raise Refusal("network-still-left")
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
    """The last connection of the tenant to this network."""
    query = select(Connection).where(Connection.tenant_id == tenant.id, Connection.network == network)
    return db.session.scalar(query.order_by(Connection.id.desc()).limit(1))


def _is_being_left(connection: Connection) -> bool:
    """Whether something is still to be sent over a connection that the tenant left: it would hit who is told anew."""
    if connection.state is not ConnectionState.CLOSING:
        return False
    told = select(Presence.id).where(Presence.connection_id == connection.id, Presence.told).limit(1)
    return db.session.scalar(told) is not None or find_uncommitted(connection.id) is not None


def _close(connection: Connection, actor: Actor, now: dt.datetime) -> None:
    connection.state = ConnectionState.CLOSING
    _end_releases(connection, actor, now)
    uncommitted = find_uncommitted(connection.id)
    if uncommitted is not None and not give_up(uncommitted, Problem.REPLACED, SYSTEM, now):
        return  # its outcome is found out first; the sweep goes on with the closing
    told = select(Presence.id).where(Presence.connection_id == connection.id, Presence.told).limit(1)
    if db.session.scalar(told) is not None and not connection.waits_for_a_person:
        plan_withdrawals(connection, Cause.NETWORK_CHANGED, now)


def _end_releases(connection: Connection, actor: Actor, now: dt.datetime) -> None:
    """End all open releases of the connection, in batches, each with its line in the protocol."""
    while True:
        batch = list(
            db.session.scalars(
                select(Presence)
                .where(Presence.connection_id == connection.id, Presence.released)
                .limit(_BATCH)
            )
        )
        if not batch:
            return
        for presence in batch:
            presence.released = False
            presence.revision += 1
            write_protocol(presence, Event.REVOKED, actor, now, cause=EndCause.NETWORK_CHANGED.value)
        db.session.execute(
            update(Release)
            .where(Release.id.in_([presence.release_id for presence in batch]), Release.ended_at.is_(None))
            .values(ended_at=now, ended_by=actor.initials, end_cause=EndCause.NETWORK_CHANGED)
            .execution_options(synchronize_session=False)
        )
        db.session.flush()
