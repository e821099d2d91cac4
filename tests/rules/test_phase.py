"""The phase beside the status: the first in the order of the design that applies (docs/domain.md#phase)."""

import datetime as dt
import itertools
from dataclasses import replace

import pytest

from portal.domain.rules.phase import (
    WAITS_FOR_NOTHING,
    Deadlines,
    Moments,
    Phase,
    PhaseInput,
    Transit,
    needs_action,
    phase,
    waits_since,
)
from portal.domain.rules.status import Status

NOW = dt.datetime(2026, 3, 5, 9, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
DEADLINES = Deadlines(overdue_before=NOW - 2 * DAY, clarification_before=NOW - 3 * DAY)
MOMENT = dt.timedelta(microseconds=1)

# In the order of the design: whoever is in one of these and in a later one is shown the former.
SITUATIONS: dict[Phase, dict[str, object]] = {
    Phase.CLARIFICATION: {"clarification": True},
    Phase.OUTCOME_UNKNOWN: {"transit": Transit.OUTCOME_UNKNOWN},
    Phase.HELD: {"transit": Transit.HELD},
    Phase.TRANSFERRING: {"transit": Transit.TRANSFERRING},
    Phase.REJECTED: {"rejected": True},
    Phase.MEDIATOR_UNKNOWN: {"released": True, "mediator_unknown": True},
    Phase.OVERDUE: {"waiting_since": NOW - 2.5 * DAY},
    Phase.ARCHIVING: {"waiting_since": NOW, "announced": False},
    Phase.SENT: {"waiting_since": NOW, "announced": True},
    Phase.BLOCKED: {"released": True, "findings": 2},
    Phase.SCHEDULED: {"released": True, "pending": True},
    Phase.WITHDRAWAL_SCHEDULED: {"announced": True},
    Phase.NOT_RELEASED: {},
    Phase.CURRENT: {"released": True, "announced": True, "status": Status.ONLINE},
}


@pytest.mark.parametrize("expected", Phase)
def test_every_phase_is_reached(expected: Phase) -> None:
    assert phase(PhaseInput(**SITUATIONS[expected]), DEADLINES) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(list(Phase)[:10], 2)))
def test_the_first_that_applies_is_shown(first: Phase, second: Phase) -> None:
    both = SITUATIONS[second] | SITUATIONS[first]
    assert phase(PhaseInput(**both), DEADLINES) is first  # type: ignore[arg-type]


def test_the_phases_are_listed_in_the_order_of_the_design() -> None:
    assert list(SITUATIONS) == list(Phase)


@pytest.mark.parametrize(
    ("waited_since", "expected"),
    [
        (NOW, Phase.SENT),
        (NOW - 2 * DAY, Phase.SENT),
        (NOW - 2 * DAY - MOMENT, Phase.OVERDUE),
        (NOW - 3 * DAY, Phase.OVERDUE),
        (NOW - 3 * DAY - MOMENT, Phase.CLARIFICATION),
    ],
)
def test_waiting_grows_worse_by_the_deadlines(waited_since: dt.datetime, expected: Phase) -> None:
    assert phase(PhaseInput(announced=True, waiting_since=waited_since), DEADLINES) is expected


@pytest.mark.parametrize(
    ("released", "expected"), [(True, Phase.MEDIATOR_UNKNOWN), (False, Phase.NOT_RELEASED)]
)
def test_an_unknown_mediator_matters_only_while_the_bar_is_green(released: bool, expected: Phase) -> None:
    assert phase(PhaseInput(released=released, mediator_unknown=True), DEADLINES) is expected


@pytest.mark.parametrize("status", Status)
def test_only_what_the_network_confirmed_is_current(status: Status) -> None:
    """Released, told, nothing pending, no answer awaited: without a confirmation that is nothing settled."""
    expected = Phase.CURRENT if status is Status.ONLINE else Phase.SCHEDULED
    assert phase(PhaseInput(released=True, announced=True, status=status), DEADLINES) is expected


@pytest.mark.parametrize(("released", "expected"), [(True, Phase.REJECTED), (False, Phase.NOT_RELEASED)])
def test_an_unexpected_archiving_is_a_rejection_only_while_the_bar_is_green(
    released: bool, expected: Phase
) -> None:
    assert phase(PhaseInput(released=released, unexpectedly_archived=True), DEADLINES) is expected


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        (
            PhaseInput(announced=True),
            Phase.WITHDRAWAL_SCHEDULED,
        ),  # revoked, and the network is yet to be told
        (PhaseInput(findings=3), Phase.NOT_RELEASED),
        (PhaseInput(announced=True, findings=3), Phase.WITHDRAWAL_SCHEDULED),
        (PhaseInput(released=True, announced=True, findings=1), Phase.BLOCKED),
        (PhaseInput(released=True, announced=True, pending=True), Phase.SCHEDULED),
    ],
)
def test_somebody_at_rest(situation: PhaseInput, expected: Phase) -> None:
    assert phase(situation, DEADLINES) is expected


