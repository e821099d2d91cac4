"""The facts that decide which notices are open. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ConnectionFacts:
    """One connection of a tenant, as it is now."""

    tenant_id: int
    connection_id: int
    federal_state: str
    time_zone: str
    open: bool = True
    """The tenant's network, rather than one that it is leaving."""
    may_send: bool = True
    """Licensed today, and with credentials."""
    next_transfer_at: dt.datetime | None = None
    waiting_since: dt.datetime | None = None
    """Commit of the oldest delivery that participants wait for."""
    stuck: int | None = None
    """Number of the oldest delivery whose answers do not get on."""
    stuck_by: str | None = None
    """The problem of that delivery."""
    clarifications: int = 0
    unknown_mediators: Mapping[str, int] = field(default_factory=dict)
    """Numbers of mediators whom the network does not know, and how many people it archived for want of each."""
    uncommitted: int | None = None
    """Number of the delivery that is under way or held."""
    uncommitted_since: dt.datetime | None = None
    held: bool = False
    deciding: bool = False
    """It is being put together: whether the brake holds it is not known yet."""
    problem: str | None = None
    """Of that delivery."""
    outcome_unknown_since: dt.datetime | None = None
    sent_at: dt.datetime | None = None
    """Commit of the newest delivery, or when the first person was released."""
    quarantined_at: dt.datetime | None = None
    connection_problem: str | None = None
    reconcile_since: dt.datetime | None = None
    account_doubt: str | None = None
    network_licence_until: dt.date | None = None


@dataclass(frozen=True)
class TokenFacts:
    """A token of the HTTP interface that was neither revoked nor replaced by a newer one of its name."""

    token_id: int
    name: str
    made_at: dt.datetime
    ends_at: dt.datetime


@dataclass(frozen=True)
class TenantFacts:
    """One tenant, as it is now."""

    tenant_id: int
    slug: str
    federal_state: str
    time_zone: str
    licence_until: dt.date | None = None
    imported_at: dt.datetime | None = None
    held_imports: tuple[int, ...] = ()
    crashed_imports: tuple[int, ...] = ()
    tokens: tuple[TokenFacts, ...] = ()


@dataclass(frozen=True)
class Facts:
    """Everything, of all tenants."""

    now: dt.datetime
    tenants: tuple[TenantFacts, ...] = ()
    connections: tuple[ConnectionFacts, ...] = ()
    worker_seen_at: dt.datetime | None = None
    cron_seen_at: dt.datetime | None = None
    oldest_mail_at: dt.datetime | None = None
    mails_waiting: int = 0
    mails_given_up: int = 0
    """Within a day."""
    import_silent_days: int = 3
