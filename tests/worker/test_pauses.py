"""When the network is asked again: ever more rarely while it is away or silent, at once when it is back."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from portal.core.crypto import current_keyring
from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.core.queue import function_of
from portal.deliveries import jobs as steps
from portal.deliveries.answers import poll_pause
from portal.deliveries.attempts import probe
from portal.deliveries.queries import attempts
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryProblem, DeliveryState
from portal.domain.rules.phase import Phase
from portal.domain.rules.status import Status
from portal.domain.tenants import Connection, token_place
from portal.tenants.service import set_transfer_time
from tests.support.bridge import Bridge, hold_answers
from tests.worker.conftest import Night
from worker import schedule

MONDAY = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def released(bridge: Bridge, *numbers: str) -> None:
    scope_to(bridge.tenant_id)
    for number in numbers:
        bridge.person(number)
    bridge.release(*numbers)


def calls(bridge: Bridge) -> list[str]:
    return [it["operation"] for it in bridge.sandbox.requests_seen(bridge.provider)]


def test_a_network_that_is_away_is_asked_ever_more_rarely(night: Night) -> None:
    """Attempts of the delivery, in seconds since the first; the questions whether it is back come every minute."""
    alpha = night.alpha
    with time_machine.travel(MONDAY, tick=False) as clock:
        released(alpha, "1")
        alpha.sandbox.misbehave("status", provider_id=alpha.provider, status=500)
        delivery = alpha.plan()
        tried = set[int]()
        for pause in [10] * 44 + [60] * 61:
            night.work()
            scope_to(alpha.tenant_id)
            db.session.expire_all()
            tried |= {round((it.last_at - MONDAY).total_seconds()) for it in attempts(delivery.id)}
            clock.shift(pause * SECOND)
        asked = len(calls(alpha)) - len(tried)
        assert sorted(tried) == [0, 10, 40, 130, 430, 4040]
        assert [(it.call, it.count) for it in attempts(delivery.id)] == [("readAccount", 6)]
        assert 60 <= asked <= 66
        assert alpha.connection.quarantined_at == MONDAY + 430 * SECOND
        assert alpha.again(delivery).state is DeliveryState.SENDING


def test_one_that_is_back_is_noticed_within_a_minute(night: Night) -> None:
    alpha = night.alpha
    with time_machine.travel(MONDAY) as clock:
        released(alpha, "1")
        rule = alpha.sandbox.misbehave("status", provider_id=alpha.provider, status=500)
        alpha.plan()
        for pause in (0, 10, 30, 90, 300):
            clock.shift(pause * SECOND)
            night.work()
        assert alpha.connection.quarantined_at is not None
        alpha.sandbox.behave(rule)
        clock.shift(60 * SECOND)
        night.work()
        assert (alpha.connection.failures, alpha.connection.quarantined_at) == (0, None)
        clock.shift(5 * SECOND)
        night.work()
        assert alpha.status("1") is Status.ONLINE


def test_a_tenant_whose_network_is_away_keeps_nobody_else_waiting(night: Night) -> None:
    alpha, beta = night.alpha, night.beta
    with time_machine.travel(MONDAY) as clock:
        for one in (alpha, beta):
            released(one, "1")
            set_transfer_time(one.tenant, dt.time(22, 0), utcnow())
            commit()
        alpha.sandbox.misbehave("status", provider_id=alpha.provider, status=500)
        clock.move_to(MONDAY.replace(hour=21, second=1))
        night.sweep()
        clock.shift(5 * SECOND)
        night.work()
        scope_to(beta.tenant_id)
        assert beta.status("1") is Status.ONLINE
        scope_to(alpha.tenant_id)
        assert (alpha.status("1"), alpha.phase("1")) == (Status.OFFLINE, Phase.TRANSFERRING)


def test_nobody_disturbs_a_network_that_wants_to_be_left_alone(night: Night) -> None:
    """Neither a job that was enqueued before, nor a transfer that somebody wants now, nor the question whether it is
    back: the pause is over when the network said that it is."""
    alpha = night.alpha
    with time_machine.travel(MONDAY) as clock:
        released(alpha, "1", "2")
        hold_answers(alpha, 1)
        first = alpha.plan("1")
        night.work()
        rule = alpha.sandbox.misbehave("status", provider_id=alpha.provider, status=503, retry_after=120)
        clock.shift(10 * SECOND)
        night.work()
        asked = calls(alpha)
        alpha.sandbox.behave(rule)
        second = alpha.plan("2")
        assert (function_of(Delivery), second.id) in night.waiting()
        steps.run_delivery(second.id)
        for _ in range(11):
            clock.shift(10 * SECOND)
            steps.run_delivery(first.id)
            night.sweep()
        assert calls(alpha) == asked
        scope_to(alpha.tenant_id)
        assert alpha.again(second).state is DeliveryState.BUILT
        clock.shift(15 * SECOND)
        night.work()
        assert alpha.again(second).state is not DeliveryState.BUILT
        assert alpha.again(second).crashes == 0


@pytest.mark.usefixtures("sqlite_app")
@pytest.mark.parametrize(
    ("retry_after", "pauses"),
    [
        (None, [5, 10, 20, 40, 80, 160, 300, 300]),
        (30, [30, 30, 30, 30, 30, 30, 30, 30, 51.2]),
        (0, [0.2, 0.4, 0.8, 1.6]),
        (10**9, [300, 300]),
    ],
)
def test_answers_are_asked_for_with_growing_pauses(retry_after: float | None, pauses: list[float]) -> None:
    assert [poll_pause(polls, retry_after) for polls in range(1, len(pauses) + 1)] == pauses
    assert poll_pause(10**6, retry_after) == 300


def test_a_network_that_promises_and_never_answers_is_asked_ever_more_rarely(night: Night) -> None:
    """The sandbox always says "in one second"."""
    alpha = night.alpha
    with time_machine.travel(MONDAY, tick=False) as clock:
        released(alpha, "1")
        alpha.sandbox.misbehave("answers-lost", provider_id=alpha.provider)
        delivery = alpha.plan()
        pauses = []
        for _ in range(7):
            night.work()
            due = alpha.again(delivery).next_step_at
            assert due is not None
            pauses.append((due - utcnow()).total_seconds())
            clock.move_to(due)
        assert pauses == [1, 1, 1, 1.6, 3.2, 6.4, 12.8]
        assert alpha.phase("1") is Phase.SENT


# --- what is enqueued --------------------------------------------------------------------------------------


def test_only_what_is_due_and_free_and_not_paused_is_enqueued(night: Night) -> None:
    alpha = night.alpha
    released(alpha, "1")
    delivery = alpha.plan()
    assert night.waiting() == [(function_of(Delivery), delivery.id)], "at once, by whoever planned it"
    row, now = db.session.get_one(Delivery, delivery.id), utcnow()
    connection = alpha.connection
    soon, ago = now + 60 * SECOND, now - SECOND
    for next_step_at, lease_until, paused_until, enqueued in (
        (ago, None, None, True),
        (ago, ago, ago, True),
        (soon, None, None, False),
        (None, None, None, False),
        (ago, soon, None, False),
        (ago, None, soon, False),
    ):
        row.next_step_at, row.lease_until, connection.paused_until = next_step_at, lease_until, paused_until
        commit()
        schedule.tick()
        assert bool(night.waiting()) is enqueued
        scope_to(alpha.tenant_id)
        row, connection = db.session.get_one(Delivery, delivery.id), alpha.connection


def test_a_job_waits_once_however_often_cron_wakes(night: Night) -> None:
    released(night.alpha, "1")
    night.alpha.plan()
    for _ in range(5):
        schedule.tick()
    assert len(night.waiting()) == 1


@pytest.mark.parametrize(
    ("minutes", "asked"), [(None, []), (1, []), (0, [function_of(Connection)])], ids=["never", "later", "now"]
)
def test_a_network_is_asked_whether_it_is_back_when_it_is_due(
    night: Night, minutes: int | None, asked: list[str]
) -> None:
    """Never where it said itself when it wants to be asked again."""
    scope_to(EVERY_TENANT)
    connection = night.alpha.connection
    connection.failures = 1
    connection.probe_at = None if minutes is None else utcnow() + dt.timedelta(minutes=minutes)
    commit()
    schedule.tick()
    assert night.waiting() == [(job, connection.id) for job in asked]


def test_a_connection_is_tested_though_nothing_failed(night: Night) -> None:
    connection = night.alpha.connection
    connection.probe_at, connection.network_name = utcnow(), None
    commit()
    night.work()
    connection = night.alpha.connection
    assert connection.network_name is not None
    assert connection.checked_at is not None
    assert (connection.probe_at, connection.failures, connection.problem) == (None, 0, None)


def test_a_test_with_a_wrong_token_says_so(night: Night) -> None:
    connection = night.alpha.connection
    connection.token_encrypted = current_keyring().encrypt(b"nobodys-token", token_place(connection.id))
    connection.probe_at = utcnow()
    commit()
    probe(connection.id)
    connection = night.alpha.connection
    assert (connection.failures, connection.problem) == (1, DeliveryProblem.UNAUTHORISED.value)
