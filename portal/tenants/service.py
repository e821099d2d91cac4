"""Tenants: create, set licence and times, choose or change the network. Never commits."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select

from portal.core.crypto import current_keyring
from portal.core.database import db
from portal.core.queue import enqueue_after_commit
from portal.core.refusal import Refusal
from portal.domain.rules.preflight import Finding
from portal.domain.rules.workdays import STATES, next_transfer
from portal.domain.tenants import Connection, Tenant, token_place
from portal.tenants.errors import (
    FederalStateUnknown,
    LicenceDatesWrong,
    LimitWrong,
    TenantExists,
    TenantSlugWrong,
    TokenWrong,
)


def create_tenant(slug: str, name: str, now: dt.datetime) -> Tenant:
    """A new tenant without licence and network. Raises Refusal `tenant-exists`, `tenant-slug-wrong`."""
    if (
        not slug
        or len(slug) > 63
        or not all(char.isascii() and (char.isalnum() or char == "-") for char in slug)
    ):
        raise TenantSlugWrong(slug=slug)
    if db.session.scalar(select(Tenant.id).where(Tenant.slug == slug)):
        raise TenantExists(slug=slug)
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
        raise LicenceDatesWrong
    tenant.licence_from, tenant.licence_until = starts_on, ends_on


def set_federal_state(tenant: Tenant, state: str) -> None:
    """Set the federal state, which decides the working days. Raises Refusal `federal-state-unknown`."""
    if state not in STATES:
        raise FederalStateUnknown(state=state, states=", ".join(STATES))
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
            raise LimitWrong(least=least, most=most)
        setattr(tenant, name, value)


def ask_for_test(connection: Connection, now: dt.datetime) -> None:
    """Have the worker ask the network whether it knows us. Raises Refusal `network-credentials-missing`."""
    if connection.token_encrypted is None:
        raise Refusal(Finding.NETWORK_CREDENTIALS_MISSING.value)
    connection.probe_at = now
    enqueue_after_commit(Connection, connection.id)


def set_token(connection: Connection, token: str) -> None:
    """Keep the network's token for the tenant, encrypted. Raises Refusal `token-wrong`."""
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token or len(token) > 4096:
        raise TokenWrong
    connection.token_encrypted = current_keyring().encrypt(token.encode(), token_place(connection.id))
    if connection.provider_id is not None:
        connection.checked_at = None  # whose it is shows when the network is asked
    if connection.failures or connection.provider_id is not None:  # ask at once whether this one is taken
        connection.probe_at = connection.opened_at
