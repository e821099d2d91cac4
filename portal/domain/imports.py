"""Imports from Qualli.life: the run, its staged lines, and what was rejected."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.database import Base, TenantOwned
from portal.core.leases import CrashCounted
from portal.domain.import_kinds import Kind
from portal.domain.tokens import ApiToken


class ImportState(StrEnum):
    WAITING = "waiting"
    STAGING = "staging"
    HELD = "held"
    """A full import that shrinks by more than half waits for a person."""
    APPLYING = "applying"
    DONE = "done"
    FAILED = "failed"
    DISCARDED = "discarded"


DOOR_FILE = "file"
DOOR_HTTP = "http"
UNFINISHED = frozenset({ImportState.WAITING, ImportState.STAGING, ImportState.APPLYING})
"""States in which a worker still has something to do."""
ENDED = frozenset({ImportState.DONE, ImportState.FAILED, ImportState.DISCARDED})


class ImportMode(StrEnum):
    FULL = "full"
    DELTA = "delta"


class Step(StrEnum):
    """Steps of the taking over, in their order."""

    MEDIATORS = "mediators"
    ORDERS = "orders"
    PARTICIPANTS = "participants"
    IDENTITIES = "identities"
    PROFILES = "profiles"
    LOST_PROFILES = "lost-profiles"
    LEAVERS = "leavers"
    IDLE_MEDIATORS = "idle-mediators"
    FINISHED = "finished"


class ImportRun(CrashCounted, Base):
    """One import, from being taken in to its report."""

    __tablename__ = "import_run"
    __table_args__ = (
        Index("ix_import_run_newest", "tenant_id", "id"),
        Index("uq_import_run_request", "tenant_id", "request_key", unique=True),
        Index(
            "uq_import_run_running",
            "tenant_id",
            unique=True,
            sqlite_where=text("state IN ('staging', 'applying')"),
            postgresql_where=text("state IN ('staging', 'applying')"),
        ),
        Index(
            "ix_import_run_to_do",
            "id",
            sqlite_where=text("emptied_at IS NULL"),
            postgresql_where=text("emptied_at IS NULL"),
        ),
    )

    mode: Mapped[ImportMode]
    door: Mapped[str] = mapped_column(String(10))
    """`file` or `http`."""
    dry_run: Mapped[bool] = mapped_column(default=False)
    state: Mapped[ImportState]
    started_by: Mapped[str]
    """Initials, or the name of the door."""
    started_by_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    """None where it was started at the server without an account, or through the door."""
    created_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]
    progress: Mapped[int] = mapped_column(default=0)
    """Lines read or applied so far."""
    total: Mapped[int | None]
    """Of as many, as far as it is known."""
    counts: Mapped[dict[str, dict[str, int]]] = mapped_column(JSON, default=dict)
    """Lines by kind: read, applied, unchanged, identical, rejected; left: people, mediators or profiles that went."""
    notices: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """Unknown columns, missing files and the like: code, and values."""
    kinds: Mapped[list[str]] = mapped_column(JSON, default=list)
    """What there were files for; a missing file says nothing about its kind."""
    everyone_stays: Mapped[bool] = mapped_column(default=False)
    """A line's own identifier was unreadable or repeated: it may mean a participant who seems to be missing."""
    profiles_stay: Mapped[bool] = mapped_column(default=False)
    """A profile line names an unknown participant: it may mean one who seems to have no lines."""
    problem: Mapped[str | None] = mapped_column(String(40))
    """Code of why it is held, failed or was discarded."""
    problem_values: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    decided_by: Mapped[str | None] = mapped_column(String(50))
    """Initials of who approved or discarded a held import."""
    token_id: Mapped[int | None] = mapped_column(ForeignKey("api_token.id"))
    """The token by which it came through the HTTP door."""
    request_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """Hash of the Idempotency-Key of the request."""
    request_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """Keyed digest of what was sent with that key."""
    exported_at: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """When the lines of each kind were exported, as far as it is known (see export_times)."""
    upload: Mapped[str | None] = mapped_column(String(100))
    """Path of the export below the data folder; None once it is deleted."""
    emptied_at: Mapped[dt.datetime | None]
    """When the staged lines and the upload of an ended import were deleted."""

    step: Mapped[Step] = mapped_column(default=Step.MEDIATORS)
    """What is being taken over."""
    cursor: Mapped[str] = mapped_column(String(100), default="")
    """The last number of that step that was taken over."""
    """Claims in a row that ended without a word."""

    token: Mapped[ApiToken | None] = relationship()


class ImportLine(TenantOwned, Base):
    """A line, staged until the whole import is taken over; deleted at its end."""

    __tablename__ = "import_line"
    __table_args__ = (
        Index("uq_import_line", "import_id", "kind", "number", unique=True),
        Index("ix_import_line_refers", "import_id", "kind", "refers_to"),
        Index("ix_import_line_lookup_key", "import_id", "kind", "lookup_key"),
    )

    import_id: Mapped[int] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"))
    kind: Mapped[Kind]
    number: Mapped[str] = mapped_column(String(100))
    """Identifier, as it is stored where it is; of a profile line, which has none of its own, its place in the file."""
    lookup_key: Mapped[str] = mapped_column(String(100))
    """See people.identifiers; empty for a profile line."""
    refers_to: Mapped[str | None] = mapped_column(String(100))
    """A participant's order, a mediator's initials, the participant of a profile line."""
    line: Mapped[int]
    """Line in the file, from 1, the header being 1."""
    good: Mapped[bool]
    """False for a rejected line, kept without its values: it proves that the participant is not missing."""
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    """As portal.imports.parsing gives them."""
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Encrypted social insurance number, as it goes into the participant's row."""


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