def test_a_transfer_under_way_goes_before_a_long_wait_but_not_before_clarification() -> None:
    waiting = PhaseInput(announced=True, transit=Transit.TRANSFERRING, waiting_since=NOW - 2.5 * DAY)
    assert phase(waiting, DEADLINES) is Phase.TRANSFERRING
    assert phase(replace(waiting, waiting_since=NOW - 4 * DAY), DEADLINES) is Phase.CLARIFICATION


def test_no_value_of_a_phase_is_forgotten() -> None:
    """Each phase says whether it needs somebody, and since when it waits; a new one would fail here."""
    for each in Phase:
        needs_action(PhaseInput(**SITUATIONS[each]), DEADLINES)  # type: ignore[arg-type]
        assert (waits_since(each, Moments(released_at=NOW)) is None) == (each in WAITS_FOR_NOTHING)


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        # somebody of the tenant can look into it and end it
        (PhaseInput(clarification=True), True),
        (PhaseInput(released=True, rejected=True), True),
        (PhaseInput(released=True, unexpectedly_archived=True), True),
        (PhaseInput(released=True, mediator_unknown=True), True),
        (PhaseInput(released=True, findings=1, mendable=True), True),
        # their own trouble, which a held delivery only hides
        (PhaseInput(released=True, findings=1, mendable=True, transit=Transit.HELD), True),
        (PhaseInput(released=True, rejected=True, transit=Transit.HELD), True),
        # one delivery to decide, not one thing for each person in it
        (PhaseInput(released=True, announced=True, transit=Transit.HELD), False),
        (PhaseInput(announced=True, transit=Transit.HELD), False),
        # after three working days somebody asks the network; before, there is nothing to do
        (PhaseInput(announced=True, waiting_since=NOW - 4 * DAY), True),
        (PhaseInput(announced=True, waiting_since=NOW - 2.5 * DAY), False),
        # a licence or a token is one thing to mend, and nothing that this person lacks
        (PhaseInput(released=True, findings=1), False),
        # on the way
        (PhaseInput(released=True, findings=1, mendable=True, transit=Transit.TRANSFERRING), False),
        (PhaseInput(released=True, rejected=True, transit=Transit.OUTCOME_UNKNOWN), False),
        (PhaseInput(announced=True, waiting_since=NOW), False),
        (PhaseInput(waiting_since=NOW), False),
        # nobody wants these to be there
        (PhaseInput(rejected=True, announced=True), False),
        (PhaseInput(announced=True, findings=1, mendable=True), False),
        (PhaseInput(findings=3, mendable=True), False),
        (PhaseInput(released=True), False),
        (PhaseInput(released=True, announced=True, status=Status.ONLINE), False),
    ],
)
def test_who_needs_somebody_to_act(situation: PhaseInput, expected: bool) -> None:
    assert needs_action(situation, DEADLINES) is expected


LAST_WEEK, YESTERDAY = NOW - 7 * DAY, NOW - DAY


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        (Moments(released_at=LAST_WEEK), LAST_WEEK),
        (Moments(released_at=LAST_WEEK, announced_at=YESTERDAY), YESTERDAY),
        (Moments(released_at=YESTERDAY, announced_at=LAST_WEEK), YESTERDAY),
        (Moments(released_at=LAST_WEEK, ended_at=YESTERDAY), YESTERDAY),
        (Moments(released_at=LAST_WEEK, announced_at=NOW, waiting_since=YESTERDAY), YESTERDAY),
        (
            Moments(released_at=LAST_WEEK, announced_at=NOW, stuck_since=YESTERDAY, waiting_since=NOW),
            YESTERDAY,
        ),
        (Moments(stuck_since=NOW, waiting_since=YESTERDAY), YESTERDAY),
        (Moments(), None),
    ],
)
@pytest.mark.parametrize("found", sorted(set(Phase) - WAITS_FOR_NOTHING))
def test_everybody_who_is_stuck_waits_since_a_moment(
    found: Phase, moments: Moments, expected: dt.datetime | None
) -> None:
    assert waits_since(found, moments) == expected
