"""What happened at each provider before somebody opens the demo. Each play ends today."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from demo.logins import J4U, JN, SMALL
from demo.stage import Stage, control, force
from portal.database import utcnow
from portal.qualli.models import ImportMode
from portal.releases.view import load_view

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Past:
    """How long ago the acts of a play were, counted back from today by the tenant's working days."""

    overdue: dt.timedelta
    """Long enough that an answer is overdue, and not so long that it is in clarification."""
    unanswered: dt.timedelta
    """Long enough that an answer that has not come is in clarification."""


def past(stage: Stage) -> Past:
    """The spans for the stage's tenant, today."""
    view = load_view(stage.tenant_id, utcnow())
    latest, earliest = view.deadlines.overdue_before, view.deadlines.clarification_before
    middle = earliest + (latest - earliest) / 2
    return Past(view.now - middle, view.now - earliest + DAY)


BEGUN = (
    "online", "left-order", "revoked", "mediator-unknown", "refused-record", "rejected", "archived-unexpectedly",
    "archiving", "withdrawn", "expired", "name-missing", "mediator-missing", "mediator-inactive",
)  # fmt: skip
"""Roles that were released on the first day."""


def play(stage: Stage) -> None:
    """Give the provider's play."""
    control(stage.sandbox_url, "PUT", "/answer-delay", {"seconds": 0})
    {JN: _large_jobnetzwerk, J4U: _large_job4you, SMALL: _small}[stage.provider.slug](stage)
    control(stage.sandbox_url, "PUT", "/answer-delay", {"seconds": None})


def _force_outcomes(stage: Stage) -> None:
    numbers = stage.provider.numbers
    force(
        stage.sandbox_url,
        stage.provider,
        [
            *((number, "rejected", "name-missing") for number in numbers("rejected")),
            *((number, "archived", "duplicate-applicant") for number in numbers("archived-unexpectedly")),
            *((number, "refused", None) for number in numbers("refused-record")),
        ],
    )


def _large_jobnetzwerk(stage: Stage) -> None:
    spans = past(stage)
    _force_outcomes(stage)
    stage.import_export(before=True, mode=ImportMode.FULL)
    stage.release(*BEGUN, "confirmed", "revoked-today", "mediator-changed", "left")
    stage.deliver()
    stage.grow_older(14 * DAY)

    stage.release("online-later")
    stage.revoke("revoked")
    stage.deliver()
    stage.grow_older(5 * DAY)

    _released_without_answer(stage, "unanswered")
    stage.grow_older(spans.unanswered - spans.overdue)
    _released_without_answer(stage, "overdue")
    stage.grow_older(spans.overdue)

    stage.import_export(before=False, mode=ImportMode.FULL)
    stage.sweep()
    _archiving_and_sent(stage)
    _today(stage)
    stage.revoke("revoked-today")
    stage.choose_mediator("V-105", "mediator-changed")


def _large_job4you(stage: Stage) -> None:
    _force_outcomes(stage)
    stage.withhold("answers-complete-early", "answer-missing")
    stage.withhold("answers-contradictory", "contradictory")
    stage.import_export(before=True, mode=ImportMode.FULL)
    stage.release(
        *BEGUN, "order-lost", "consent-missing", "email-missing", "caseworker-missing", "order-missing", "order-open",
        "answer-missing", "contradictory", "left",
    )  # fmt: skip
    stage.deliver()
    stage.grow_older(9 * DAY)

    stage.release("online-later")
    stage.revoke("revoked")
    stage.deliver()
    stage.grow_older(6 * DAY)

    _archiving_and_sent(stage)
    stage.import_export(before=False, mode=ImportMode.FULL)
    stage.sweep()
    _today(stage)
    stage.deliver()  # an order lost everybody, so the brake holds it


def _small(stage: Stage) -> None:
    """A commit whose answer was lost, and a network that says no more since; then the licence ended."""
    stage.import_export(before=False, mode=ImportMode.FULL)
    stage.release("online")
    stage.deliver()
    stage.grow_older(12 * DAY)

    stage.release("late")
    provider = {"provider_id": stage.provider.slug}
    lost = {"kind": "drop-after", "operation": "commitDelivery", "count": 1}
    control(stage.sandbox_url, "POST", "/misbehaviours", provider | lost)
    stage.begin_delivery()
    silent = {"kind": "status", "parameters": {"status": 503}}
    control(stage.sandbox_url, "POST", "/misbehaviours", provider | silent)
    stage.grow_older(dt.timedelta(hours=3))
    stage.release("ready")


def _released_without_answer(stage: Stage, role: str) -> None:
    stage.release(role)
    stage.withhold("answers-held", role, sequence=stage.next_sequence())
    stage.deliver(role)


def _archiving_and_sent(stage: Stage) -> None:
    """Some were signed off and some told a moment ago, and the network has not answered yet."""
    there = {role.name for role in stage.provider.roles}
    stage.revoke("archiving")
    if "sent" in there:
        stage.release("sent")
    roles = sorted({"archiving", "sent"} & there)
    stage.withhold("answers-held", *roles, sequence=stage.next_sequence())
    stage.deliver(*roles)
    stage.grow_older(dt.timedelta(hours=2))


def _today(stage: Stage) -> None:
    stage.release("scheduled")
