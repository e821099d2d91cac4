"""All tables, so that one import makes them known to migrations and relationships."""

from portal.domain import (
    accounts,
    audit,
    bulk,
    deliveries,
    erasures,
    imports,
    notices,
    participants,
    releases,
    states,
    tenants,
    tokens,
)

__all__ = [
    "accounts",
    "audit",
    "bulk",
    "deliveries",
    "erasures",
    "imports",
    "notices",
    "participants",
    "releases",
    "states",
    "tenants",
    "tokens",
]
