"""What runs when: one delivery a night, whatever the clocks, cron processes and people do meanwhile."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from sqlalchemy import select

from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.core.queue import QUEUE, function_of
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryProblem, DeliveryState, Trigger
from portal.domain.rules.status import Status
from portal.tenants.service import set_transfer_time
from tests.histories.test_order_of_answers import online
from tests.support.at_once import at_once
from tests.support.bridge import Bridge, build_bridge
from tests.worker.conftest import Night
from worker import schedule

MOMENT = dt.timedelta(seconds=1)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
MONDAY = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
TONIGHT = dt.datetime(2026, 3, 2, 21, 0, tzinfo=dt.UTC)
"""Ten in the evening in Berlin."""


def nights(bridge: Bridge) -> list[Delivery]:
    """The tenant's nightly deliveries, oldest first."""
    scope_to(bridge.tenant_id)
    query = select(Delivery).where(Delivery.cause == Trigger.NIGHTLY).order_by(Delivery.id)
    found = list(db.session.scalars(query.execution_options(populate_existing=True)))
    commit()
    return found


def dates(bridge: Bridge) -> list[str]:
    return [str(it.local_date) for it in nights(bridge)]


def ready(bridge: Bridge, at: dt.time = dt.time(22, 0)) -> None:
    """Somebody is released, and the next night is set from the time that it is now."""
    bridge.person("1")
    bridge.release("1")
    set_transfer_time(bridge.tenant, at, utcnow())
    commit()


# --- one a night -------------------------------------------------------------------------------------------


def test_four_crons_at_the_same_moment_plan_each_night_once(bridge: Bridge) -> None:
    bridges = [bridge, *(build_bridge(bridge.sandbox, slug=f"more-{it}") for it in range(5))]
    for one in bridges:
        scope_to(one.tenant_id)
        ready(one)
        one.tenant.next_transfer_at = utcnow() - MOMENT
        commit()
    given = at_once(EVERY_TENANT, *[schedule.sweep] * 4)
    assert given == [None] * 4
    for one in bridges:
        assert [it.state for it in nights(one)] == [DeliveryState.PLANNED]
        assert one.connection.last_sequence == 1


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("22:00", ["2026-03-28T21:00Z", "2026-03-29T20:00Z", "2026-03-30T20:00Z"]),
        ("02:30", ["2026-03-28T01:30Z", "2026-03-29T01:30Z", "2026-03-30T00:30Z"]),  # the 29th has no 02:30
        ("22:00", ["2026-10-24T20:00Z", "2026-10-25T21:00Z", "2026-10-26T21:00Z"]),
        ("02:30", ["2026-10-24T00:30Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z"]),  # the 25th has it twice
    ],
)
def test_nights_in_which_the_clocks_change_have_one_each(bridge: Bridge, at: str, due: list[str]) -> None:
    times = [dt.datetime.fromisoformat(it) for it in due]
    with time_machine.travel(times[0] - HOUR) as clock:
        ready(bridge, dt.time.fromisoformat(at))
        for number, time in enumerate(times):
            for moment in (time - MOMENT, time + MOMENT, time + HOUR + MOMENT):
                clock.move_to(moment)
                bridge.sweep()
                bridge.hasten()
                assert len(nights(bridge)) == number + (moment > time)
    assert dates(bridge) == [it[:10] for it in due]
    assert not any(it.late for it in nights(bridge))


def test_missed_nights_are_made_up_once_and_marked_late(bridge: Bridge) -> None:
    with time_machine.travel(MONDAY) as clock:
        ready(bridge)
        clock.move_to(TONIGHT + 3 * DAY - HOUR)
        for _ in range(3):
            bridge.sweep()
            bridge.hasten()
        assert [(str(it.local_date), it.late) for it in nights(bridge)] == [("2026-03-02", True)]
        clock.move_to(TONIGHT + 3 * DAY + MOMENT)
        bridge.sweep()
        bridge.hasten()
    assert [(str(it.local_date), it.late) for it in nights(bridge)[1:]] == [("2026-03-05", False)]


def test_a_clock_that_goes_back_brings_no_second_one(bridge: Bridge) -> None:
    with time_machine.travel(MONDAY) as clock:
        ready(bridge)
        for moment in (TONIGHT + MOMENT, TONIGHT - HOUR, TONIGHT + MOMENT, TONIGHT + DAY + MOMENT):
            clock.move_to(moment)
            bridge.sweep()
            bridge.hasten()
    assert dates(bridge) == ["2026-03-02", "2026-03-03"]


