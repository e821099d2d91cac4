"""What happened at each provider before the demo is opened. Each scenario ends today."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from demo.logins import J4U, JN, SMALL
from demo.setup import Setup, control, force
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


def past(setup: Setup) -> Past:
    """The spans for the tenant, today."""
    context = load_tenant_context(setup.tenant_id, setup.begun_at)
    latest, earliest = context.deadlines.overdue_before, context.deadlines.clarification_before
    middle = earliest + (latest - earliest) / 2
    return Past(setup.begun_at - middle, setup.begun_at - earliest + DAY)


BEGUN = (
    "online", "left-order", "revoked", "mediator-unknown", "refused-record", "rejected", "archived-unexpectedly",
    "archiving", "withdrawn", "expired", "name-missing", "mediator-missing", "mediator-inactive",
)  # fmt: skip
"""Roles that were released on the first day."""


def run_scenario(setup: Setup) -> None:
    """Run the scenario of the provider."""
    control(setup.sandbox_url, "PUT", "/answer-delay", {"seconds": 0})
    {JN: _large_jobnetzwerk, J4U: _large_job4you, SMALL: _small}[setup.provider.slug](setup)
    control(setup.sandbox_url, "PUT", "/answer-delay", {"seconds": None})


def _force_outcomes(setup: Setup) -> None:
    numbers = setup.provider.numbers
    force(
        setup.sandbox_url,
        setup.provider,
        [
            *((number, "rejected", "name-missing") for number in numbers("rejected")),
            *((number, "archived", "duplicate-applicant") for number in numbers("archived-unexpectedly")),
            *((number, "refused", None) for number in numbers("refused-record")),
        ],
    )


def _large_jobnetzwerk(setup: Setup) -> None:
    spans = past(setup)
    _force_outcomes(setup)
    setup.import_export(before=True, mode=ImportMode.FULL)
    setup.release(*BEGUN, "confirmed", "revoked-today", "mediator-changed", "left")
    _until_night(setup, LONG_AGO)
    setup.grow_older(setup.since_night(LONG_AGO) - setup.since_night(RECENTLY) - MOMENT)

    setup.release("online-later")
    setup.revoke("revoked")
    _until_night(setup, RECENTLY)
    setup.grow_older(setup.since_night(RECENTLY) - spans.unanswered)

    _release_two_without_answer(setup, spans)
    setup.withhold("answers-held", "unanswered", "overdue", sequence=setup.next_sequence())
    setup.deliver_nightly(1)
    setup.grow_older(setup.since_night(1) - MOMENT)

    setup.import_export(before=False, mode=ImportMode.FULL)
    setup.sweep()
    setup.release("sent")
    setup.revoke("archiving")
    _transferred_without_answer(setup, "sent", "archiving")
    setup.grow_older(MOMENT)
    setup.release("scheduled")
    setup.revoke("revoked-today")
    setup.choose_mediator("V-105", "mediator-changed")


def _release_two_without_answer(setup: Setup, spans: Past) -> None:
    """Release two participants at different times, with the answers about both withheld; the last night is next."""
    _released_without_answer(setup, "unanswered")
    setup.grow_older(spans.unanswered - spans.overdue)
    _released_without_answer(setup, "overdue")
    setup.grow_older(spans.overdue - setup.since_night(1))


def _large_job4you(setup: Setup) -> None:
    _force_outcomes(setup)
    setup.import_export(before=True, mode=ImportMode.FULL)
    setup.release(
        *BEGUN, "order-lost", "consent-missing", "email-missing", "email-unreadable", "caseworker-missing",
        "order-missing", "order-open", "answer-missing", "contradictory", "left",
    )  # fmt: skip
    _until_night(setup, LONG_AGO)
    setup.grow_older(setup.since_night(LONG_AGO) - setup.since_night(RECENTLY) - MOMENT)

    setup.release("online-later")
    setup.revoke("revoked")
    setup.withhold("answers-complete-early", "answer-missing", sequence=setup.next_sequence())
    setup.withhold("answers-contradictory", "contradictory", sequence=setup.next_sequence())
    _until_night(setup, RECENTLY)
    setup.grow_older(setup.since_night(RECENTLY) - setup.since_night(1) - MOMENT)

    setup.import_export(before=False, mode=ImportMode.FULL)
    setup.sweep()
    setup.revoke("archiving")
    _transferred_without_answer(setup, "archiving")
    _until_night(setup, 1)  # an order lost everybody, so the brake holds it
    setup.grow_older(setup.since_night(1))
    setup.release("scheduled")


def _small(setup: Setup) -> None:
    """A commit whose answer was lost, and a network that says no more since; then the licence ended."""
    setup.import_export(before=False, mode=ImportMode.FULL)
    setup.release("online")
    _until_night(setup, RECENTLY)
    setup.grow_older(setup.since_night(RECENTLY) - setup.since_night(1) - MOMENT)

    setup.release("late")
    provider = {"provider_id": setup.provider.slug}
    lost = {"kind": "drop-after", "operation": "commitDelivery", "count": 1}
    control(setup.sandbox_url, "POST", "/misbehaviours", provider | lost)
    setup.grow_older(MOMENT)
    setup.begin_nightly(1)
    silent = {"kind": "status", "parameters": {"status": 503}}
    control(setup.sandbox_url, "POST", "/misbehaviours", provider | silent)
    setup.grow_older(setup.since_night(1))
    setup.release("ready")


def _until_night(setup: Setup, nights_ago: int) -> None:
    """Let the evening pass, and then the nightly transfer run."""
    setup.grow_older(MOMENT)
    setup.deliver_nightly(nights_ago)


def _released_without_answer(setup: Setup, role: str) -> None:
    setup.release(role)
    _transferred_without_answer(setup, role)


def _transferred_without_answer(setup: Setup, *roles: str) -> None:
    setup.withhold("answers-held", *roles, sequence=setup.next_sequence())
    setup.deliver(*roles)
