"""What happened at each provider before somebody opens the demo. Each play ends today."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from demo.logins import J4U, JN, SMALL
from demo.stage import Stage, control, force
from portal.domain.imports import ImportMode
from portal.tenants.context import load_tenant_context

DAY = dt.timedelta(days=1)
MOMENT = dt.timedelta(minutes=90)
"""Between people's work and what follows it; shorter than from the nightly transfer to midnight."""
LONG_AGO, RECENTLY = 21, 13
"""Nights ago; further back than three working days can be."""


@dataclass(frozen=True)
class Past:
    """How long ago something happened, by the tenant's working days."""

    overdue: dt.timedelta
    """Long enough that an answer is overdue, and not so long that it is in clarification."""
    unanswered: dt.timedelta
    """Long enough that an answer that has not come is in clarification."""


def past(stage: Stage) -> Past:
    """The spans for the stage's tenant, today."""
    context = load_tenant_context(stage.tenant_id, stage.begun_at)
    latest, earliest = context.deadlines.overdue_before, context.deadlines.clarification_before
    middle = earliest + (latest - earliest) / 2
    return Past(stage.begun_at - middle, stage.begun_at - earliest + DAY)


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
    _until_night(stage, LONG_AGO)
    stage.grow_older(stage.since_night(LONG_AGO) - stage.since_night(RECENTLY) - MOMENT)

    stage.release("online-later")
    stage.revoke("revoked")
    _until_night(stage, RECENTLY)
    stage.grow_older(stage.since_night(RECENTLY) - spans.unanswered)

    _released_without_answer(stage, "unanswered")
    stage.grow_older(spans.unanswered - spans.overdue)
    _released_without_answer(stage, "overdue")
    stage.grow_older(spans.overdue - stage.since_night(1))

    stage.withhold("answers-held", "unanswered", "overdue", sequence=stage.next_sequence())
    stage.deliver_nightly(1)
    stage.grow_older(stage.since_night(1) - MOMENT)

    stage.import_export(before=False, mode=ImportMode.FULL)
    stage.sweep()
    stage.release("sent")
    stage.revoke("archiving")
    _transferred_without_answer(stage, "sent", "archiving")
    stage.grow_older(MOMENT)
    stage.release("scheduled")
    stage.revoke("revoked-today")
    stage.choose_mediator("V-105", "mediator-changed")


def _large_job4you(stage: Stage) -> None:
    _force_outcomes(stage)
    stage.import_export(before=True, mode=ImportMode.FULL)
    stage.release(
        *BEGUN, "order-lost", "consent-missing", "email-missing", "email-unreadable", "caseworker-missing",
        "order-missing", "order-open", "answer-missing", "contradictory", "left",
    )  # fmt: skip
    _until_night(stage, LONG_AGO)
    stage.grow_older(stage.since_night(LONG_AGO) - stage.since_night(RECENTLY) - MOMENT)

    stage.release("online-later")
    stage.revoke("revoked")
    stage.withhold("answers-complete-early", "answer-missing", sequence=stage.next_sequence())
    stage.withhold("answers-contradictory", "contradictory", sequence=stage.next_sequence())
    _until_night(stage, RECENTLY)
    stage.grow_older(stage.since_night(RECENTLY) - stage.since_night(1) - MOMENT)

    stage.import_export(before=False, mode=ImportMode.FULL)
    stage.sweep()
    stage.revoke("archiving")
    _transferred_without_answer(stage, "archiving")
    _until_night(stage, 1)  # an order lost everybody, so the brake holds it
    stage.grow_older(stage.since_night(1))
    stage.release("scheduled")


def _small(stage: Stage) -> None:
    """A commit whose answer was lost, and a network that says no more since; then the licence ended."""
    stage.import_export(before=False, mode=ImportMode.FULL)
    stage.release("online")
    _until_night(stage, RECENTLY)
    stage.grow_older(stage.since_night(RECENTLY) - stage.since_night(1) - MOMENT)

    stage.release("late")
    provider = {"provider_id": stage.provider.slug}
    lost = {"kind": "drop-after", "operation": "commitDelivery", "count": 1}
    control(stage.sandbox_url, "POST", "/misbehaviours", provider | lost)
    stage.grow_older(MOMENT)
    stage.begin_nightly(1)
    silent = {"kind": "status", "parameters": {"status": 503}}
    control(stage.sandbox_url, "POST", "/misbehaviours", provider | silent)
    stage.grow_older(stage.since_night(1))
    stage.release("ready")


def _until_night(stage: Stage, nights_ago: int) -> None:
    """Let the evening pass, and then the nightly transfer run."""
    stage.grow_older(MOMENT)
    stage.deliver_nightly(nights_ago)


def _released_without_answer(stage: Stage, role: str) -> None:
    stage.release(role)
    _transferred_without_answer(stage, role)


def _transferred_without_answer(stage: Stage, *roles: str) -> None:
    stage.withhold("answers-held", *roles, sequence=stage.next_sequence())
    stage.deliver(*roles)
