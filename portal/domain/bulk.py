"""One decision for many people: the run, and what became of each."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.database import Base, TenantOwned
from portal.core.leases import CrashCounted


class BulkAction(StrEnum):
    RELEASE = "release"
    REVOKE = "revoke"
    MEDIATOR = "mediator"
    TRANSFER = "transfer"


class BulkState(StrEnum):
    SHOWN = "shown"
    """Waits for the person who chose to say that it is meant."""
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"


UNFINISHED = frozenset({BulkState.WAITING, BulkState.RUNNING})


class BulkOutcome(StrEnum):
    DONE = "done"
    UNCHANGED = "unchanged"
    """It was so already."""
    REFUSED = "refused"


class BulkRun(CrashCounted, Base):
    """An action of one user for many participants: first shown as a preview, then carried out by the worker."""

    __tablename__ = "bulk_run"
    __table_args__ = (
        Index("ix_bulk_run_newest", "tenant_id", "id"),
        Index(
            "ix_bulk_run_to_do",
            "id",
            sqlite_where=text("state != 'done'"),
            postgresql_where=text("state != 'done'"),
        ),
    )

    action: Mapped[BulkAction]
    state: Mapped[BulkState]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    initials: Mapped[str] = mapped_column(String(50))
    own_mediator_id: Mapped[int | None] = mapped_column(ForeignKey("mediator.id"))
    """The mediator that the person is, who becomes the default of a release."""
    mediator_id: Mapped[int | None] = mapped_column(ForeignKey("mediator.id"))
    """Whom the people get."""
    query: Mapped[str] = mapped_column(String(2000), default="")
    """Address of the list it came from, behind the question mark."""
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    """People with an outcome."""
    created_at: Mapped[dt.datetime]
    started_at: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("delivery.id"))
    """The transfer that came of it."""
    problem: Mapped[str | None] = mapped_column(String(40))
    """Code of the refusal that concerns all of it."""
    problem_values: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Claims in a row that ended without a word."""


class BulkItem(TenantOwned, Base):
    """One person of a run; frozen when they were chosen."""

    __tablename__ = "bulk_item"
    __table_args__ = (
        Index("uq_bulk_item", "bulk_id", "participant_id", unique=True),
        Index("ix_bulk_item_outcome", "bulk_id", "outcome", "id"),
    )

    bulk_id: Mapped[int] = mapped_column(ForeignKey("bulk_run.id", ondelete="CASCADE"))
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id", ondelete="CASCADE"))
    consent_confirmed: Mapped[bool] = mapped_column(default=False)
    """A user confirmed for this participant by name that consent is at hand."""
    outcome: Mapped[BulkOutcome | None]
    code: Mapped[str | None] = mapped_column(String(40))
    """Why it was refused; of a transfer, `withdrawn` where it took the person out of the network."""
    finding: Mapped[str | None] = mapped_column(String(40))
    """What the refusal names."""
