"""How answers and receipts move a status, and which of several answers counts."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.rules.status import (
    Effect,
    NetworkState,
    Outcome,
    Reason,
    Status,
    after_answer,
    after_archiving_receipt,
    read_reason,
)

OTHER_REASONS = [reason for reason in Reason if reason is not Reason.MEDIATOR_UNKNOWN]


def answered(status: Status, outcome: Outcome, reason: Reason | None = None) -> Status:
    return after_answer(NetworkState(status, 3), 4, outcome, reason).state.status


@pytest.mark.parametrize("status", Status)
class TestTheTable:
    def test_active_brings_online(self, status: Status) -> None:
        assert answered(status, Outcome.ACTIVE) is Status.ONLINE

    def test_archived_for_want_of_a_mediator_is_online_archived(self, status: Status) -> None:
        assert answered(status, Outcome.ARCHIVED, Reason.MEDIATOR_UNKNOWN) is Status.ONLINE_ARCHIVED

    @pytest.mark.parametrize("reason", [*OTHER_REASONS, None])
    def test_archived_for_any_other_reason_is_offline_archived(
        self, status: Status, reason: Reason | None
    ) -> None:
        assert answered(status, Outcome.ARCHIVED, reason) is Status.OFFLINE_ARCHIVED

    @pytest.mark.parametrize("reason", [*Reason, None])
    def test_rejected_changes_nothing(self, status: Status, reason: Reason | None) -> None:
        assert answered(status, Outcome.REJECTED, reason) is status


@pytest.mark.parametrize(
    ("status", "after"),
    [
        (Status.OFFLINE, Status.OFFLINE),
        (Status.ONLINE, Status.ONLINE_ARCHIVED),
        (Status.ONLINE_ARCHIVED, Status.ONLINE_ARCHIVED),
        (Status.OFFLINE_ARCHIVED, Status.OFFLINE_ARCHIVED),
    ],
)
def test_a_receipt_that_archives_moves_only_who_is_online(status: Status, after: Status) -> None:
    assert after_archiving_receipt(NetworkState(status, 3, 2), 4) == NetworkState(after, 4, 2)


@pytest.mark.parametrize("status", Status)
def test_an_overtaken_receipt_moves_nothing(status: Status) -> None:
    assert after_archiving_receipt(NetworkState(status, 5, 2), 4) == NetworkState(status, 5, 2)


@pytest.mark.parametrize(
    ("applied", "rejected", "sequence", "outcome", "effect", "after"),
    [
        # newest applied, newest rejected, number of the answer, what it says, what becomes of it, both afterwards
        (0, 0, 1, Outcome.ACTIVE, Effect.APPLIED, (1, 0)),
        (4, 0, 4, Outcome.ARCHIVED, Effect.APPLIED, (4, 0)),  # its own receipt was applied before
        (5, 0, 4, Outcome.ACTIVE, Effect.OVERTAKEN, (5, 0)),
        (5, 0, 4, Outcome.ARCHIVED, Effect.OVERTAKEN, (5, 0)),
        (5, 0, 4, Outcome.REJECTED, Effect.OVERTAKEN, (5, 0)),
        (3, 0, 4, Outcome.REJECTED, Effect.APPLIED, (3, 4)),
        (3, 5, 4, Outcome.REJECTED, Effect.OVERTAKEN, (3, 5)),
        (3, 5, 4, Outcome.ACTIVE, Effect.APPLIED, (4, 5)),  # the newer rejection said nothing of the status
        (3, 5, 6, Outcome.ACTIVE, Effect.APPLIED, (6, 5)),
        (6, 5, 4, Outcome.REJECTED, Effect.OVERTAKEN, (6, 5)),
    ],
)
def test_the_newest_answer_counts(
    applied: int, rejected: int, sequence: int, outcome: Outcome, effect: Effect, after: tuple[int, int]
) -> None:
    before = NetworkState(Status.OFFLINE, applied, rejected)
    decision = after_answer(before, sequence, outcome, None)
    assert decision.effect is effect
    assert (decision.state.applied_sequence, decision.state.rejected_sequence) == after
    if effect is Effect.OVERTAKEN:
        assert decision.state == before


def test_an_old_rejection_never_returns_to_the_logbook() -> None:
    accepted = after_answer(NetworkState(Status.OFFLINE, 0, 10), 11, Outcome.ACTIVE, None).state
    assert accepted.rejected_sequence < accepted.applied_sequence
    late = after_answer(accepted, 10, Outcome.REJECTED, Reason.NAME_MISSING).state
    assert late.rejected_sequence < late.applied_sequence


def test_an_answer_counts_although_the_status_stays() -> None:
    """Online, told active again by 12: the late end of 11 must not take her offline."""
    again = after_answer(NetworkState(Status.ONLINE, 10), 12, Outcome.ACTIVE, None).state
    assert after_answer(again, 11, Outcome.ARCHIVED, Reason.WITHDRAWN).state.status is Status.ONLINE


@pytest.mark.parametrize("word", ["withdrawn", "mediator-unknown", "invalid-data"])
def test_a_reason_is_read_by_its_word(word: str) -> None:
    assert read_reason(word) == word


@pytest.mark.parametrize("word", ["", "a-new-word", "WITHDRAWN"])
def test_an_unknown_reason_counts_as_invalid_data(word: str) -> None:
    assert read_reason(word) is Reason.INVALID_DATA


def test_no_reason_is_no_reason() -> None:
    assert read_reason(None) is None


answers = st.tuples(st.sampled_from(Outcome), st.sampled_from([*Reason, None]))


@given(st.lists(answers, min_size=1, max_size=6), st.data())
def test_answers_in_any_order_and_number_end_where_the_newest_says(
    said: list[tuple[Outcome, Reason | None]], data: st.DataObject
) -> None:
    numbered = list(enumerate(said, start=1))
    order = data.draw(st.permutations(numbered))
    again = data.draw(st.lists(st.sampled_from(numbered), max_size=6))
    state = NetworkState()
    for number, (outcome, reason) in itertools.chain(order, again):
        state = after_answer(state, number, outcome, reason).state

    counting = [(number, what) for number, what in numbered if what[0] is not Outcome.REJECTED]
    newest, (outcome, reason) = counting[-1] if counting else (0, (Outcome.REJECTED, None))
    assert state.status is after_answer(NetworkState(), 1, outcome, reason).state.status
    assert state.applied_sequence == newest
    rejected = max((number for number, what in numbered if what[0] is Outcome.REJECTED), default=0)
    assert (state.rejected_sequence > state.applied_sequence) is (rejected > newest)


@given(st.lists(st.booleans(), min_size=1, max_size=6), st.data())
def test_deliveries_that_name_or_archive_end_where_the_newest_says(
    names: list[bool], data: st.DataObject
) -> None:
    """Receipts come in order, each before the answers to its delivery; answers come whenever they like."""
    state, waiting = NetworkState(), list[int]()
    for number, named in enumerate(names, start=1):
        if not named:
            state = after_archiving_receipt(state, number)
        waiting.append(number)
        for answered_now in data.draw(st.lists(st.sampled_from(waiting), unique=True)):
            state = _answer(state, answered_now, names)
    for number in data.draw(st.permutations(waiting)):
        state = _answer(state, number, names)
    assert state.status is (Status.ONLINE if names[-1] else Status.OFFLINE_ARCHIVED)


def _answer(state: NetworkState, number: int, names: list[bool]) -> NetworkState:
    if names[number - 1]:
        return after_answer(state, number, Outcome.ACTIVE, None).state
    return after_answer(state, number, Outcome.ARCHIVED, Reason.WITHDRAWN).state
