"""A text in place of an e-mail address: kept as it is, told to nobody, and at Job4You it blocks."""

from __future__ import annotations

from portal.core.database import scope_to
from portal.domain.imports import ImportMode
from portal.domain.rules.phase import Phase
from tests.imports.exports import bring
from tests.support.bridge import Bridge

HEADER = "tn_id;nachname;vorname;email;betreuer;auftrag_id;einverstaendnis_am\n"
PEOPLE = "1;A;B;keine;VM;A1;02.01.2026\n2;C;D;c@example.org, d@example.org;VM;A1;02.01.2026\n"


def come(bridge: Bridge, lines: str = PEOPLE) -> None:
    bring(bridge.tenant_id, {"teilnehmer.csv": HEADER + lines}, ImportMode.DELTA)
    scope_to(bridge.tenant_id)


def transfer(bridge: Bridge) -> None:
    bridge.deliver()
    bridge.hasten()


def announced(bridge: Bridge, number: str) -> str | None:
    held = bridge.held(number)
    assert held is not None
    address: str | None = held["record"]["email"]
    return address


def is_told_once_it_is_mended(bridge: Bridge) -> None:
    assert bridge.see("1").participant.email == "keine"
    come(bridge, PEOPLE.replace("keine", "a@example.org").replace(", d@example.org", ""))
    transfer(bridge)
    assert [announced(bridge, "1"), announced(bridge, "2")] == ["a@example.org", "c@example.org"]
    assert bridge.see("1").findings == ()


def test_at_job4you_it_blocks(job4you: Bridge) -> None:
    come(job4you)
    job4you.person("3")
    job4you.release("1", "2", "3")
    assert [finding.value for finding in job4you.see("1").findings] == ["email-unreadable"]
    assert job4you.phase("2") is Phase.BLOCKED
    transfer(job4you)
    assert [number for number in "123" if job4you.held(number)] == ["3"]
    is_told_once_it_is_mended(job4you)


def test_at_jobnetzwerk_it_is_left_out(bridge: Bridge) -> None:
    come(bridge)
    bridge.release("1", "2")
    transfer(bridge)
    assert (announced(bridge, "1"), announced(bridge, "2")) == (None, None)
    is_told_once_it_is_mended(bridge)
