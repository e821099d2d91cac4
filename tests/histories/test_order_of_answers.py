"""Answers late, twice, in parts, reordered, contradicting, about strangers (docs/domain.md#order-of-answers)."""

import pytest
from sqlalchemy import select

from portal.core.database import commit, db
from portal.deliveries.queries import odd_answers
from portal.deliveries.strangers import hide
from portal.domain.deliveries import DeliveryPerson
from portal.domain.delivery_states import DeliveryState
from portal.domain.releases import Event
from portal.domain.rules.phase import Phase
from portal.domain.rules.status import Status
from tests.support.bridge import Bridge, hold_answers


def online(bridge: Bridge, *numbers: str) -> None:
    for number in numbers:
        bridge.person(number)
    bridge.release(*numbers)
    bridge.deliver()
    bridge.hasten()
    assert [bridge.status(number) for number in numbers] == [Status.ONLINE] * len(numbers)


def test_released_sent_revoked_sent_then_the_first_answer_comes_late(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    first = bridge.plan("1")
    rule = hold_answers(bridge, first.sequence)
    bridge.work()
    bridge.revoke("1")
    bridge.deliver("1")
    bridge.hasten()
    assert bridge.status("1") is Status.OFFLINE_ARCHIVED
    bridge.sandbox.behave(rule)
    bridge.hasten()
    assert bridge.again(first).state is DeliveryState.COMPLETE
    assert bridge.status("1") is Status.OFFLINE_ARCHIVED, "the late answer moves nothing"
    assert bridge.events("1")[-1] is Event.ANSWER_OVERTAKEN
    assert bridge.registration("1").applicant_id, "the late answer still adds the missing Bewerber-ID"
    assert bridge.phase("1") is Phase.NOT_RELEASED


@pytest.mark.parametrize("newest_first", [True, False])
def test_online_revoked_released_again_with_answers_in_either_order(
    bridge: Bridge, newest_first: bool
) -> None:
    online(bridge, "1")
    bridge.revoke("1")
    leaving = bridge.plan("1")
    leaving_rule = hold_answers(bridge, leaving.sequence)
    bridge.work()
    assert bridge.status("1") is Status.ONLINE_ARCHIVED
    bridge.release("1")
    coming = bridge.plan("1")
    coming_rule = hold_answers(bridge, coming.sequence)
    bridge.work()
    assert bridge.status("1") is Status.ONLINE_ARCHIVED, "the receipt of her return moves nothing"
    rules = [leaving_rule, coming_rule]
    for rule in reversed(rules) if newest_first else rules:
        bridge.sandbox.behave(rule)
        bridge.hasten()
    assert bridge.status("1") is Status.ONLINE
    assert bridge.phase("1") is Phase.CURRENT
    assert {bridge.again(leaving).state, bridge.again(coming).state} == {DeliveryState.COMPLETE}


def test_the_first_of_two_outstanding_answers_leaves_the_second_awaited(bridge: Bridge) -> None:
    online(bridge, "1")
    bridge.revoke("1")
    leaving = bridge.plan("1")
    rule = hold_answers(bridge, leaving.sequence)
    bridge.work()
    bridge.release("1")
    coming = bridge.plan("1")
    hold_answers(bridge, coming.sequence)
    bridge.work()
    bridge.sandbox.behave(rule)
    bridge.hasten()
    assert bridge.registration("1").waiting_since == bridge.again(coming).committed_at


def test_the_old_rejection_arrives_after_the_correction(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    bridge.sandbox.force(bridge.provider, "1", "rejected", "invalid-data", "PLZ gibt es nicht")
    first = bridge.plan("1")
    rule = hold_answers(bridge, first.sequence)
    bridge.work()
    bridge.hasten()
    bridge.sandbox.force(bridge.provider, "1", None)
    bridge.person("1", postal_code="10115")
    bridge.deliver("1")
    bridge.hasten()
    assert bridge.status("1") is Status.ONLINE
    bridge.sandbox.behave(rule)
    bridge.hasten()
    assert bridge.again(first).state is DeliveryState.COMPLETE
    assert bridge.phase("1") is Phase.CURRENT, "an old rejection never returns to the logbook"
    assert bridge.see("1").rejection is None


def test_a_rejection_stands_until_the_correction_is_answered(bridge: Bridge) -> None:
    online(bridge, "1")
    bridge.sandbox.force(bridge.provider, "1", "rejected", "invalid-data", "PLZ gibt es nicht")
    bridge.person("1", postal_code="99999")
    bridge.deliver("1")
    bridge.hasten()
    assert (bridge.status("1"), bridge.phase("1")) == (Status.ONLINE, Phase.REJECTED)
    assert bridge.registration("1").rejection_detail == "PLZ gibt es nicht"
    bridge.sandbox.force(bridge.provider, "1", None)
    bridge.person("1", postal_code="10115")
    bridge.deliver("1")
    bridge.hasten()
    assert bridge.phase("1") is Phase.CURRENT


def test_answers_that_come_twice_change_nothing(bridge: Bridge) -> None:
    bridge.sandbox.misbehave("answers-doubled", provider_id=bridge.provider)
    online(bridge, "1")
    assert bridge.events("1") == [Event.RELEASED, Event.SENT, Event.ANSWERED_ACTIVE]


def test_the_same_page_read_again_changes_nothing(bridge: Bridge) -> None:
    online(bridge, "1", "2")
    delivery = bridge.newest()
    before = {number: bridge.events(number) for number in ("1", "2")}
    delivery.cursor, delivery.state = None, DeliveryState.COMMITTED
    delivery.next_step_at = delivery.created_at
    db.session.add(delivery)
    commit()
    bridge.work()
    assert bridge.again(delivery).state is DeliveryState.COMPLETE
    assert {number: bridge.events(number) for number in ("1", "2")} == before


def test_contradicting_answers_are_recorded_and_never_applied(bridge: Bridge) -> None:
    bridge.sandbox.misbehave("answers-contradictory", provider_id=bridge.provider)
    bridge.person("1")
    bridge.release("1")
    delivery = bridge.deliver()
    bridge.hasten()
    assert bridge.status("1") is Status.ONLINE
    assert bridge.phase("1") is Phase.CLARIFICATION
    assert [odd.kind for odd in odd_answers(delivery.id)] == ["contradictory"]
    bridge.sandbox.behave()
    bridge.deliver()
    bridge.hasten()
    assert bridge.phase("1") is Phase.CURRENT, "the next delivery's answer settles it"


def test_answers_about_strangers_are_recorded_and_move_nothing(bridge: Bridge) -> None:
    online(bridge, "1")
    bridge.person("2")
    bridge.release("2")
    bridge.sandbox.misbehave("answers-foreign", provider_id=bridge.provider, ids=["1", "nobody"])
    delivery = bridge.deliver("2")
    bridge.hasten()
    assert {(odd.kind, odd.number) for odd in odd_answers(delivery.id)} == {
        ("stranger", "1"),
        ("stranger", hide(bridge.tenant_id, "nobody")),
    }
    assert bridge.registration("1").applied_sequence == delivery.sequence - 1
    assert bridge.status("2") is Status.ONLINE


def test_an_unknown_reason_counts_as_invalid_data(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    bridge.sandbox.force(bridge.provider, "1", "archived", "invalid-data")
    bridge.sandbox.misbehave("answers-unknown-reason", provider_id=bridge.provider, reason="mondphase")
    bridge.deliver()
    bridge.hasten()
    assert (bridge.status("1"), bridge.phase("1")) == (Status.OFFLINE_ARCHIVED, Phase.REJECTED)
    assert bridge.registration("1").archive_reason == "mondphase", "shown as it came"


def test_a_complete_delivery_with_an_answer_missing_is_in_clarification(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.person("2")
    bridge.release("1", "2")
    bridge.sandbox.misbehave("answers-complete-early", provider_id=bridge.provider, participants=["2"])
    delivery = bridge.deliver()
    bridge.hasten()
    assert bridge.again(delivery).state is DeliveryState.COMPLETE
    assert bridge.again(delivery).answered == {"active": 1, "open": 1}
    assert bridge.phase("2") is Phase.CLARIFICATION
    assert bridge.events("2")[-1] is Event.ANSWER_MISSING
    bridge.sandbox.behave()
    bridge.deliver()
    bridge.hasten()
    assert (bridge.status("2"), bridge.phase("2")) == (Status.ONLINE, Phase.CURRENT)


def test_a_bewerber_id_of_somebody_else_is_in_clarification(bridge: Bridge) -> None:
    online(bridge, "1")
    taken = bridge.registration("1").applicant_id
    bridge.person("2")
    bridge.release("2")
    bridge.deliver("2")
    row = db.session.scalars(
        select(DeliveryPerson).where(DeliveryPerson.participant_id == bridge.id("2"))
    ).one()
    assert row.outcome == "active"
    bridge.sandbox.misbehave("answers-foreign", provider_id=bridge.provider, ids=["2"], applicant_id=taken)
    bridge.deliver("2")
    bridge.hasten()
    assert bridge.phase("2") is Phase.CLARIFICATION
    assert bridge.registration("1").applicant_id == taken
    assert bridge.registration("2").applicant_id != taken
    assert Event.APPLICANT_ID_TAKEN in bridge.events("2")
