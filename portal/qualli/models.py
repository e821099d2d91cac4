"""Imports from Qualli.life: the run, its staged lines, and what was rejected."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, TenantOwned


class ImportState(StrEnum):
    WAITING = "waiting"
    STAGING = "staging"
    HELD = "held"
    """A full import that shrinks by more than half waits for a person."""
    APPLYING = "applying"
    DONE = "done"
    FAILED = "failed"
    DISCARDED = "discarded"


class ImportMode(StrEnum):
    FULL = "full"
    DELTA = "delta"


class ImportRun(TenantOwned, Base):
    """One import, from being taken in to its report."""

    __tablename__ = "import_run"
    __table_args__ = (
        Index("ix_import_run_newest", "tenant_id", "id"),
        Index(
            "uq_import_run_running",
            "tenant_id",
            unique=True,
            sqlite_where=text("state IN ('staging', 'applying')"),
            postgresql_where=text("state IN ('staging', 'applying')"),
        ),
    )

    mode: Mapped[ImportMode]
    door: Mapped[str] = mapped_column(String(10))
    """`file` or `http`."""
    dry_run: Mapped[bool] = mapped_column(default=False)
    state: Mapped[ImportState]
    started_by: Mapped[str]
    """Initials, or the name of the door."""
    created_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]
    progress: Mapped[int] = mapped_column(default=0)
    """Lines read or applied so far."""
    total: Mapped[int | None]
    counts: Mapped[dict[str, dict[str, int]]] = mapped_column(JSON, default=dict)
    """By kind: read, applied, unchanged, rejected, left."""
    notices: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """Unknown columns, missing files and the like, by code and values."""
    nobody_leaves: Mapped[bool] = mapped_column(default=False)
    problem: Mapped[str | None]
    """Code of why it failed or is held."""
    problem_values: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    file_path: Mapped[str | None]
    """Upload waiting to be read, below the data folder; None once it is read."""
    lease_until: Mapped[dt.datetime | None] = mapped_column(index=True)
    fence: Mapped[int] = mapped_column(default=0)


class ImportLine(TenantOwned, Base):
    """A good line, staged until the whole import is taken over."""

    __tablename__ = "import_line"
    __table_args__ = (Index("uq_import_line", "import_id", "kind", "number", unique=True),)

    import_id: Mapped[int] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(12))
    """mediator, order, participant or profile."""
    number: Mapped[str] = mapped_column(String(100))
    line: Mapped[int]
    """Line in the file, from 1, the header being 1."""
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Sealed social insurance number, as it goes into the participant's row."""


class ImportRejection(TenantOwned, Base):
    """A line that was not taken over, and why."""

    __tablename__ = "import_rejection"
    __table_args__ = (Index("ix_import_rejection", "import_id", "id"),)

    import_id: Mapped[int] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"))
    file: Mapped[str] = mapped_column(String(100))
    line: Mapped[int]
    """From 1; 0 is the file as a whole."""
    column: Mapped[str | None] = mapped_column(String(200))
    code: Mapped[str] = mapped_column(String(40))
