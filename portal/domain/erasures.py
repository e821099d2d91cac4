"""The nightly erasure of a tenant: one row a night, which says how far it is."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.database import Base
from portal.core.leases import CrashCounted


class ErasureState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"


UNFINISHED = frozenset({ErasureState.WAITING, ErasureState.RUNNING})


class ErasureRun(CrashCounted, Base):
    """What one night erased of a tenant: numbers alone."""

    __tablename__ = "erasure_run"
    __table_args__ = (
        Index("uq_erasure_run_night", "tenant_id", "local_date", unique=True),
        Index(
            "ix_erasure_run_to_do",
            "id",
            sqlite_where=text("state <> 'done'"),
            postgresql_where=text("state <> 'done'"),
        ),
    )

    local_date: Mapped[dt.date]
    """The night it belongs to, in the tenant's time; each once."""
    state: Mapped[ErasureState] = mapped_column(default=ErasureState.WAITING)
    created_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]
    people: Mapped[int] = mapped_column(default=0)
    entries: Mapped[int] = mapped_column(default=0)
    """Lines of protocols."""
    parts: Mapped[int] = mapped_column(default=0)
    """Frozen parts of deliveries."""
    problem: Mapped[str | None] = mapped_column(String(40))
    """Code of why it ended early."""
    """Claims in a row that ended without a word."""
