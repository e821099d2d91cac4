"""What a view does, as the audit names it: a mark beside its permission."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from portal.domain.audit import AuditEvent

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Act:
    """An event, and what kind of row it happens to."""

    event: AuditEvent
    subject: str | None = None


def audited(event: AuditEvent, subject: str | None = None) -> Callable[[View], View]:
    """Have the request leave an entry in the audit, when it commits or hands out what it reads."""

    def mark(view: View) -> View:
        view.act = Act(event, subject)  # type: ignore[attr-defined]
        return view

    return mark


def act_of(view: Callable[..., Any] | None) -> Act | None:
    """Return the act of a view; None if it leaves no entry of its own."""
    found: Act | None = getattr(view, "act", None)
    return found
