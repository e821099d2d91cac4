"""Tenants (providers), and their connections to job networks."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.database import Base, TenantOwned
from portal.networks.registry import Network


class ConnectionState(StrEnum):
    OPEN = "open"
    """The tenant's network."""
    CLOSING = "closing"
    """Left for another network; everybody told is withdrawn, answers are still read."""
    CLOSED = "closed"


class Tenant(Base):
    """A training provider: a closed unit."""

    __tablename__ = "tenant"

    slug: Mapped[str] = mapped_column(String(63), unique=True)
    name: Mapped[str]
    federal_state: Mapped[str] = mapped_column(String(2), default="BE")
    """Two letters as in ISO 3166-2:DE; decides the working days."""
    licence_from: Mapped[dt.date | None]
    licence_until: Mapped[dt.date | None]
    """Last day of the licence; None is without end, if `licence_from` is set."""
    time_zone: Mapped[str] = mapped_column(default="Europe/Berlin")
    transfer_time: Mapped[dt.time] = mapped_column(default=dt.time(22, 0))
    """Local time of the nightly transfer."""
    next_transfer_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    sends_social_insurance_number: Mapped[bool] = mapped_column(default=False)
    brake_minimum: Mapped[int] = mapped_column(default=3)
    brake_percent: Mapped[int] = mapped_column(default=5)
    brake_days: Mapped[int] = mapped_column(default=7)
    brake_order_minimum: Mapped[int] = mapped_column(default=2)
    protocol_months: Mapped[int] = mapped_column(default=24)
    """So long after their last activity participants are erased, with their protocol."""
    payload_days: Mapped[int] = mapped_column(default=90)
    """So long the frozen parts of deliveries and the details of imports are kept."""
    next_erasure_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    """When the nightly erasure is due; None until the sweep has set it."""
    newest_exports: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """When the newest export of each kind was made that was taken over, as far as it is known."""
    states_checked_at: Mapped[dt.datetime | None]
    """When all stored states of participants were last compared with the rules."""
    states_cursor: Mapped[int] = mapped_column(BigInteger, default=0)
    """The participant by row with whom the comparison that is under way goes on."""
    states_drifted: Mapped[int] = mapped_column(BigInteger, default=0)
    """How many stored states such comparisons have found wrong, and mended, so far."""
    created_at: Mapped[dt.datetime]

    connections: Mapped[list[Connection]] = relationship(back_populates="tenant", order_by="Connection.id")


class TenantVersion(TenantOwned, Base):
    """How often the rows of a tenant have been written: open pages ask for this number first (tenants.versions)."""

    __tablename__ = "tenant_version"
    __table_args__ = (Index("uq_tenant_version", "tenant_id", unique=True),)

    number: Mapped[int] = mapped_column(BigInteger)


class Connection(TenantOwned, Base):
    """A tenant's tie to one network: its sequence, its pauses, what the network said of us."""

    __tablename__ = "connection"
    __table_args__ = (
        Index(
            "uq_connection_open",
            "tenant_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_connection_provider", "network", "provider_id"),
    )

    network: Mapped[Network]
    state: Mapped[ConnectionState] = mapped_column(default=ConnectionState.OPEN)
    token_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The network's token for this tenant, encrypted for `token_place(id)`."""
    opened_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]

    last_sequence: Mapped[int] = mapped_column(BigInteger, default=0)
    """The highest sequence given to a delivery."""
    attempted_sequence: Mapped[int] = mapped_column(BigInteger, default=0)
    """The highest sequence whose commit was attempted."""
    committed_sequence: Mapped[int] = mapped_column(BigInteger, default=0)
    """The newest committed one: the base of the next delta."""
    network_sequence: Mapped[int] = mapped_column(BigInteger, default=0)
    """The newest committed one as the network last said."""
    needs_full: Mapped[bool] = mapped_column(default=False)
    """The network asked for a full delivery (base mismatch)."""
    reconcile_since: Mapped[dt.datetime | None]
    """The network knows deliveries that we do not: everything waits for a person."""

    failures: Mapped[int] = mapped_column(default=0)
    """Attempts that failed in a row."""
    paused_until: Mapped[dt.datetime | None]
    pause_is_ordered: Mapped[bool] = mapped_column(default=False)
    """The pause is the network's Retry-After, and is waited out."""
    probe_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    quarantined_at: Mapped[dt.datetime | None]
    problem: Mapped[str | None]
    """Code of what keeps us from the network (see portal.networks.protocol.errors); None while all is well."""

    provider_id: Mapped[str | None] = mapped_column(String(200))
    """Who we are to the network: the account that the token opened at the first success."""
    provider_bound_at: Mapped[dt.datetime | None]
    shares_provider: Mapped[bool] = mapped_column(default=False)
    """Support let it have an account that another tenant has."""
    holdings_known: Mapped[bool] = mapped_column(default=False)
    """Everyone the account holds was delivered from here or accepted: a full delivery archives only known people."""
    account_doubt: Mapped[str | None] = mapped_column(String(30))
    """Why the account that the token opens now is not taken (a Problem); everything waits for a person."""
    doubted_since: Mapped[dt.datetime | None]
    found_provider_id: Mapped[str | None] = mapped_column(String(200))
    """The account that is doubted."""
    found_provider_name: Mapped[str | None]

    network_name: Mapped[str | None]
    """Of the account that the connection is bound to."""
    network_licensed_until: Mapped[dt.date | None]
    max_part_bytes: Mapped[int | None]
    encodings: Mapped[list[str] | None] = mapped_column(JSON)
    checked_at: Mapped[dt.datetime | None]
    """When `readAccount` last succeeded."""

    tenant: Mapped[Tenant] = relationship(back_populates="connections")

    @property
    def waits_for_a_person(self) -> bool:
        """Whether planning waits for a person's decision."""
        return self.reconcile_since is not None or self.account_doubt is not None


def token_place(connection_id: int) -> str:
    """Return the place of a connection's encrypted token (see portal.core.crypto)."""
    return f"connection.token_encrypted:{connection_id}"


class Heartbeat(Base):
    """The last sign of life of a process that works without a browser waiting."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(String(100), unique=True)
    """Kind and number of the process, `worker:host:pid` or `cron:host:pid`."""
    kind: Mapped[str] = mapped_column(String(10))
    started_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime] = mapped_column(index=True)
