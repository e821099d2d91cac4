"""`deliver`, `deliveries`, `delivery show|pass|discard|stop-waiting`: with a real network, judged by somebody else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from portal.core.database import commit, db, utcnow
from portal.domain.delivery_states import DeliveryState
from portal.domain.tenants import Heartbeat
from tests.support.at_once import Aside
from tests.support.bridge import Bridge
from tests.support.commands import Commands

ALPHA = ("--tenant", "alpha")


@contextmanager
def _worker_beside(bridge: Bridge) -> Iterator[None]:
    """Worker and cron do what is due, in a thread of their own, until the end of the block."""
    ended: list[bool] = []

    def work() -> None:
        while not ended:
            bridge.hasten()

    aside = Aside(bridge.tenant_id, work)
    try:
        yield
    finally:
        ended.append(True)
        given = aside.result()
        assert given is None, given


@pytest.fixture
def leaving(bridge: Bridge, commands: Commands) -> None:
    """Four people are Online; the next transfer would take all of them away without an explanation."""
    numbers = ["1001", "1002", "1003", "1004"]
    for number in numbers:
        bridge.person(number, last_name="Adam", first_name=number)
    bridge.release(*numbers)
    bridge.deliver()
    bridge.hasten()
    commands.say("tenant", "set", "alpha", "--brake-minimum", "1", "--brake-percent", "1")
    for number in numbers:
        bridge.person(number, first_name="")


@pytest.fixture
def held(bridge: Bridge, commands: Commands, leaving: None) -> dict[str, Any]:
    """That transfer, started by VM and held by the brake, as `delivery show` has it."""
    commands.say("deliver", *ALPHA, "--by", "VM")
    bridge.work()
    shown: dict[str, Any] = commands.ask("delivery", "show", *ALPHA, "2")
    assert shown["state"] == "held", shown
    return shown


def test_deliver_waits_until_the_answers_are_in(bridge: Bridge, commands: Commands) -> None:
    bridge.person("1001")
    bridge.person("1002")
    bridge.release("1001", "1002")
    bridge.sandbox.force(bridge.provider, "1002", "rejected", "missing_data")
    with _worker_beside(bridge):
        said = commands.say("deliver", *ALPHA, "--wait")
    assert said == (
        "Die Übertragung 1 ist abgeschlossen: 1 bestätigt, 0 archiviert, 1 abgelehnt, 0 ohne Antwort.\n"
    )
    listed = commands.ask("deliveries", *ALPHA)["deliveries"]
    assert [(found["number"], found["state"], found["started_by"]) for found in listed] == [
        (1, "complete", "system")
    ]


def test_deliver_names_people(bridge: Bridge, commands: Commands) -> None:
    """Only those named go, each in her protocol; an unknown number refuses everything."""
    bridge.person("1001")
    bridge.person("1002")
    bridge.release("1001", "1002")
    refused = commands.refuse("deliver", *ALPHA, "--participant", "1001", "--participant", "9")
    assert refused and commands.ask("deliveries", *ALPHA)["deliveries"] == []
    planned = commands.ask("deliver", *ALPHA, "--participant", "1001", "--by", "VM")
    assert (planned["number"], planned["mode"], planned["state"]) == (1, "delta", "planned")
    bridge.hasten()
    assert set(bridge.sandbox.applicants(bridge.provider)) == {"1001"}
    assert "transfer-requested" in [it.value for it in bridge.events("1001")]


@pytest.mark.parametrize(("kinds", "missing"), [((), "worker"), (("worker",), "cron")])
def test_without_anybody_to_work_deliver_says_so(
    bridge: Bridge,
    commands: Commands,
    monkeypatch: pytest.MonkeyPatch,
    kinds: tuple[str, ...],
    missing: str,
) -> None:
    """Instead of waiting for ever: what to start. The transfer stays asked for."""
    monkeypatch.setattr("portal.cli.waiting.PATIENCE", dt.timedelta(0))
    bridge.person("1001")
    bridge.release("1001")
    for kind in kinds:
        db.session.add(Heartbeat(name=f"{kind}:1", kind=kind, started_at=utcnow(), seen_at=utcnow()))
        commit()
    said = commands.run("deliver", *ALPHA, "--wait")
    assert said.code == 1
    assert f"jobbruecke {missing}" in said.err and "Die Übertragung 1 wartet auf ihn" in said.err
    assert bridge.newest().state is DeliveryState.PLANNED


def test_wait_ends_where_the_network_refuses_us(bridge: Bridge, commands: Commands) -> None:
    """A token that is not accepted will not be so by waiting: exit code 1, with the reason."""
    bridge.person("1001")
    bridge.release("1001")
    bridge.sandbox.change_provider(bridge.provider, token=f"another-{bridge.provider}")
    with _worker_beside(bridge):
        said = commands.run("deliver", *ALPHA, "--wait")
    assert said.code == 1
    assert "lehnt die Zugangsdaten ab" in said.err


def test_wait_ends_at_the_brake(bridge: Bridge, commands: Commands, leaving: None) -> None:
    """A held delivery waits for a person, so nobody waits for it at a terminal."""
    with _worker_beside(bridge):
        said = commands.run("deliver", *ALPHA, "--wait")
    assert said.code == 1
    assert "angehalten" in said.err and "delivery pass" in said.err


def test_a_held_delivery_is_shown_with_its_leavers(held: dict[str, Any], commands: Commands) -> None:
    shown = commands.say("delivery", "show", *ALPHA, "2")
    assert "Scheidet aus" in shown and "1001" in shown and str(held["shown_digest"])[:16] in shown
    leavers = held["leavers"]
    assert isinstance(leavers, list) and len(leavers) == 4
    assert {leaver["explained"] for leaver in leavers} == {False}


def test_passing_wants_what_was_shown(bridge: Bridge, held: dict[str, Any], commands: Commands) -> None:
    digest = str(held["shown_digest"])
    refused = commands.refuse("delivery", "pass", *ALPHA, "2", "--shown", "0" * 16)
    assert refused and bridge.newest().state is DeliveryState.HELD
    assert commands.refuse("delivery", "pass", *ALPHA, "2", "--by", "SB")  # nobody has these initials
    passed = commands.ask("delivery", "pass", *ALPHA, "2", "--shown", digest[:16])
    assert (passed["number"], passed["approved_by"]) == (2, "support")
    bridge.hasten()
    assert {it["state"] for it in bridge.sandbox.applicants(bridge.provider).values()} == {"archived"}


def test_whoever_started_it_does_not_judge_it(
    bridge: Bridge, held: dict[str, Any], commands: Commands
) -> None:
    said = {
        commands.refuse("delivery", command, *ALPHA, "2", "--by", "VM") for command in ("pass", "discard")
    }
    assert len(said) == 1 and bridge.newest().state is DeliveryState.HELD, said


def test_a_held_delivery_is_discarded(bridge: Bridge, held: dict[str, Any], commands: Commands) -> None:
    assert "verworfen" in commands.say("delivery", "discard", *ALPHA, "2")
    assert commands.ask("delivery", "show", *ALPHA, "2")["state"] == "discarded"
    assert commands.refuse("delivery", "discard", *ALPHA, "2")  # once is enough
    bridge.hasten()
    assert {it["state"] for it in bridge.sandbox.applicants(bridge.provider).values()} == {"active"}


@pytest.mark.parametrize("number", ["0", "-1", "one", "9" * 22])
def test_what_is_no_number_is_wrong_usage(staffed: Commands, number: str) -> None:
    assert staffed.run("delivery", "show", *ALPHA, "--", number).code == 2


def test_what_is_not_there_is_a_sentence(staffed: Commands) -> None:
    for words in (("show",), ("pass",), ("discard",)):
        said = staffed.refuse("delivery", *words, *ALPHA, "999999999")
        assert said.endswith(".") and "Unerwartet" not in said, said
    assert staffed.ask("deliveries", *ALPHA) == {"tenant": "alpha", "deliveries": []}


def test_whoever_waits_is_told_of_a_forgotten_delivery_and_may_stop_waiting(
    bridge: Bridge, commands: Commands
) -> None:
    bridge.person("1")
    bridge.release("1")
    assert "keine Schwierigkeit" in commands.refuse(
        "delivery", "stop-waiting", *ALPHA, str(bridge.deliver().sequence)
    )
    bridge.sandbox.misbehave("commit-forgotten", "commitDelivery", provider_id=bridge.provider, entirely=True)
    forgotten = bridge.deliver()
    bridge.hasten()
    assert "nicht mehr gewartet" in commands.say("delivery", "stop-waiting", *ALPHA, str(forgotten.sequence))
    assert commands.ask("delivery", "show", *ALPHA, str(forgotten.sequence))["state"] == "complete"
