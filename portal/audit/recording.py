"""What is done, said once: an intent goes with a request or command, and is written when that commits.

So an act that was refused, or only previewed, leaves no entry, and one that was done cannot be without.
"""

from __future__ import annotations

import datetime as dt
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Table, insert

from portal.audit.changes import take_changes
from portal.core.database import db, for_every_tenant, utcnow
from portal.domain.audit import AuditEntry, AuditEvent


@dataclass
class Intent:
    """The event and subject that the current request or command will record."""

    event: AuditEvent
    by: str
    tenant_id: int | None = None
    account_id: int | None = None
    role: str | None = None
    address: str | None = None
    subject: str | None = None
    subject_id: int | None = None
    data: dict[str, Any] = field(default_factory=dict)


_intent: ContextVar[Intent | None] = ContextVar("audit_intent", default=None)


def intend(intent: Intent | None) -> None:
    """From now on this is what the next commit is for; None: nothing to record."""
    _intent.set(intent)


def describe(*, subject_id: int | None = None, tenant_id: int | None = None, **data: object) -> None:
    """Add to what is recorded: codes and numbers only, never a name or a typed text."""
    intent = _intent.get()
    if intent is None:
        return
    if subject_id is not None:
        intent.subject_id = subject_id
    if tenant_id is not None:
        intent.tenant_id = tenant_id
    intent.data |= {name: value for name, value in data.items() if value is not None}


def write_intended() -> None:
    """Write what the current transaction is for, with what it set; once."""
    intent = _intent.get()
    db.session.flush()
    changes = take_changes()
    if intent is not None:
        _intent.set(None)
        if changes:
            intent.data["changes"] = changes
        record(intent, utcnow())


def record(intent: Intent, now: dt.datetime) -> None:
    """Write an entry, whatever tenant the session sees. Never commits."""
    values = {name: value for name, value in vars(intent).items() if name != "data"}
    table = cast("Table", AuditEntry.__table__)
    with for_every_tenant():
        db.session.connection().execute(insert(table).values(at=now, data=intent.data, **values))
