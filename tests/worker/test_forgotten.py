"""A delivery that the network took in and knows nothing of any more: all in it are told anew, and nobody else waits."""

from __future__ import annotations

import pytest
import time_machine

from portal.core.database import commit, scope_to, utcnow
from portal.domain.delivery_states import AWAITING, DeliveryProblem, DeliveryState, Mode, Trigger
from portal.domain.rules.phase import Phase
from portal.domain.rules.status import Status
from tests.support.bridge import Bridge, hold_answers
from tests.support.clock import today
from tests.worker.conftest import Night
from tests.worker.test_pauses import MONDAY, SECOND, calls, released

LOST = [False, True]
"""Whether the network forgot the commit alone (409), or the whole delivery (404)."""


def forget_next(bridge: Bridge, entirely: bool) -> None:
    bridge.sandbox.misbehave(
        "commit-forgotten", "commitDelivery", provider_id=bridge.provider, count=1, entirely=entirely
    )


def lose_answers(bridge: Bridge, sequence: int, **status: object) -> int:
    """Let the network answer questions for the answers to one delivery like this."""
    return bridge.sandbox.misbehave(
        "status", "readAcknowledgements", provider_id=bridge.provider, sequence=sequence, **status
    )


def pass_time(night: Night, clock: time_machine.Coordinates, seconds: int, step: int = 5) -> None:
    for _ in range(0, seconds, step):
        night.work()
        clock.shift(step * SECOND)
    night.work()


@pytest.mark.parametrize("entirely", LOST)
def test_it_is_a_problem_of_its_own_and_asked_once_a_minute(night: Night, entirely: bool) -> None:
    alpha = night.alpha
    with time_machine.travel(MONDAY, tick=False) as clock:
        released(alpha, "1")
        forget_next(alpha, entirely)
        delivery = alpha.plan()
        pass_time(night, clock, 600)
        delivery = alpha.again(delivery)
        assert (delivery.problem, delivery.state) == (DeliveryProblem.FORGOTTEN, DeliveryState.COMMITTED)
        assert calls(alpha).count("readAcknowledgements") <= 13
        connection = alpha.connection
        assert (connection.failures, connection.paused_until, connection.problem) == (0, None, None)
        assert connection.needs_full


@pytest.mark.parametrize("entirely", LOST)
def test_whoever_was_named_is_told_anew_and_then_it_ends_by_itself(night: Night, entirely: bool) -> None:
    alpha = night.alpha
    with time_machine.travel(MONDAY, tick=False) as clock:
        released(alpha, "1", "2")
        forget_next(alpha, entirely)
        forgotten = alpha.plan("1", "2")
        pass_time(night, clock, 20)
        assert alpha.held("1") is None
        anew = alpha.plan("1")
        assert anew.mode is Mode.FULL
        pass_time(night, clock, 20)
        assert [alpha.status(number) for number in "12"] == [Status.ONLINE] * 2
        assert [alpha.phase(number) for number in "12"] == [Phase.CURRENT] * 2
        forgotten = alpha.again(forgotten)
        assert (forgotten.state, forgotten.next_step_at) == (DeliveryState.COMPLETE, None)
        assert forgotten.problem is DeliveryProblem.FORGOTTEN, "it still says so"


