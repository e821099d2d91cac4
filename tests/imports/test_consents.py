"""Consent as exports tell it: a withdrawal is undone by a later consent alone, and one still to come is none yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from flask import current_app

from portal.core.database import commit, db, rollback, scope_to, utcnow
from portal.core.refusal import Refusal
from portal.domain.imports import ImportMode
from portal.domain.participants import Participant
from portal.domain.releases import Event, ProtocolEntry
from portal.domain.rules.phase import Phase
from portal.domain.rules.preflight import Finding
from portal.releases.service import release
from tests.imports.exports import bring
from tests.support.bridge import CASEWORKER, Bridge
from tests.support.door import Door, new_token

HEADER = "tn_id;nachname;vorname;email;betreuer;auftrag_id;einverstaendnis_am;einverstaendnis_widerrufen_am\n"
DAY = dt.timedelta(days=1)


def line(given: str, withdrawn: str = "", number: str = "T1") -> str:
    return f"{number};Muster;Erika;e@example.org;VM;A1;{given};{withdrawn}\n"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(dt.datetime(2026, 11, 27, 9, 0, tzinfo=dt.UTC), tick=False) as clock:
        yield clock


def tell(bridge: Bridge, given: str, withdrawn: str = "", mode: ImportMode = ImportMode.DELTA) -> list[str]:
    """Import what Qualli.life says of T1's consent; the codes of what the report notes."""
    found = bring(bridge.tenant_id, {"teilnehmer.csv": HEADER + line(given, withdrawn)}, mode)
    assert found.rejected_lines == 0
    scope_to(bridge.tenant_id)
    return [it["code"] for it in found.notices if it["code"] != "file-absent"]


def withdrawn_on(bridge: Bridge) -> str:
    found = db.session.query(Participant.consent_withdrawn_on).filter_by(number="T1").scalar()
    commit()
    return str(found)


def details(bridge: Bridge, event: Event) -> list[dict[str, object]]:
    rows = db.session.query(ProtocolEntry.data).filter_by(event=event).order_by(ProtocolEntry.id)
    found = [dict(row[0]) for row in rows]
    commit()
    return [{key: value for key, value in data.items() if key != "import"} for data in found]


def test_an_export_that_leaves_a_withdrawal_out_takes_nothing_back(
    bridge: Bridge, clock: time_machine.Traveller
) -> None:
    tell(bridge, "02.01.2026")
    bridge.release("T1")
    tell(bridge, "02.01.2026", "20.11.2026")
    assert not bridge.registration("T1").released
    for mode in (ImportMode.DELTA, ImportMode.FULL):
        assert tell(bridge, "02.01.2026", mode=mode) == ["withdrawal-kept"]
        assert tell(bridge, "02.01.2026", "01.01.2026", mode) == ["withdrawal-kept"]
        assert withdrawn_on(bridge) == "2026-11-20"
    assert bridge.see("T1").findings == (Finding.CONSENT_WITHDRAWN,)
    with pytest.raises(Refusal, match="ends-at-once"):
        release(bridge.id("T1"), CASEWORKER, utcnow())
    rollback()
    assert details(bridge, Event.WITHDRAWAL_KEPT) == [{"withdrawn_on": "2026-11-20"}], "told once"


def test_a_consent_dated_after_it_undoes_a_withdrawal(bridge: Bridge, clock: time_machine.Traveller) -> None:
    tell(bridge, "02.01.2026")
    bridge.release("T1")
    tell(bridge, "02.01.2026", "20.11.2026")
    tell(bridge, "20.11.2026")
    assert withdrawn_on(bridge) == "2026-11-20", "the same day is not later"
    assert tell(bridge, "21.11.2026") == []
    assert bridge.see("T1").findings == ()
    assert details(bridge, Event.CONSENT_RENEWED) == [{"consent_on": "2026-11-21"}]
    assert not bridge.registration("T1").released, "a person decides anew"
    bridge.release("T1")


def test_a_column_that_is_not_there_takes_nothing_back(bridge: Bridge, clock: time_machine.Traveller) -> None:
    tell(bridge, "02.01.2026", "20.11.2026")
    bring(bridge.tenant_id, {"teilnehmer.csv": "tn_id;einverstaendnis_am\nT1;03.01.2026\n"}, ImportMode.DELTA)
    scope_to(bridge.tenant_id)
    assert withdrawn_on(bridge) == "2026-11-20"
    assert Finding.CONSENT_WITHDRAWN in bridge.see("T1").findings


def test_through_the_http_door_nothing_is_taken_back_either(
    bridge: Bridge, clock: time_machine.Traveller
) -> None:
    tell(bridge, "02.01.2026", "20.11.2026")
    door = Door(current_app._get_current_object(), new_token(bridge.tenant_id))  # type: ignore[attr-defined]
    for value in ("", None):
        found = door.put("participants", [{"tn_id": "T1", "einverstaendnis_widerrufen_am": value}])
        assert [it["code"] for it in found["notices"]] == ["withdrawal-kept"]
    scope_to(bridge.tenant_id)
    assert withdrawn_on(bridge) == "2026-11-20"


def test_people_nobody_released_have_no_protocol(bridge: Bridge, clock: time_machine.Traveller) -> None:
    tell(bridge, "02.01.2026", "20.11.2026")
    assert tell(bridge, "02.01.2026") == ["withdrawal-kept"]
    tell(bridge, "21.11.2026")
    assert bridge.events("T1") == []


def test_a_consent_still_to_come_counts_from_its_day_on(
    job4you: Bridge, clock: time_machine.Traveller
) -> None:
    tell(job4you, "28.11.2026")
    job4you.release("T1")
    assert job4you.see("T1").findings == (Finding.CONSENT_MISSING,)
    assert job4you.phase("T1") is Phase.BLOCKED
    clock.shift(DAY)
    assert job4you.see("T1").findings == ()
    job4you.deliver()
    held = job4you.held("T1")
    assert held is not None and held["record"]["consent_on"] == "2026-11-28"


def test_jobnetzwerk_asks_and_is_not_told_of_a_consent_still_to_come(
    bridge: Bridge, clock: time_machine.Traveller
) -> None:
    tell(bridge, "01.03.2062")
    with pytest.raises(Refusal, match="consent-to-confirm"):
        release(bridge.id("T1"), CASEWORKER, utcnow())
    rollback()
    bridge.release("T1", confirmed=True)
    bridge.deliver()
    held = bridge.held("T1")
    assert held is not None and held["record"]["consent_on"] is None


def test_a_consent_still_to_come_does_not_undo_a_withdrawal_before_its_day(
    bridge: Bridge, clock: time_machine.Traveller
) -> None:
    tell(bridge, "02.01.2026", "20.11.2026")
    tell(bridge, "28.11.2026")
    assert Finding.CONSENT_WITHDRAWN in bridge.see("T1").findings
    clock.shift(DAY)
    assert Finding.CONSENT_WITHDRAWN not in bridge.see("T1").findings
