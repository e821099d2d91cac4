"""A wrong `last_sequence`: reconciling ends by itself once the number fits, and a person can always end it."""

from __future__ import annotations

import pytest
import time_machine

from portal.core.database import commit, rollback, scope_to, utcnow
from portal.core.refusal import Refusal
from portal.deliveries.reconciling import Differences, find_differences, settle
from portal.domain.delivery_states import DeliveryProblem, DeliveryState, Trigger
from portal.domain.rules.status import Status
from tests.support.bridge import SUPERVISOR, Bridge
from tests.worker.conftest import Night
from tests.worker.test_bounds import DELIVERY, account_of, say
from tests.worker.test_forgotten import pass_time
from tests.worker.test_pauses import MONDAY, SECOND, calls, released


def differences(bridge: Bridge) -> Differences:
    scope_to(bridge.tenant_id)
    found = find_differences(bridge.connection)
    assert found is not None
    return found


def test_a_number_that_was_wrong_once_ends_by_itself(night: Night) -> None:
    alpha = night.alpha
    with time_machine.travel(MONDAY, tick=False) as clock:
        released(alpha, "1")
        say(alpha, "readAccount", account_of(alpha, 999), count=1)
        held = alpha.plan()
        night.work()
        assert alpha.again(held).problem is DeliveryProblem.RECONCILE
        assert alpha.again(held).state is DeliveryState.DISCARDED
        assert alpha.connection.reconcile_since is None
        pass_time(night, clock, 20)
        assert alpha.newest().cause is Trigger.REBUILT
        assert alpha.status("1") is Status.ONLINE


def test_one_that_is_wrong_again_and_again_is_met_with_pauses(night: Night) -> None:
    """Wrong whenever something is to be sent, and right whenever that is looked into."""
    alpha = night.alpha
    with time_machine.travel(MONDAY, tick=False) as clock:
        released(alpha, "1")
        alpha.plan()
        for _ in range(60):
            if alpha.newest().next_step_at and alpha.newest().next_step_at <= utcnow():
                say(alpha, "readAccount", account_of(alpha, 999), count=1)
            night.work()
            clock.shift(10 * SECOND)
        assert calls(alpha).count("readAccount") == 10, "at 0, 10, 40, 130, 430 seconds, twice each"
        assert alpha.connection.reconcile_since is None


def test_while_it_names_more_than_it_lists_it_is_asked_once_a_minute(night: Night) -> None:
    alpha = night.alpha
    with time_machine.travel(MONDAY, tick=False) as clock:
        released(alpha, "1")
        rule = say(alpha, "readAccount", account_of(alpha, 999))
        alpha.plan()
        pass_time(night, clock, 300)
        assert differences(alpha).reading
        assert calls(alpha).count("listDeliveries") == 6
        alpha.sandbox.behave(rule)
        pass_time(night, clock, 90)
        assert alpha.connection.reconcile_since is None
        assert alpha.status("1") is Status.ONLINE


def test_a_delivery_that_is_listed_and_not_known_is_read_no_further(night: Night) -> None:
    """It says so on the page, and a person settles it; our numbers go on above it."""
    alpha = night.alpha
    with time_machine.travel(MONDAY, tick=False) as clock:
        released(alpha, "1")
        say(alpha, "readAccount", account_of(alpha, 5), count=2)
        say(alpha, "listDeliveries", {"deliveries": [DELIVERY | {"sequence": 5}]}, count=1)
        alpha.plan()
        pass_time(night, clock, 90)
        found = differences(alpha)
        assert [(it.sequence, it.problem) for it in found.found] == [(5, DeliveryProblem.FORGOTTEN)]
        assert not found.reading
        settle(alpha.connection, found.digest, SUPERVISOR, utcnow())
        commit()
        assert alpha.plan().sequence > 5
        pass_time(night, clock, 10)
        assert alpha.status("1") is Status.ONLINE


def test_a_person_ends_it_with_what_is_known_though_the_number_stays_wrong(night: Night) -> None:
    alpha = night.alpha
    released(alpha, "1")
    rule = say(alpha, "readAccount", account_of(alpha, 999))
    alpha.deliver()
    night.work()
    scope_to(alpha.tenant_id)
    found = differences(alpha)
    with pytest.raises(Refusal, match="reconcile-reading"):
        settle(alpha.connection, found.digest, SUPERVISOR, utcnow())
    rollback()
    settle(alpha.connection, found.digest, SUPERVISOR, utcnow(), unread=True)
    commit()
    delivery = alpha.deliver()
    alpha.hasten()
    assert (delivery.sequence, alpha.again(delivery).state) == (1000, DeliveryState.COMPLETE)
    assert alpha.status("1") is Status.ONLINE
    alpha.sandbox.behave(rule)


def test_a_wrong_number_said_at_the_commit_leaves_nothing_that_cannot_end(night: Night) -> None:
    alpha = night.alpha
    with time_machine.travel(MONDAY, tick=False) as clock:
        released(alpha, "1")
        alpha.sandbox.misbehave(
            "sequence-conflict", "commitDelivery", provider_id=alpha.provider, count=1, last_sequence=999
        )
        held = alpha.plan()
        night.work()
        assert alpha.again(held).state is DeliveryState.DISCARDED
        pass_time(night, clock, 20)
        assert alpha.status("1") is Status.ONLINE
