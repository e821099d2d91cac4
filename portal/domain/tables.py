"""All tables, so that one import makes them known to migrations and relationships."""

from portal.domain import accounts, audit, bulk, deliveries, notices, releases, tenants, tokens
from portal.domain import erasures as privacy
from portal.domain import imports as qualli
from portal.domain import participants as people

__all__ = [
    "accounts",
    "audit",
    "bulk",
    "deliveries",
    "notices",
    "people",
    "privacy",
    "qualli",
    "releases",
    "tenants",
    "tokens",
]
