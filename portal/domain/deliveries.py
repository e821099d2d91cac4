"""Deliveries: the row each step works on, what was frozen, who is in it, each attempt, each odd answer."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.database import Base, TenantOwned
from portal.core.leases import CrashCounted
from portal.domain.delivery_states import ChangeKind, DeliveryProblem, DeliveryState, Inclusion, Mode, Trigger
from portal.domain.participants import Participant
from portal.domain.tenants import Connection

_UNCOMMITTED = "state IN ('planned', 'built', 'held', 'sending')"
_DUE = "next_step_at IS NOT NULL"
_NIGHTLY = "local_date IS NOT NULL AND state <> 'discarded'"


class Delivery(CrashCounted, Base):
    """Datenübertragung: one transfer of a tenant's released participants. Numbered per connection."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("uq_delivery_sequence", "connection_id", "sequence", unique=True),
        Index(
            "uq_delivery_uncommitted",
            "connection_id",
            unique=True,
            sqlite_where=text(_UNCOMMITTED),
            postgresql_where=text(_UNCOMMITTED),
        ),
        Index(
            "uq_delivery_night",
            "tenant_id",
            "local_date",
            unique=True,
            sqlite_where=text(_NIGHTLY),
            postgresql_where=text(_NIGHTLY),
        ),
        Index("ix_delivery_due", "next_step_at", sqlite_where=text(_DUE), postgresql_where=text(_DUE)),
        Index("ix_delivery_newest", "tenant_id", "id"),
    )

    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    sequence: Mapped[int] = mapped_column(BigInteger)
    """The number that people see."""
    mode: Mapped[Mode]
    cause: Mapped[Trigger]
    started_by: Mapped[str] = mapped_column(String(50))
    """Initials, or "system"."""
    started_by_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    local_date: Mapped[dt.date | None]
    """The night it belongs to, in the tenant's time; only of nightly ones, each once."""
    late: Mapped[bool] = mapped_column(default=False)
    """Made up after the time it was due."""
    selection: Mapped[list[int] | None] = mapped_column(JSON)
    """Delta: the participants it is about, by row. None: everybody."""
    state: Mapped[DeliveryState] = mapped_column(default=DeliveryState.PLANNED)

    idempotency_key: Mapped[str] = mapped_column(String(36))
    base_sequence: Mapped[int | None] = mapped_column(BigInteger)
    remote_id: Mapped[str | None] = mapped_column(String(64))
    """The network's own name of it."""
    receipt_id: Mapped[str | None] = mapped_column(String(200))
    cursor: Mapped[str | None] = mapped_column(String(200))

    created_at: Mapped[dt.datetime]
    built_at: Mapped[dt.datetime | None]
    held_at: Mapped[dt.datetime | None]
    sent_at: Mapped[dt.datetime | None]
    """When sending began."""
    commit_attempted_at: Mapped[dt.datetime | None]
    """From then on it may count, whatever we heard; it is never discarded."""
    outcome_unknown: Mapped[bool] = mapped_column(default=False)
    """A commit went out and no answer came back."""
    committed_at: Mapped[dt.datetime | None]
    completed_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]

    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    """mediator, order, participant, withdrawal (the manifest's); new, changed, unchanged, leaving, blocked."""
    answered: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    """active, archived, rejected, missing."""
    brake: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What the brake found; see deliveries.brake."""
    shown_digest: Mapped[str | None] = mapped_column(String(64))
    """Of exactly what is shown of a held one; letting go names it."""
    approved_at: Mapped[dt.datetime | None]
    approved_by: Mapped[str | None] = mapped_column(String(50))
    problem: Mapped[DeliveryProblem | None]
    problem_detail: Mapped[str | None]
    discarded_by: Mapped[str | None] = mapped_column(String(50))
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("delivery.id"))
    """The delivery that yielded to this one and is planned again once this one is committed."""

    next_step_at: Mapped[dt.datetime | None]
    """When a worker should go on with it; None: nothing is to be done."""
    """Claims in a row that ended without a word."""
    empty_polls: Mapped[int] = mapped_column(default=0)
    fruitless: Mapped[int] = mapped_column(default=0)
    """Questions for its answers in a row that failed by its own trouble, or brought answers of which none was new.
    Below zero: so many pages more may repeat what was read before."""

    connection: Mapped[Connection] = relationship()


class DeliveryPart(TenantOwned, Base):
    """A frozen part: what is sent again later is these bytes, not a new reading."""

    __tablename__ = "delivery_part"
    __table_args__ = (Index("uq_delivery_part", "delivery_id", "number", unique=True),)

    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id", ondelete="CASCADE"))
    number: Mapped[int]
    content_encrypted: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    """The compressed bytes as sent, encrypted for `part_place(delivery_id, number)`."""
    digest: Mapped[str] = mapped_column(String(60))
    """Content-Digest of the bytes as sent (RFC 9530)."""
    size: Mapped[int]
    """Bytes as sent."""
    records: Mapped[int]


class DeliveryPerson(TenantOwned, Base):
    """A participant in a delivery: named, withdrawn or left out; and what the network answered about them."""

    __tablename__ = "delivery_person"
    __table_args__ = (
        Index("uq_delivery_person", "delivery_id", "participant_id", unique=True),
        Index("ix_delivery_person_participant", "participant_id", "delivery_id"),
    )

    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id", ondelete="CASCADE"))
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"))
    part: Mapped[Inclusion]
    novelty: Mapped[ChangeKind]
    explained: Mapped[bool] = mapped_column(default=True)
    """Of leavers: whether a person, or the end of consent, explains it (docs/domain.md#removal-brake)."""
    findings: Mapped[list[str] | None] = mapped_column(JSON)
    """Of unexplained leavers: what blocked them."""
    part_number: Mapped[int | None]
    """The frozen part that holds their record; None where they have none, or it was frozen before parts were noted."""
    revision: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str | None] = mapped_column(String(64))
    mediator_id: Mapped[int | None] = mapped_column(ForeignKey("mediator.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    outcome: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(50))
    detail: Mapped[str | None]
    answered_at: Mapped[dt.datetime | None]
    """When the network says it answered."""

    participant: Mapped[Participant] = relationship()


class DeliveryMediator(TenantOwned, Base):
    """A mediator named in a delivery, and whether the network knows them."""

    __tablename__ = "delivery_mediator"
    __table_args__ = (Index("uq_delivery_mediator", "delivery_id", "mediator_id", unique=True),)

    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id", ondelete="CASCADE"))
    mediator_id: Mapped[int] = mapped_column(ForeignKey("mediator.id"))
    outcome: Mapped[str | None] = mapped_column(String(20))
    answered_at: Mapped[dt.datetime | None]


class OddAnswer(TenantOwned, Base):
    """An answer that moved nothing: about a stranger, or contradicting an earlier one of the same delivery."""

    __tablename__ = "odd_answer"
    __table_args__ = (
        Index("uq_odd_answer", "delivery_id", "kind", "subject", "number", "outcome", unique=True),
        Index("ix_odd_answer_number", "tenant_id", "number"),
    )

    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    """stranger, contradictory or unknown-word."""
    subject: Mapped[str] = mapped_column(String(20))
    number: Mapped[str] = mapped_column(String(200))
    outcome: Mapped[str] = mapped_column(String(50))
    reason: Mapped[str | None] = mapped_column(String(50))
    at: Mapped[dt.datetime]


class Attempt(TenantOwned, Base):
    """A request to the network, or repeated ones that went the same way. Never a token, never personal data."""

    __tablename__ = "attempt"
    __table_args__ = (
        Index("ix_attempt_delivery", "delivery_id", "id"),
        Index("ix_attempt_connection", "connection_id", "id"),
        Index("ix_attempt_last", "last_at"),
    )

    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("delivery.id"))
    at: Mapped[dt.datetime]
    """When it was made; of repeated ones, the first."""
    last_at: Mapped[dt.datetime] = mapped_column(
        default=lambda context: context.get_current_parameters()["at"]
    )
    """When the last of them was made."""
    count: Mapped[int] = mapped_column(default=1)
    """How many requests this is: equal ones are folded into one row (see portal.deliveries.attempts)."""
    call: Mapped[str] = mapped_column(String(30))
    """operationId of the contract, with the number of the part where it has one."""
    http_status: Mapped[int | None]
    duration_ms: Mapped[int]
    """Of the last one."""
    problem: Mapped[str | None] = mapped_column(String(60))
    """Kind of error, or the last word of the problem's type."""


def part_place(delivery_id: int, number: int) -> str:
    """Return the place of a part's encrypted content (see portal.core.crypto)."""
    return f"delivery_part.content_encrypted:{delivery_id}:{number}"