def test_a_clock_that_was_days_ahead_costs_no_night(bridge: Bridge) -> None:
    with time_machine.travel(MONDAY) as clock:
        ready(bridge)
        set_transfer_time(bridge.tenant, dt.time(22, 0), MONDAY + 30 * DAY)
        commit()
        for moment in (TONIGHT - HOUR, TONIGHT + MOMENT):
            clock.move_to(moment)
            bridge.sweep()
    assert dates(bridge) == ["2026-03-02"]


def test_a_time_moved_after_the_night_brings_no_second_one_and_the_next_comes(bridge: Bridge) -> None:
    with time_machine.travel(MONDAY) as clock:
        ready(bridge)
        clock.move_to(TONIGHT + MOMENT)
        bridge.sweep()
        bridge.hasten()
        set_transfer_time(bridge.tenant, dt.time(23, 0), utcnow())
        commit()
        for moment in (TONIGHT + HOUR + MOMENT, TONIGHT + DAY + HOUR + MOMENT):
            clock.move_to(moment)
            bridge.sweep()
            bridge.hasten()
    assert dates(bridge) == ["2026-03-02", "2026-03-03"]
    assert not any(it.late for it in nights(bridge))


def test_without_a_licence_or_anybody_there_is_no_night_and_no_noise(bridge: Bridge) -> None:
    with time_machine.travel(MONDAY) as clock:
        ready(bridge)
        bridge.revoke("1")
        clock.move_to(TONIGHT + MOMENT)
        bridge.sweep()
        bridge.release("1")
        bridge.tenant.licence_until = MONDAY.date()
        commit()
        clock.move_to(TONIGHT + DAY + MOMENT)
        bridge.sweep()
        assert nights(bridge) == []
        assert bridge.tenant.next_transfer_at == TONIGHT + 2 * DAY


# --- what is in its way ------------------------------------------------------------------------------------


def test_a_held_one_is_replaced_when_the_next_is_due(bridge: Bridge) -> None:
    with time_machine.travel(MONDAY) as clock:
        online(bridge, *"1234")
        set_transfer_time(bridge.tenant, dt.time(22, 0), utcnow())
        for number in "123":
            bridge.person(number, left_at=utcnow())
        for moment in (TONIGHT + MOMENT, TONIGHT + DAY - MOMENT, TONIGHT + DAY + MOMENT):
            clock.move_to(moment)
            bridge.sweep()
        found = [(it.state, it.problem, str(it.local_date)) for it in nights(bridge)]
        assert found == [
            (DeliveryState.DISCARDED, DeliveryProblem.REPLACED, "2026-03-02"),
            (DeliveryState.HELD, DeliveryProblem.BRAKE, "2026-03-03"),
        ]
        assert [bridge.status(number) for number in "1234"] == [Status.ONLINE] * 4


def test_one_whose_outcome_is_unknown_is_waited_for(bridge: Bridge) -> None:
    with time_machine.travel(MONDAY) as clock:
        ready(bridge)
        rule = bridge.sandbox.misbehave("drop-after", "commitDelivery", provider_id=bridge.provider)
        first = bridge.deliver()
        assert first.outcome_unknown
        clock.move_to(TONIGHT + MOMENT)
        bridge.sweep()
        assert nights(bridge) == []
        bridge.sandbox.behave(rule)
        clock.move_to(TONIGHT + HOUR)
        bridge.hasten()
        assert bridge.again(first).state is DeliveryState.COMPLETE
        bridge.sweep()
        bridge.hasten()
    assert [(str(it.local_date), it.late) for it in nights(bridge)] == [("2026-03-02", True)]
    assert [it["state"] for it in bridge.sandbox.deliveries(bridge.provider)] == ["complete", "complete"]


# --- the queue ---------------------------------------------------------------------------------------------


def test_what_waits_in_a_long_queue_is_not_enqueued_again(night: Night) -> None:
    """However long it waits; what has been taken out of it, and was not done, comes back."""
    ready(night.alpha)
    delivery = night.alpha.plan()
    with night.redis.client() as client:
        for _ in range(3):
            for key in client.keys(f"{QUEUE}:waiting:*"):
                client.delete(key)  # as it goes by itself, after seconds
            schedule.tick()
    assert night.waiting() == [(function_of(Delivery), delivery.id)]
    schedule.tick()
    assert night.waiting() == [(function_of(Delivery), delivery.id)]
