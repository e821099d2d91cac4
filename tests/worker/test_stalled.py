"""Pages of answers that do not move on: only a new answer is progress; else the pauses grow, and people are told."""

from __future__ import annotations

import pytest
import time_machine
from sqlalchemy import func, select

from portal.core.database import commit, db, scope_to, utcnow
from portal.core.queue import function_of
from portal.deliveries import answer_page
from portal.deliveries import jobs as steps
from portal.deliveries.queries import attempts
from portal.deliveries.reconciling import read_again
from portal.domain.deliveries import Delivery, OddAnswer
from portal.domain.delivery_states import DeliveryProblem, DeliveryState, Trigger
from portal.domain.rules.phase import Phase
from tests.support.bridge import Bridge
from tests.worker.conftest import Night
from tests.worker.test_pauses import MONDAY, SECOND, calls, released

WAYS = ("new-cursors", "same-cursor", "in-turn", "strangers")


def stall(bridge: Bridge, way: str, *ids: str, count: int | None = None) -> int:
    return bridge.sandbox.misbehave(
        "pages-without-end",
        "readAcknowledgements",
        provider_id=bridge.provider,
        count=count,
        pages=way,
        ids=ids,
    )


def asked(bridge: Bridge) -> int:
    return calls(bridge).count("readAcknowledgements")


@pytest.mark.parametrize("way", WAYS)
def test_without_a_new_answer_the_pauses_grow_and_it_is_said(night: Night, way: str) -> None:
    """Seven questions in the first five minutes, and then one every five minutes."""
    alpha = night.alpha
    with time_machine.travel(MONDAY, tick=False) as clock:
        released(alpha, "1", "2")
        rule = stall(alpha, way, "1")
        delivery = alpha.plan()
        tried = []
        for _ in range(1000):
            if alpha.again(delivery).next_step_at <= utcnow():
                before = asked(alpha)
                night.work()
                tried += [round((utcnow() - MONDAY).total_seconds())] * (asked(alpha) - before)
            clock.shift(SECOND)
        first = [0, 0] if way == "strangers" else [0, 0, 0]  # the first page about 1 brings an answer
        assert tried == [*first, 5, 15, 35, 75, 155, 315, 615, 915]
        delivery = alpha.again(delivery)
        assert (delivery.problem, delivery.state) == (DeliveryProblem.STALLED, DeliveryState.ANSWERING)
        assert alpha.connection.failures == 0
        assert [it.call for it in attempts(delivery.id)].count("readAcknowledgements") == 1, (
            "they are counted"
        )
        alpha.sandbox.behave(rule)
        for seconds in (300, 60):  # the network does not know the cursor that it gave
            clock.shift(seconds * SECOND)
            night.work()
        assert (alpha.again(delivery).problem, alpha.again(delivery).state) == (None, DeliveryState.COMPLETE)
        assert alpha.phase("2") is Phase.CURRENT


def test_a_page_is_a_turn_and_other_tenants_have_theirs(night: Night) -> None:
    """With one worker: after each page of the one, what waits of the other comes first."""
    alpha, beta = night.alpha, night.beta
    planned = []
    for one in (alpha, beta):
        released(one, "1", "2", "3")
        planned.append(one.plan().id)
    for number in "123":
        stall(alpha, "new-cursors", number, count=1)
    first, second = planned
    order = [row for job, row in night.work() if job == function_of(Delivery)]
    assert order[:4] == [first, second, first, second]
    assert order.count(first) >= 4


def test_what_is_read_again_is_no_stalling(night: Night) -> None:
    alpha = night.alpha
    released(alpha, "1")
    delivery = alpha.deliver()
    alpha.hasten()
    delivery = alpha.again(delivery)
    delivery.cause, alpha.connection.reconcile_since = Trigger.FOUND, delivery.created_at
    commit()
    read_again(alpha.connection, utcnow())
    commit()
    assert alpha.again(delivery).fruitless == -1
    stall(alpha, "new-cursors", "1", count=1)
    steps.run_delivery(delivery.id)
    scope_to(alpha.tenant_id)
    assert alpha.again(delivery).next_step_at <= utcnow(), "at once: it was expected to come again"


def test_strangers_are_noted_up_to_a_number(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_page, "MOST_ODD", 3)
    alpha = night.alpha
    released(alpha, "1")
    stall(alpha, "strangers")
    alpha.plan()
    alpha.work()
    for _ in range(5):
        alpha.hasten()
    assert asked(alpha) >= 6
    assert db.session.scalar(select(func.count()).select_from(OddAnswer)) == 3
    commit()
