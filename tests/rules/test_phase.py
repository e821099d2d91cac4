"""The phase beside the status: the first in the order of the design that applies (§4.3)."""

import datetime as dt
import itertools
from dataclasses import replace

import pytest

from portal.releases.phase import NEEDS_ACTION, Deadlines, Phase, Situation, Transit, phase

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
    Phase.OVERDUE: {"waiting_since": NOW - 2.5 * DAY},
    Phase.ARCHIVING: {"waiting_since": NOW, "told": False},
    Phase.SENT: {"waiting_since": NOW, "told": True},
    Phase.BLOCKED: {"released": True, "findings": 2},
    Phase.SCHEDULED: {"released": True, "pending": True},
    Phase.NOT_RELEASED: {},
    Phase.CURRENT: {"released": True, "told": True},
}


@pytest.mark.parametrize("expected", Phase)
def test_every_phase_is_reached(expected: Phase) -> None:
    assert phase(Situation(**SITUATIONS[expected]), DEADLINES) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(list(Phase)[:9], 2)))
def test_the_first_that_applies_is_shown(first: Phase, second: Phase) -> None:
    both = SITUATIONS[second] | SITUATIONS[first]
    assert phase(Situation(**both), DEADLINES) is first  # type: ignore[arg-type]


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
    assert phase(Situation(told=True, waiting_since=waited_since), DEADLINES) is expected


@pytest.mark.parametrize(("released", "expected"), [(True, Phase.REJECTED), (False, Phase.NOT_RELEASED)])
def test_an_unexpected_archiving_is_a_rejection_only_while_the_bar_is_green(
    released: bool, expected: Phase
) -> None:
    assert phase(Situation(released=released, unexpectedly_archived=True), DEADLINES) is expected


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        (Situation(told=True), Phase.SCHEDULED),  # revoked, and the network is yet to be told
        (Situation(findings=3), Phase.NOT_RELEASED),
        (Situation(told=True, findings=3), Phase.SCHEDULED),
        (Situation(released=True, told=True, findings=1), Phase.BLOCKED),
        (Situation(released=True, told=True, pending=True), Phase.SCHEDULED),
    ],
)
def test_somebody_at_rest(situation: Situation, expected: Phase) -> None:
    assert phase(situation, DEADLINES) is expected


def test_a_transfer_under_way_goes_before_a_long_wait_but_not_before_clarification() -> None:
    waiting = Situation(told=True, transit=Transit.TRANSFERRING, waiting_since=NOW - 2.5 * DAY)
    assert phase(waiting, DEADLINES) is Phase.TRANSFERRING
    assert phase(replace(waiting, waiting_since=NOW - 4 * DAY), DEADLINES) is Phase.CLARIFICATION


def test_who_needs_somebody_to_act() -> None:
    quiet = {Phase.OUTCOME_UNKNOWN, Phase.TRANSFERRING, Phase.ARCHIVING, Phase.SENT}
    quiet |= {Phase.SCHEDULED, Phase.NOT_RELEASED, Phase.CURRENT}
    assert set(Phase) - quiet == NEEDS_ACTION
