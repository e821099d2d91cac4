"""What a delivery is made of and goes through: parts, counts, giving up, and what kills its job every time."""

from __future__ import annotations

import datetime as dt
from itertools import product

import pytest
from flask import current_app
from sqlalchemy import select

from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.core.settings import current_settings
from portal.deliveries.approval import approve
from portal.deliveries.jobs import acquire
from portal.deliveries.service import cancel
from portal.domain.actors import SYSTEM
from portal.domain.deliveries import Delivery, DeliveryPart
from portal.domain.delivery_states import UNCOMMITTED, DeliveryProblem, DeliveryState
from portal.domain.rules.status import Status
from tests.histories.test_order_of_answers import online
from tests.support.bridge import SUPERVISOR, Bridge


def set_row(delivery: Delivery, **values: object) -> Delivery:
    row = db.session.get_one(Delivery, delivery.id, populate_existing=True)
    for name, value in values.items():
        setattr(row, name, value)
    commit()
    return row


def test_only_what_cannot_count_is_given_up(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    delivery = bridge.plan()
    for state, attempted_at in product(DeliveryState, [None, utcnow()]):
        row = set_row(delivery, state=state, commit_attempted_at=attempted_at, fence=5)
        given_up = cancel(row, DeliveryProblem.REPLACED, SYSTEM, utcnow())
        commit()
        assert given_up is (state in UNCOMMITTED and attempted_at is None)
        found = bridge.again(delivery)
        assert (found.state, found.fence) == ((DeliveryState.DISCARDED, 6) if given_up else (state, 5))


def test_what_was_opened_and_given_up_is_given_up_at_the_network(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    rule = bridge.sandbox.misbehave("status", "putPart", provider_id=bridge.provider, status=500)
    delivery = bridge.deliver()
    assert [it["state"] for it in bridge.sandbox.deliveries(bridge.provider)] == ["open"]
    cancel(delivery, DeliveryProblem.REPLACED, SYSTEM, utcnow())
    commit()
    bridge.sandbox.behave(rule)
    bridge.hasten()
    assert [it["state"] for it in bridge.sandbox.deliveries(bridge.provider)] == ["abandoned"]
    assert bridge.again(delivery).next_step_at is None


def test_it_counts_who_is_new_changed_unchanged_and_leaving(bridge: Bridge) -> None:
    online(bridge, "1", "2", "3")
    bridge.person("1", city="Jena")
    bridge.revoke("2")
    bridge.person("4")
    bridge.release("4")
    bridge.person("5", last_name="")
    bridge.release("5")
    bridge.person("6")
    delivery = bridge.deliver()
    counts = bridge.again(delivery).counts
    assert counts == {
        "mediator": 1,
        "order": 1,
        "participant": 3,
        "withdrawal": 0,
        "new": 1,
        "changed": 1,
        "unchanged": 1,
        "leaving": 1,
        "unexplained": 0,
    }
    bridge.hasten()
    assert bridge.again(delivery).answered == {"active": 3, "archived": 1}


def test_parts_are_cut_by_number_and_keep_the_order(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mediators and orders stand before those who name them, in whatever parts."""
    settings = current_settings().model_copy(update={"part_records": 4})
    monkeypatch.setitem(current_app.extensions, "jobbruecke_settings", settings)
    people = release_many(bridge)
    delivery = bridge.deliver()
    assert [records for records, _ in parts_of(delivery)] == [4, 4, 3]
    assert_told_in_order(bridge, delivery, people)


def test_parts_are_cut_by_the_limit_of_the_network_even_when_it_was_not_known(bridge: Bridge) -> None:
    people = release_many(bridge)
    bridge.sandbox.change_provider(bridge.provider, max_part_bytes=280)
    first = bridge.deliver()
    assert (first.state, first.problem) == (DeliveryState.DISCARDED, DeliveryProblem.REPLACED)
    delivery = bridge.newest()
    found = parts_of(delivery)
    assert len(found) > 2
    assert all(size <= 280 for _, size in found)
    assert_told_in_order(bridge, delivery, people)


def test_a_record_larger_than_the_limit_is_refused_and_not_planned_for_ever(bridge: Bridge) -> None:
    release_many(bridge)
    bridge.sandbox.change_provider(bridge.provider, max_part_bytes=100)
    bridge.deliver()
    delivery = bridge.newest()
    assert (delivery.sequence, delivery.state, delivery.problem) == (
        2,
        DeliveryState.FAILED,
        DeliveryProblem.REFUSED,
    )


def release_many(bridge: Bridge) -> list[str]:
    numbers = [str(number) for number in range(1, 10)]
    for number in numbers:
        bridge.person(number)
    bridge.release(*numbers)
    return numbers


def parts_of(delivery: Delivery) -> list[tuple[int, int]]:
    """Records and bytes of each part."""
    query = select(DeliveryPart.records, DeliveryPart.size).where(DeliveryPart.delivery_id == delivery.id)
    found = [(records, size) for records, size in db.session.execute(query.order_by(DeliveryPart.number))]
    commit()
    return found


def assert_told_in_order(bridge: Bridge, delivery: Delivery, numbers: list[str]) -> None:
    sent = bridge.sandbox.records(bridge.provider, delivery.remote_id or "")
    assert [it["type"] for it in sent] == ["mediator", "order", *["participant"] * 9]
    assert [it["participant_id"] for it in sent[2:]] == numbers
    assert bridge.again(delivery).state is DeliveryState.COMPLETE


def crash(delivery: Delivery, times: int) -> None:
    """As if whoever claimed it had died every time."""
    for _ in range(times):
        scope_to(EVERY_TENANT)
        assert acquire(delivery.id, utcnow(), 50)
        commit()
        set_row(delivery, lease_until=utcnow() - dt.timedelta(seconds=1))


def test_what_kills_its_job_three_times_is_held_for_a_person(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    delivery = bridge.plan()
    crash(delivery, 3)
    bridge.work()
    held = bridge.again(delivery)
    assert (held.state, held.problem, held.next_step_at) == (
        DeliveryState.HELD,
        DeliveryProblem.CRASHED,
        None,
    )
    approve(held.id, held.shown_digest or "", SUPERVISOR, utcnow())
    commit()
    bridge.work()
    assert bridge.status("1") is Status.ONLINE, "as new, once a person has let it go"


def test_two_crashes_are_forgiven_when_it_goes_on(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    delivery = bridge.plan()
    crash(delivery, 2)
    bridge.work()
    assert (bridge.status("1"), bridge.again(delivery).crashes) == (Status.ONLINE, 0)


def test_after_four_deaths_a_fresh_process_tries_at_once(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    bridge.sandbox.misbehave("drop-after", "commitDelivery", provider_id=bridge.provider, count=1)
    delivery = bridge.deliver()
    set_row(delivery, next_step_at=utcnow())
    crash(delivery, 4)
    bridge.hasten()
    assert (bridge.status("1"), bridge.again(delivery).problem) == (Status.ONLINE, None)


def test_what_may_count_already_is_never_held(bridge: Bridge) -> None:
    """Its commit went out and its job died again and again: it is tried ever more rarely, and found out."""
    bridge.person("1")
    bridge.release("1")
    bridge.sandbox.misbehave("drop-after", "commitDelivery", provider_id=bridge.provider, count=1)
    delivery = bridge.deliver()
    set_row(delivery, next_step_at=utcnow(), problem=DeliveryProblem.CRASHED)  # a last try at once was made
    crash(delivery, 4)
    bridge.hasten()
    found = bridge.again(delivery)
    assert found.state is DeliveryState.SENDING
    assert found.next_step_at is not None
    assert found.next_step_at > utcnow() + dt.timedelta(minutes=50)
    bridge.hasten()
    assert bridge.status("1") is Status.ONLINE