@pytest.mark.parametrize("entirely", LOST)
def test_whoever_was_withdrawn_is_withdrawn_once_more(night: Night, entirely: bool) -> None:
    """Whose consent ended at once; else the network would go on holding them for good, with nobody left to name."""
    alpha = night.alpha
    with time_machine.travel(MONDAY, tick=False) as clock:
        released(alpha, "1", "2")
        alpha.plan()
        pass_time(night, clock, 20)
        forget_next(alpha, entirely)
        alpha.person("1", consent_withdrawn_on=today())
        night.sweep()
        scope_to(alpha.tenant_id)
        withdrawal = alpha.newest()
        assert withdrawal.cause is Trigger.CONSENT
        assert withdrawal.problem is DeliveryProblem.FORGOTTEN
        assert alpha.held("1")["state"] == "active"  # type: ignore[index]
        night.sweep()
        pass_time(night, clock, 20)
        assert alpha.held("1")["state"] == "archived"  # type: ignore[index]
        assert alpha.status("1") is Status.OFFLINE_ARCHIVED
        assert alpha.again(withdrawal).state is DeliveryState.COMPLETE
        forget_next(alpha, entirely)
        alpha.revoke("2")
        alpha.plan()
        pass_time(night, clock, 20)
        alpha.plan()
        pass_time(night, clock, 20)
        assert alpha.held("2")["state"] == "archived"  # type: ignore[index]
        assert alpha.status("2") is Status.OFFLINE_ARCHIVED


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("status", "problem"),
    [
        ({"status": 404}, DeliveryProblem.FORGOTTEN),
        ({"status": 409, "problem": "incomplete-delivery"}, DeliveryProblem.FORGOTTEN),
        ({"status": 404, "problem": "invalid-request"}, DeliveryProblem.REFUSED),
        ({"status": 403}, DeliveryProblem.NETWORK_LICENCE_EXPIRED),
        ({"status": 422}, DeliveryProblem.REFUSED),
        ({"status": 500}, DeliveryProblem.UNAVAILABLE),
    ],
)
def test_trouble_with_one_delivery_pauses_no_other(
    night: Night, status: dict[str, object], problem: DeliveryProblem
) -> None:
    """A withdrawn consent goes out at once meanwhile; the connection is well whenever one looks."""
    alpha = night.alpha
    with time_machine.travel(MONDAY, tick=False) as clock:
        released(alpha, "1", "2")
        rule = lose_answers(alpha, 1, **status)
        delivery = alpha.plan()
        for _ in range(20):
            pass_time(night, clock, 15)
            assert (alpha.connection.paused_until, alpha.connection.failures) == (None, 0)
        assert (alpha.again(delivery).problem, alpha.again(delivery).state in AWAITING) == (problem, True)
        assert calls(alpha).count("readAcknowledgements") <= 9
        alpha.person("2", consent_withdrawn_on=today())
        night.sweep()
        scope_to(alpha.tenant_id)
        assert alpha.newest().committed_at == utcnow()
        alpha.sandbox.behave(rule)
        pass_time(night, clock, 65)
        assert alpha.again(delivery).state is DeliveryState.COMPLETE
        assert alpha.status("1") is Status.ONLINE


def test_its_own_trouble_does_not_end_with_the_connections(night: Night) -> None:
    alpha = night.alpha
    with time_machine.travel(MONDAY, tick=False) as clock:
        released(alpha, "1")
        lose_answers(alpha, 1, status=409, problem="incomplete-delivery")
        delivery = alpha.plan()
        night.work()
        clock.shift(5 * SECOND)
        connection = alpha.connection
        connection.failures, connection.probe_at = 1, utcnow()
        commit()
        night.work()
        assert alpha.connection.failures == 0
        assert alpha.again(delivery).next_step_at == MONDAY + 60 * SECOND


def test_a_page_that_breaks_the_contract_pauses_its_delivery_alone(night: Night) -> None:
    alpha = night.alpha
    released(alpha, "1")
    alpha.sandbox.misbehave("garbage", "readAcknowledgements", provider_id=alpha.provider)
    delivery = alpha.deliver()
    assert alpha.again(delivery).problem is DeliveryProblem.GARBLED
    assert alpha.connection.failures == 0


def test_where_everything_fails_it_is_the_connections_trouble(night: Night) -> None:
    alpha = night.alpha
    released(alpha, "1")
    hold_answers(alpha, 1)
    alpha.deliver()
    alpha.sandbox.misbehave("status", provider_id=alpha.provider, status=500)
    alpha.hasten()
    assert (alpha.connection.failures, alpha.connection.problem) == (1, DeliveryProblem.UNAVAILABLE.value)
