"""Row: import half written, empty, cut in mid-line, shrinking a little every night: nobody is archived by accident.

The export comes, then the night's full delivery, as in production; what reading makes of each file is held by
`tests/imports`, killed imports by `tests/imports/test_faults.py` and `test_killed.py`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

import pytest
import time_machine

from portal.core.database import commit, scope_to, utcnow
from portal.core.refusal import Refusal
from portal.domain.delivery_states import DeliveryProblem, DeliveryState
from portal.domain.imports import ImportState
from portal.domain.rules.status import Status
from portal.imports.service import keep_export
from tests.faults.conftest import SAMPLED
from tests.imports.exports import bring, zipped
from tests.support.bridge import Bridge
from tests.support.invariants import assert_promise

NIGHT = 24 * 3600
PEOPLE = [f"T{number:02}" for number in range(20)]
Files = Mapping[str, str | bytes]


@pytest.fixture(params=SAMPLED)
def database_url(request: pytest.FixtureRequest) -> str:
    """PostgreSQL in the matrix alone: what is refused does not depend on the database."""
    return str(request.getfixturevalue(f"{request.param}_url"))


def export(numbers: list[str]) -> dict[str, str]:
    """What Qualli.life exports of these people, who have all that is needed."""
    head = "tn_id;nachname;vorname;betreuer;auftrag_id;einverstaendnis_am\n"
    lines = "".join(f"{it};Muster{it};Erika;VM;A1;02.01.2026\n" for it in numbers)
    return {"teilnehmer.csv": head + lines}


@pytest.fixture
def online(bridge: Bridge) -> Bridge:
    """Twenty people, all of them online."""
    bring(bridge.tenant_id, export(PEOPLE))
    scope_to(bridge.tenant_id)
    bridge.release(*PEOPLE)
    bridge.deliver()
    bridge.hasten()
    assert held(bridge) == set(PEOPLE)
    return bridge


def held(bridge: Bridge) -> set[str]:
    """Whom the network has, and has not archived."""
    return {
        number
        for number, found in bridge.sandbox.applicants(bridge.provider).items()
        if found["state"] == "active"
    }


def night(bridge: Bridge) -> None:
    """Everything is transferred, and all answers come."""
    scope_to(bridge.tenant_id)
    bridge.deliver()
    bridge.hasten()


def cut(text: str, kept: float) -> str:
    return text[: int(len(text) * kept)]


WHOLE = export(PEOPLE)["teilnehmer.csv"]
FILES: dict[str, tuple[Files, str]] = {
    "half written": ({"teilnehmer.csv": cut(WHOLE, 0.5)}, "cut-off"),
    "empty": ({"teilnehmer.csv": ""}, "file-empty"),
    "cut in mid-line": ({"teilnehmer.csv": WHOLE[:-9]}, "cut-off"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_broken_export_is_refused_by_name_and_nobody_is_archived(online: Bridge, name: str) -> None:
    files, problem = FILES[name]
    found = bring(online.tenant_id, files)
    assert (found.state, found.problem) == (ImportState.FAILED, problem)
    assert found.problem_values["file"] == "teilnehmer.csv"
    assert_nobody_left(online)


def test_an_archive_half_written_is_refused_at_the_door(online: Bridge) -> None:
    whole = zipped(export(PEOPLE)).getvalue()
    for kept in (0.5, 0.99):
        with pytest.raises(Refusal, match="import-not-a-zip"):
            keep_export(io.BytesIO(whole[: int(len(whole) * kept)]))
    assert_nobody_left(online)


def test_an_export_with_nobody_or_with_less_than_half_is_held(online: Bridge) -> None:
    """Its header alone, whole or not; cut exactly at the end of a line."""
    for text in (WHOLE.partition("\n")[0], "tn_id;nachn", "\n".join(WHOLE.splitlines()[:7]) + "\n"):
        found = bring(online.tenant_id, {"teilnehmer.csv": text})
        assert (found.state, found.problem) == (ImportState.HELD, "shrinks")
    assert_nobody_left(online)


def assert_nobody_left(bridge: Bridge) -> None:
    """Nor does anybody with the night that follows, nor by the next good export."""
    night(bridge)
    assert held(bridge) == set(PEOPLE)
    assert bring(bridge.tenant_id, export(PEOPLE)).state is ImportState.DONE
    scope_to(bridge.tenant_id)
    assert {bridge.status(number) for number in PEOPLE} == {Status.ONLINE}
    assert_promise(bridge)


def test_an_export_that_shrinks_a_little_every_night_is_held_once_it_is_too_much(online: Bridge) -> None:
    """One person fewer a night, each of whom alone would be nothing: the fourth within seven days is held."""
    with time_machine.travel(utcnow()) as clock:
        for nights in range(1, 5):
            clock.shift(NIGHT)
            assert bring(online.tenant_id, export(PEOPLE[nights:])).state is ImportState.DONE
            night(online)
        newest = online.newest()
        assert (newest.state, newest.problem) == (DeliveryState.HELD, DeliveryProblem.BRAKE)
        assert held(online) == set(PEOPLE[3:]), "those of the first three nights, and nobody more"
        clock.shift(NIGHT)
        bring(online.tenant_id, export(PEOPLE))
        scope_to(online.tenant_id)
        assert online.status(PEOPLE[3]) is Status.ONLINE
        commit()
