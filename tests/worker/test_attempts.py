"""What is kept of requests to the network: each that did something, and how often the others were repeated."""

from __future__ import annotations

import datetime as dt

import time_machine
from flask import current_app
from sqlalchemy import select

from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.deliveries.attempts import probe
from portal.deliveries.queries import every_attempt
from portal.domain.deliveries import Attempt, Delivery
from portal.operations.measures import find_measures, requests_since
from tests.support.bridge import Bridge, hold_answers
from tests.support.commands import Commands

DID_SOMETHING = ["openDelivery", "putPart 1", "commitDelivery"]
POLLS = 150
MINUTE = dt.timedelta(minutes=1)


def calls(delivery: Delivery) -> dict[tuple[str, int | None], int]:
    """How often each call came to which answer."""
    found = [(it.call, it.http_status, it.count) for it in every_attempt(delivery.id)]
    assert len({pair[:2] for pair in found}) == len(found)
    return {(call, status): count for call, status, count in found}


def probes(bridge: Bridge) -> list[Attempt]:
    query = select(Attempt).where(Attempt.delivery_id.is_(None)).order_by(Attempt.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def polled(bridge: Bridge, times: int) -> Delivery:
    """A committed delivery whose answers have been asked for so often, and did not come."""
    bridge.person("1")
    bridge.release("1")
    hold_answers(bridge, 1)
    delivery = bridge.deliver()
    for _ in range(times):
        bridge.hasten()
    return delivery


def test_a_night_of_polling_buries_nothing(bridge: Bridge) -> None:
    delivery = polled(bridge, POLLS)
    found = calls(delivery)
    for call in DID_SOMETHING:
        assert [count for (name, _), count in found.items() if name == call] == [1], call
    assert found["readAcknowledgements", 200] >= POLLS
    assert len(found) == 5
    row = db.session.scalars(select(Attempt).where(Attempt.call == "readAcknowledgements")).one()
    assert row.at < row.last_at <= utcnow()


def test_polls_that_went_another_way_are_counted_apart(bridge: Bridge) -> None:
    delivery = polled(bridge, 2)
    rule = bridge.sandbox.misbehave("status", provider_id=bridge.provider, status=500)
    for _ in range(3):
        bridge.hasten()
    bridge.sandbox.behave(rule)
    bridge.hasten()
    found = calls(delivery)
    assert found["readAcknowledgements", 500] == 3
    assert found["readAcknowledgements", 200] >= 3


def test_what_did_something_twice_is_there_twice(bridge: Bridge) -> None:
    """Two deliveries to the same network: neither's calls are counted with the other's."""
    first = polled(bridge, 1)
    bridge.person("2")
    bridge.release("2")
    second = bridge.deliver()
    for delivery in (first, second):
        assert {name for name, _ in calls(delivery)} >= set(DID_SOMETHING)


def test_a_failing_call_that_is_repeated_is_counted_whatever_it_is(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    bridge.sandbox.misbehave("status", provider_id=bridge.provider, status=500, operation="openDelivery")
    delivery = bridge.deliver()
    for _ in range(4):
        bridge.hasten()
    assert calls(delivery)["openDelivery", 500] == 5


def test_questions_whether_a_network_is_back_are_counted_by_day(bridge: Bridge) -> None:
    bridge.sandbox.misbehave("status", provider_id=bridge.provider, status=503)
    start = dt.datetime(2026, 3, 2, 23, 30, tzinfo=dt.UTC)
    with time_machine.travel(start, tick=False) as clock:
        for _ in range(60):
            bridge.connection.probe_at = utcnow()
            commit()
            probe(bridge.connection.id)
            scope_to(bridge.tenant_id)
            clock.shift(MINUTE)
        assert [(row.count, row.http_status) for row in probes(bridge)] == [(30, 503), (30, 503)]
        assert [row.last_at - row.at for row in probes(bridge)] == [29 * MINUTE, 29 * MINUTE]


def test_the_command_shows_each_and_how_often(bridge: Bridge) -> None:
    polled(bridge, 3)
    commands = Commands(current_app._get_current_object())  # type: ignore[attr-defined]
    shown = commands.ask("delivery", "show", "--tenant", "alpha", "1")["attempts"]
    poll = next(it for it in shown if it["call"] == "readAcknowledgements")
    assert poll["count"] >= 3
    assert poll["at"] < poll["last_at"]
    text = commands.say("delivery", "show", "--tenant", "alpha", "1")
    assert f"{poll['count']}-mal, zuletzt" in text
    assert "commitDelivery" in text


def test_every_attempt_of_a_large_delivery_is_reached(bridge: Bridge) -> None:
    delivery = polled(bridge, 0)
    row = {"tenant_id": bridge.tenant_id, "connection_id": bridge.connection.id, "delivery_id": delivery.id}
    for number in range(250):
        db.session.add(Attempt(**row, at=utcnow(), call=f"putPart {number}", http_status=204, duration_ms=1))
    commit()
    assert len(list(every_attempt(delivery.id))) > 250


def test_requests_are_measured_though_they_are_folded(bridge: Bridge) -> None:
    now, row = utcnow(), {"tenant_id": bridge.tenant_id, "connection_id": bridge.connection.id}
    for problem, count in (("server-error", 601), (None, 31)):
        db.session.add(
            Attempt(
                **row,
                at=now - 600 * MINUTE if problem else now - 30 * MINUTE,
                last_at=now,
                count=count,
                call="readAccount",
                http_status=500 if problem else 200,
                duration_ms=1,
                problem=problem,
            )
        )
    commit()
    scope_to(EVERY_TENANT)
    measured = next(it for it in find_measures(now) if it.name == "attempts").values
    assert measured == {"ok": 15, "refused": 0, "failed": 15}


def test_how_many_of_repeated_requests_were_lately_is_estimated() -> None:
    now = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
    since = now - 15 * MINUTE
    assert requests_since(since, now - MINUTE, now, 7) == 7
    assert requests_since(since, now - 60 * MINUTE, now, 61) == 15
    assert requests_since(since, now - 600 * MINUTE, now, 2) == 1
