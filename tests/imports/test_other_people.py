"""An identifier given to another person: nothing of theirs meets the release of the one before; a person decides."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from flask import current_app
from sqlalchemy import select

from portal.core.database import commit, db, rollback, scope_to, utcnow
from portal.core.refusal import Refusal
from portal.domain.actors import Actor
from portal.domain.imports import ImportMode, ImportState
from portal.domain.participants import Participant, ParticipantWord, Profile
from portal.domain.releases import EndCause, Event, ProtocolEntry, Release
from portal.domain.rules.phase import Phase
from portal.domain.rules.status import Status
from portal.imports.reports import Report
from portal.imports.running import run_import
from portal.imports.service import approve, get_import
from portal.releases.filters import Filters
from portal.releases.identities import settle_identity
from portal.releases.queries import count_participants
from portal.releases.service import release
from portal.tenants.context import load_tenant_context
from tests.imports.exports import SVNR, bring, faults, report_of
from tests.support.bridge import CASEWORKER, Bridge
from tests.support.door import Door, new_token

HEADER = "tn_id;nachname;vorname;geburtsdatum;ort;betreuer;auftrag_id;einverstaendnis_am\n"
ANNA = ("Müller", "Anna", "01.02.1990")
OLAF = ("Zander", "Olaf", "13.07.1985")


def line(number: str, name: tuple[str, str, str], city: str = "Berlin") -> str:
    return f"{number};{';'.join(name)};{city};VM;A1;02.01.2026\n"


def export(people: Mapping[str, tuple[str, str, str]], city: str = "Berlin") -> dict[str, str]:
    return {"teilnehmer.csv": HEADER + "".join(line(number, name, city) for number, name in people.items())}


def tell(bridge: Bridge, people: Mapping[str, tuple[str, str, str]], city: str = "Berlin") -> Report:
    found = bring(bridge.tenant_id, export(people, city), ImportMode.DELTA)
    scope_to(bridge.tenant_id)
    return found


@pytest.fixture
def online(bridge: Bridge) -> Bridge:
    """Anna has number 1, and is online; so are three others, that she may leave without a question."""
    tell(bridge, {"1": ANNA, **{number: (f"N{number}", "Erika", "") for number in "234"}})
    bridge.release(*"1234")
    bridge.deliver()
    bridge.hasten()
    assert bridge.status("1") is Status.ONLINE
    return bridge


def person(number: str) -> Participant:
    found = db.session.scalars(
        select(Participant).where(Participant.number == number).execution_options(populate_existing=True)
    ).one()
    commit()
    return found


def settle(bridge: Bridge, *, is_same: bool) -> None:
    settle_identity(bridge.id("1"), CASEWORKER, utcnow(), is_same=is_same)
    commit()


def changes(bridge: Bridge) -> list[list[str]]:
    rows = db.session.scalars(
        select(ProtocolEntry.data)
        .where(ProtocolEntry.event == Event.PERSON_CHANGED)
        .order_by(ProtocolEntry.id)
    )
    found = [data["changed"] for data in rows]
    commit()
    return found


def test_the_line_is_held_and_the_release_ends(online: Bridge) -> None:
    found = tell(online, {"1": OLAF}, "Köln")
    assert (found.state, faults(found)) == (ImportState.DONE, [("teilnehmer", 2, "tn_id", "other-person")])
    anna = person("1")
    assert (anna.name, str(anna.birth_date), anna.city) == ("Müller, Anna", "1990-02-01", "Berlin")
    assert not online.registration("1").released
    ended = db.session.scalars(select(Release).where(Release.ended_at.is_not(None))).one()
    assert (ended.end_cause, ended.ended_by) == (EndCause.OTHER_PERSON, "Qualli.life")
    assert online.events("1")[-2:] == [Event.IDENTITY_DOUBTED, Event.REVOKED]
    assert online.phase("1") is Phase.CLARIFICATION
    context = load_tenant_context(online.tenant_id, utcnow())
    assert count_participants(context, Filters(needs_action=True)) == 1
    with pytest.raises(Refusal, match="identity-doubted"):
        release(online.id("1"), CASEWORKER, utcnow())
    rollback()


def test_it_is_asked_once_and_the_network_never_hears_of_the_other_person(online: Bridge) -> None:
    for _ in range(3):
        tell(online, {"1": OLAF})
    assert online.events("1").count(Event.IDENTITY_DOUBTED) == 1
    online.deliver()
    online.hasten()
    held = online.held("1")
    assert held is not None
    assert (held["state"], held["record"]["last_name"]) == ("archived", "Müller")


def test_a_line_without_a_name_is_of_nobody_as_long_as_it_is_asked(online: Bridge) -> None:
    tell(online, {"1": OLAF})
    lines = "tn_id;ort\n1;Köln\n"
    found = bring(online.tenant_id, {"teilnehmer.csv": lines}, ImportMode.DELTA)
    scope_to(online.tenant_id)
    assert faults(found) == [("teilnehmer", 2, "tn_id", "other-person")]
    assert person("1").city == "Berlin"


def test_the_question_ends_when_the_export_says_as_before(online: Bridge) -> None:
    tell(online, {"1": OLAF})
    assert tell(online, {"1": ANNA}, "Köln").rejected_lines == 0
    assert (person("1").doubted_identity, person("1").city) == (None, "Köln")
    assert not online.registration("1").released, "a person decides anew"
    online.release("1")


def test_a_profile_of_the_other_person_is_not_taken(online: Bridge) -> None:
    profile = "tn_id;art;bezeichnung\n1;kenntnis;Excel\n"
    found = bring(online.tenant_id, {**export({"1": OLAF}), "profil.csv": profile}, ImportMode.DELTA)
    assert ("profil", 2, "tn_id", "participant-rejected") in faults(found)
    door = Door(current_app._get_current_object(), new_token(online.tenant_id))  # type: ignore[attr-defined]
    sent = {"tn_id": "1", "nachname": "Zander", "vorname": "Olaf", "geburtsdatum": "1985-07-13"}
    announced = door.put("participants", [{**sent, "profil": [{"art": "kenntnis", "bezeichnung": "Word"}]}])
    assert [(it["code"], it["column"]) for it in announced["rejected"]] == [("other-person", "tn_id")]
    assert "andere Person unter derselben Nummer?" in announced["rejected"][0]["message"]
    assert db.session.query(Profile).count() == 0
    scope_to(online.tenant_id)


def test_the_same_person_is_corrected_by_the_next_import(online: Bridge) -> None:
    tell(online, {"1": OLAF})
    settle(online, is_same=True)
    assert online.phase("1") is not Phase.CLARIFICATION
    assert person("1").name == "Müller, Anna", "Qualli.life alone changes it"
    assert tell(online, {"1": OLAF}).rejected_lines == 0
    olaf = person("1")
    assert (olaf.name, olaf.confirmed_identity, olaf.doubted_identity) == ("Zander, Olaf", None, None)
    assert online.registration("1").applicant_id is not None
    assert online.events("1")[-2:] == [Event.IDENTITY_SETTLED, Event.PERSON_CHANGED]
    assert tell(online, {"1": OLAF}).unchanged == 1


def test_a_decision_is_about_who_was_named_and_nobody_else(online: Bridge) -> None:
    tell(online, {"1": OLAF})
    settle(online, is_same=True)
    found = tell(online, {"1": ("Krause", "Pia", "03.03.1979")})
    assert faults(found) == [("teilnehmer", 2, "tn_id", "other-person")]
    assert online.phase("1") is Phase.CLARIFICATION


def test_another_person_gets_a_record_of_their_own(online: Bridge) -> None:
    applicant_id = online.registration("1").applicant_id
    tell(online, {"1": OLAF})
    with pytest.raises(Refusal, match="identity-still-told"):
        settle(online, is_same=False)
    rollback()
    online.deliver()
    online.hasten()
    before = online.id("1")
    settle(online, is_same=False)
    assert tell(online, {"1": OLAF}, "Köln").rejected_lines == 0
    olaf, anna = person("1"), db.session.get_one(Participant, before)
    assert olaf.id != anna.id
    assert (olaf.name, olaf.city, anna.name) == ("Zander, Olaf", "Köln", "Müller, Anna")
    assert anna.number.startswith("1 (bis 20") and anna.sent_number == "1" and anna.left_at is not None
    assert online.see("1").registration is None
    assert online.events("1") == []
    entries = db.session.scalars(
        select(ProtocolEntry.event).where(ProtocolEntry.participant_id == before)
    ).all()
    assert Event.IDENTITY_SETTLED in entries
    assert applicant_id is not None
    words = db.session.scalars(select(ParticipantWord.word).where(ParticipantWord.participant_id == before))
    assert {"muller", "anna", "bis"} <= set(words)
    online.release("1")
    online.deliver()
    online.hasten()
    held = online.held("1")
    assert held is not None and held["record"]["last_name"] == "Zander"


def test_a_social_insurance_number_is_kept_no_longer_than_it_may_be_sent(online: Bridge) -> None:
    bring(online.tenant_id, {"teilnehmer.csv": f"tn_id;svnr\n1;{SVNR}\n"}, ImportMode.DELTA)
    scope_to(online.tenant_id)
    tell(online, {"1": OLAF})
    online.deliver()
    online.hasten()
    before = online.id("1")
    settle(online, is_same=False)
    anna = db.session.get_one(Participant, before)
    assert (anna.social_insurance_number_encrypted, anna.social_insurance_number_since) == (None, None)


def test_a_name_or_a_date_alone_is_told_in_the_protocol(online: Bridge) -> None:
    tell(online, {"1": ("Schmidt", "Anna", "01.02.1990")})
    tell(online, {"1": ("Schmidt", "Anna", "02.02.1990")})
    tell(online, {"1": ("Schmidt", "Anna", "02.02.1990")}, "Köln")
    assert changes(online) == [["last_name"], ["birth_date"]]
    assert online.registration("1").released


def test_whom_nobody_released_is_replaced_without_a_word(bridge: Bridge) -> None:
    """Nothing depends on it; and nothing of the one before goes over, neither consent nor profile."""
    files = {**export({"1": ANNA}), "profil.csv": "tn_id;art;bezeichnung\n1;kenntnis;Excel\n"}
    bring(bridge.tenant_id, files, ImportMode.DELTA)
    lines = "tn_id;nachname;vorname;geburtsdatum\n1;Zander;Olaf;13.07.1985\n"
    found = bring(bridge.tenant_id, {"teilnehmer.csv": lines}, ImportMode.DELTA)
    scope_to(bridge.tenant_id)
    olaf = person("1")
    assert (found.rejected_lines, olaf.name, olaf.consent_on, olaf.city, olaf.order_id) == (
        0, "Zander, Olaf", None, None, None,
    )  # fmt: skip
    assert db.session.query(Profile).count() == 0
    assert bridge.events("1") == []


def test_where_lines_slipped_nothing_is_taken_and_nobody_loses_the_release(bridge: Bridge) -> None:
    names = [
        ANNA,
        OLAF,
        ("Krause", "Pia", "03.03.1979"),
        ("Yıldız", "Çem", "04.04.2000"),
        ("Groß", "Uta", "05.05.1966"),
    ]
    numbers = [str(number) for number in range(1, 6)]
    tell(bridge, dict(zip(numbers, names, strict=True)))
    bridge.release(*numbers)
    slipped = dict(zip(numbers, [*names[1:], names[0]], strict=True))
    found = tell(bridge, slipped)
    assert (found.state, found.problem, found.problem_values) == (
        ImportState.HELD, "identities", {"people": 5, "before": 5},
    )  # fmt: skip
    assert all(bridge.registration(number).released for number in numbers)
    approve(get_import(bridge.tenant_id, found.import_id), Actor("LE"))
    commit()
    run_import(found.import_id)
    scope_to(bridge.tenant_id)
    assert report_of(found.import_id).rejected_lines == 5
    scope_to(bridge.tenant_id)
    assert not any(bridge.registration(number).released for number in numbers)


def test_who_is_released_while_an_import_is_held_is_asked_about_too(bridge: Bridge) -> None:
    tell(bridge, {"1": ANNA, "2": ANNA, "3": ANNA})
    held = bring(bridge.tenant_id, export({"1": OLAF}))
    assert (held.state, held.problem, held.rejected_lines) == (ImportState.HELD, "shrinks", 0)
    scope_to(bridge.tenant_id)
    bridge.release("1")
    approve(get_import(bridge.tenant_id, held.import_id), Actor("LE"))
    commit()
    run_import(held.import_id, batch=2)
    scope_to(bridge.tenant_id)
    assert faults(report_of(held.import_id)) == [("teilnehmer", 2, "tn_id", "other-person")]
    scope_to(bridge.tenant_id)
    assert (person("1").name, bridge.registration("1").released) == ("Müller, Anna", False)


def test_a_dry_run_ends_no_release(online: Bridge) -> None:
    found = bring(online.tenant_id, export({"1": OLAF}), ImportMode.DELTA, dry_run=True)
    scope_to(online.tenant_id)
    assert faults(found) == [("teilnehmer", 2, "tn_id", "other-person")]
    assert online.registration("1").released


def test_nothing_is_decided_where_nothing_is_asked(online: Bridge) -> None:
    with pytest.raises(Refusal, match="identity-not-doubted"):
        settle(online, is_same=True)
    rollback()
