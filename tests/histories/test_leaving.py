"""Who leaves and how: consent, the brake, the last look before the commit (docs/domain.md#removal-brake)."""

import datetime as dt

import pytest

from portal.core.database import commit, utcnow
from portal.core.refusal import Refusal
from portal.deliveries.approval import approve, discard
from portal.deliveries.queries import leavers
from portal.domain.actors import Actor
from portal.domain.delivery_states import DeliveryProblem, DeliveryState, Mode, Trigger
from portal.domain.releases import EndCause
from portal.domain.rules.phase import Phase
from portal.domain.rules.status import Status
from tests.histories.test_order_of_answers import online
from tests.support.bridge import SUPERVISOR, Bridge, hold_answers

TODAY = dt.date(2026, 1, 2)


def stop_before_opening(bridge: Bridge) -> int:
    """The network turns the opening away, so that a built delivery waits."""
    return bridge.sandbox.misbehave("status", "openDelivery", provider_id=bridge.provider, status=503)


def test_consent_withdrawn_between_build_and_commit(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.person("2")
    bridge.release("1", "2")
    rule = stop_before_opening(bridge)
    first = bridge.deliver()
    assert first.state is DeliveryState.SENDING
    bridge.person("2", consent_withdrawn_on=TODAY)
    bridge.sandbox.behave(rule)
    bridge.hasten()
    given_up = bridge.again(first)
    assert (given_up.state, given_up.problem) == (DeliveryState.DISCARDED, DeliveryProblem.NO_LONGER_ALLOWED)
    assert bridge.status("1") is Status.ONLINE
    assert bridge.held("2") is None, "she is in no delivery that counts"
    committed = [d for d in bridge.sandbox.deliveries(bridge.provider) if d["state"] != "open"]
    assert [d["sequence"] for d in committed if d["state"] in ("committed", "complete")] == [2]


def test_revoked_between_build_and_commit(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.person("2")
    bridge.release("1", "2")
    rule = stop_before_opening(bridge)
    bridge.deliver()
    bridge.revoke("2")
    bridge.sandbox.behave(rule)
    bridge.hasten()
    assert bridge.held("2") is None
    assert bridge.status("1") is Status.ONLINE


def test_withdrawn_consent_goes_out_at_once_and_before_what_waits(bridge: Bridge) -> None:
    online(bridge, "1", "2", "3")
    rule = stop_before_opening(bridge)
    waiting = bridge.deliver()
    bridge.person("2", consent_withdrawn_on=TODAY)
    assert bridge.see("2").release is not None
    assert bridge.registration("2").urgent
    bridge.sandbox.behave(rule)
    connection = bridge.connection
    connection.paused_until = None
    commit()
    bridge.sweep()
    bridge.hasten()
    assert bridge.again(waiting).problem is DeliveryProblem.REPLACED
    assert bridge.status("2") is Status.OFFLINE_ARCHIVED
    found = bridge.held("2")
    assert found is not None and found["state"] == "archived"
    newest = bridge.newest()
    assert (newest.mode, newest.cause, newest.state) == (Mode.FULL, Trigger.NOW, DeliveryState.COMPLETE)
    withdrawal = bridge.sandbox.deliveries(bridge.provider)
    assert {d["mode"] for d in withdrawal} == {"full", "delta"}


def test_withdrawn_consent_passes_a_hold_and_the_vanished_do_not(bridge: Bridge) -> None:
    online(bridge, *"12345678")
    for number in "1234":
        bridge.person(number, left_at=utcnow())
    held = bridge.deliver()
    assert held.state is DeliveryState.HELD
    assert bridge.phase("1") is Phase.HELD
    bridge.person("8", consent_withdrawn_on=TODAY)
    bridge.sweep()
    bridge.hasten()
    assert bridge.status("8") is Status.OFFLINE_ARCHIVED
    assert [bridge.status(number) for number in "1234"] == [Status.ONLINE] * 4
    assert bridge.again(held).problem is DeliveryProblem.REPLACED
    assert bridge.newest().state is DeliveryState.HELD, "planned anew, and held anew"


def test_answers_are_read_without_a_licence(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    rule = hold_answers(bridge, 1)
    bridge.deliver()
    bridge.tenant.licence_until = dt.date(2026, 1, 31)
    commit()
    bridge.sandbox.behave(rule)
    bridge.hasten()
    assert bridge.status("1") is Status.ONLINE


def test_consent_withdrawal_needs_no_licence(bridge: Bridge) -> None:
    online(bridge, "1", "2")
    bridge.tenant.licence_until = dt.date(2026, 1, 31)
    commit()
    bridge.person("1", consent_withdrawn_on=TODAY)
    bridge.sweep()
    bridge.hasten()
    assert bridge.status("1") is Status.OFFLINE_ARCHIVED
    with pytest.raises(Refusal, match="licence-expired"):
        bridge.plan()


def test_the_explained_leave_freely_also_the_only_one(bridge: Bridge) -> None:
    online(bridge, "1")
    bridge.revoke("1")
    bridge.deliver()
    bridge.hasten()
    assert bridge.status("1") is Status.OFFLINE_ARCHIVED


def test_a_held_delivery_sends_nothing_and_names_who_would_leave(bridge: Bridge) -> None:
    online(bridge, *"12345678")
    before = len(bridge.sandbox.deliveries(bridge.provider))
    for number in "1234":
        bridge.person(number, left_at=utcnow())
    bridge.revoke("5")
    held = bridge.deliver()
    assert (held.state, held.problem) == (DeliveryState.HELD, DeliveryProblem.BRAKE)
    assert held.brake is not None and "too-many" in held.brake["holds"]
    assert [row.participant.number for row in leavers(held.id, explained=False)] == list("1234")
    assert [row.participant.number for row in leavers(held.id, explained=True)] == ["5"]
    assert len(bridge.sandbox.deliveries(bridge.provider)) == before
    with pytest.raises(Refusal, match="delivery-held"):
        bridge.plan("6")


def test_letting_go_is_bound_to_what_was_shown_and_by_somebody_else(bridge: Bridge) -> None:
    online(bridge, *"12345678")
    for number in "1234":
        bridge.person(number, left_at=utcnow())
    held = bridge.deliver()
    digest = held.shown_digest or ""
    with pytest.raises(Refusal, match="same-person"):
        approve(held.id, digest, Actor("SB"), utcnow())
    with pytest.raises(Refusal, match="changed-since-shown"):
        approve(held.id, "something else", SUPERVISOR, utcnow())
    approve(held.id, digest, SUPERVISOR, utcnow())
    commit()
    bridge.work()
    bridge.hasten()
    assert bridge.again(held).state is DeliveryState.COMPLETE
    assert [bridge.status(number) for number in "12345678"] == [Status.OFFLINE_ARCHIVED] * 4 + [
        Status.ONLINE
    ] * 4
    bridge.person("5", left_at=utcnow())
    assert bridge.deliver().state is DeliveryState.COMPLETE, "leavers let go count once"


def test_a_discarded_delivery_changes_nothing(bridge: Bridge) -> None:
    online(bridge, *"1234")
    for number in "123":
        bridge.person(number, left_at=utcnow())
    held = bridge.deliver()
    assert held.state is DeliveryState.HELD
    discard(held.id, SUPERVISOR, utcnow())
    commit()
    bridge.work()
    assert [bridge.status(number) for number in "1234"] == [Status.ONLINE] * 4
    with pytest.raises(Refusal, match="not-held"):
        discard(held.id, SUPERVISOR, utcnow())


def test_a_slow_drip_is_held_too(bridge: Bridge) -> None:
    online(bridge, *"123456789")
    states = []
    for number in "12345":
        bridge.person(number, left_at=utcnow())
        states.append(bridge.deliver().state)
        bridge.hasten()
        if states[-1] is DeliveryState.HELD:
            break
    assert states == [DeliveryState.COMPLETE] * 3 + [DeliveryState.HELD]


def test_an_expired_consent_ends_the_release(bridge: Bridge) -> None:
    online(bridge, "1", "2")
    bridge.person("1", consent_until=TODAY)
    release = bridge.see("1").release
    assert release is not None and release.end_cause is EndCause.CONSENT
    bridge.sweep()
    bridge.hasten()
    assert bridge.status("1") is Status.OFFLINE_ARCHIVED


@pytest.mark.parametrize("arrived", [False, True])
def test_a_commit_of_which_nothing_is_known_is_taken_back_where_it_must_not_go(
    bridge: Bridge, arrived: bool
) -> None:
    """The network is asked to give it up; where it counts already, what follows goes out at once."""
    bridge.person("1")
    bridge.person("2")
    bridge.release("1", "2")
    lost = "drop-after" if arrived else "drop-before"
    bridge.sandbox.misbehave(lost, "commitDelivery", provider_id=bridge.provider, count=1)
    first = bridge.deliver()
    assert first.outcome_unknown
    bridge.person("2", consent_withdrawn_on=TODAY)
    bridge.hasten()
    bridge.sweep()
    bridge.hasten()
    if arrived:
        assert bridge.again(first).state is DeliveryState.COMPLETE
        found = bridge.held("2")
        assert found is not None and found["reason"] == "withdrawn"
    else:
        given_up = bridge.again(first)
        assert (given_up.state, given_up.problem) == (
            DeliveryState.DISCARDED,
            DeliveryProblem.NO_LONGER_ALLOWED,
        )
        assert bridge.held("2") is None, "she is in no delivery that counts"
    assert bridge.status("1") is Status.ONLINE


def test_a_licence_that_ends_while_a_delivery_waits_stops_it(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    rule = stop_before_opening(bridge)
    waiting = bridge.deliver()
    bridge.tenant.licence_until = dt.date(2026, 1, 31)
    commit()
    bridge.sandbox.behave(rule)
    bridge.hasten()
    assert (bridge.again(waiting).state, bridge.again(waiting).problem) == (
        DeliveryState.DISCARDED,
        DeliveryProblem.NOT_LICENSED,
    )
    assert bridge.held("1") is None
