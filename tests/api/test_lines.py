"""Lines through the HTTP door become the same rows as lines of a file, and each is answered."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask

from portal.core.crypto import current_keyring
from portal.core.database import db
from portal.domain.imports import ImportRun
from portal.domain.participants import Mediator, Order, Participant, Profile, social_insurance_place
from tests.imports.exports import ALL, SVNR, bring, contents, people
from tests.support.database import Cast
from tests.support.door import Door
from tests.support.factories import looking

MEDIATORS = [
    {"vermittler_id": "V1", "kuerzel": "MM", "nachname": "Muster", "vorname": "Mia"},
    {"vermittler_id": "V2", "kuerzel": "BO", "nachname": "Bosch", "vorname": "Otto"},
]
ORDERS = [
    {"auftrag_id": "A1", "bezeichnung": "Umschulung", "zustaendig": "MM|BO"},
    {"auftrag_id": "A2", "bezeichnung": "Coaching", "zustaendig": ""},
]
PEOPLE: list[dict[str, Any]] = [
    {
        "tn_id": "T1",
        "nachname": "Müller",
        "vorname": "Anna",
        "auftrag_id": "A1",
        "einverstaendnis_am": "01.02.2026",
        "profil": [
            {"art": "sprache", "bezeichnung": "Deutsch", "niveau": "b2", "von": "", "bis": ""},
            {"art": "bildung", "bezeichnung": "Lehre", "von": "01.08.2019", "bis": "31.07.2022"},
        ],
    },
    {"tn_id": "T2", "nachname": "Šimůnek", "vorname": "Béla", "auftrag_id": "A1", "einverstaendnis_am": ""},
    {
        "tn_id": "T3",
        "nachname": "Yıldız",
        "vorname": "Çem",
        "auftrag_id": "A2",
        "einverstaendnis_am": "2026-02-03",
    },
]


def send_all(door: Door) -> None:
    door.put("mediators", MEDIATORS)
    door.put("orders", ORDERS)
    door.put("participants", PEOPLE)


def profile_of(number: str) -> list[dict[str, Any]] | None:
    with looking():
        query = db.session.query(Profile.entries).join(Participant, Participant.id == Profile.participant_id)
        found = query.filter(Participant.number == number).one_or_none()
        return found.entries if found else None


def test_the_report_has_what_was_agreed(door: Door) -> None:
    found = door.put("mediators", MEDIATORS)
    assert found.pop("import_id") > 0
    assert found == {"state": "done", "read": 2, "applied": 2, "unchanged": 0, "rejected": []}


def test_both_doors_lead_to_the_same_rows(app: Flask, cast: Cast, door: Door) -> None:
    send_all(door)
    bring(cast.beta, ALL)

    def without_keys(rows: list[Any]) -> list[Any]:
        keys = {"id", "tenant_id", "participant_id", "order_id"}
        tables = [model.__table__ for model in (Mediator, Order)]
        names = [[column.name for column in table.columns] for table in tables]
        return [
            [
                {key: value for key, value in zip(columns, row, strict=True) if key not in keys}
                for row in found
            ]
            for columns, found in zip(names, rows[:2], strict=True)
        ]

    ours, theirs = contents(cast.alpha), contents(cast.beta)
    assert without_keys(ours) == without_keys(theirs)
    for number, person in people(cast.alpha).items():
        other = people(cast.beta)[number]
        for name in ("last_name", "first_name", "sort_key", "consent_on", "email", "caseworker"):
            assert getattr(person, name) == getattr(other, name), name
    with looking():
        owned = db.session.query(Profile.tenant_id, Profile.entries).all()
    assert sorted(tenant_id for tenant_id, _ in owned) == [cast.alpha, cast.beta]
    assert owned[0][1] == owned[1][1]


def test_repeating_changes_nothing(app: Flask, cast: Cast, door: Door) -> None:
    send_all(door)
    before = contents(cast.alpha)
    found = door.put("participants", PEOPLE)
    assert (found["read"], found["applied"], found["unchanged"]) == (3, 0, 3)
    assert contents(cast.alpha) == before


def test_a_profile_alone_makes_its_line_applied(app: Flask, cast: Cast, door: Door) -> None:
    send_all(door)
    found = door.put("participants", [{**PEOPLE[1], "profil": [{"art": "kenntnis", "bezeichnung": "Excel"}]}])
    assert (found["read"], found["applied"], found["unchanged"]) == (1, 1, 0)
    entry = {"kind": "skill", "title": "Excel", "level": None, "starts_on": None, "ends_on": None}
    assert profile_of("T2") == [entry]


@pytest.mark.parametrize(("profile", "left"), [({}, 2), ({"profil": []}, None), ({"profil": None}, None)])
def test_a_profile_stays_without_its_key_and_goes_with_an_empty_one(
    app: Flask, cast: Cast, door: Door, profile: dict[str, Any], left: int | None
) -> None:
    send_all(door)
    door.put("participants", [{"tn_id": "T1", **profile}])
    found = profile_of("T1")
    assert (len(found) if found is not None else None) == left
    assert people(cast.alpha)["T1"].last_name == "Müller"


def test_a_full_request_lets_go_who_is_missing_but_no_profiles(app: Flask, cast: Cast, door: Door) -> None:
    send_all(door)
    people_left = [{"tn_id": "T1"}, {"tn_id": "T2"}]
    found = door.put("participants?mode=full", people_left)
    assert found["state"] == "done"
    assert set(people(cast.alpha)) == {"T1", "T2"}
    assert profile_of("T1") is not None
    door.put("mediators?mode=full", MEDIATORS[:1])
    with looking():
        assert [row.active for row in db.session.query(Mediator).order_by(Mediator.number)] == [True, False]


def test_a_full_request_that_shrinks_by_more_than_half_is_held(app: Flask, cast: Cast, door: Door) -> None:
    send_all(door)
    found = door.put("participants?mode=full", [{"tn_id": "T1"}], status=202)
    assert found["state"] == "held"
    assert "Mehr als die Hälfte" in found["message"]
    assert set(people(cast.alpha)) == {"T1", "T2", "T3"}
    assert door.report(found["import_id"], status=202)["state"] == "held"


def test_nobody_leaves_when_a_line_cannot_be_told_whose_it_is(app: Flask, cast: Cast, door: Door) -> None:
    send_all(door)
    found = door.put("participants?mode=full", [{"tn_id": "T1"}, {"tn_id": "T2"}, "{"])
    assert found["state"] == "done"
    assert [notice["code"] for notice in found["notices"]] == ["everyone-stays"]
    assert set(people(cast.alpha)) == {"T1", "T2", "T3"}


def test_good_lines_count_and_bad_ones_change_nothing(app: Flask, cast: Cast, door: Door) -> None:
    send_all(door)
    found = door.put(
        "participants",
        [
            {"tn_id": "T1", "nachname": "Neu", "geburtsdatum": "31.02.1990"},
            {"tn_id": "T2", "nachname": "Anders"},
            {
                "tn_id": "T3",
                "auftrag_id": "A9",
                "profil": [{"art": "sprache", "bezeichnung": "X", "niveau": "Z"}],
            },
        ],
    )
    assert (found["read"], found["applied"]) == (3, 1)
    assert [(item["line"], item["column"], item["code"]) for item in found["rejected"]] == [
        (1, "geburtsdatum", "date-unreadable"),
        (3, "profil[0].niveau", "choice-unknown"),
    ]
    assert found["rejected"][0]["message"].startswith("Datum nicht lesbar")
    names = {number: person.last_name for number, person in people(cast.alpha).items()}
    assert names == {"T1": "Müller", "T2": "Anders", "T3": "Yıldız"}


def test_a_social_insurance_number_is_encrypted_and_only_there(app: Flask, cast: Cast, door: Door) -> None:
    found = door.put("participants", [{"tn_id": "T1", "svnr": SVNR}])
    place = social_insurance_place(cast.alpha, "T1")
    with looking():
        encrypted = db.session.query(Participant.social_insurance_number_encrypted).scalar()
    assert encrypted is not None
    assert current_keyring().decrypt(encrypted, place) == SVNR.encode()
    assert door.put("participants", [{"tn_id": "T1", "svnr": f" {SVNR} "}])["unchanged"] == 1
    with looking():
        run = db.session.get_one(ImportRun, found["import_id"])
        assert (run.upload, run.emptied_at is not None) == (None, True)


def test_unknown_keys_are_ignored_with_a_notice(door: Door) -> None:
    found = door.put(
        "mediators", [MEDIATORS[0] | {"haarfarbe": "rot", "\ud800".encode("utf-8", "replace").decode(): 1}]
    )
    assert found["applied"] == 1
    assert found["notices"][0]["code"] == "unknown-columns"
    assert "haarfarbe" in found["notices"][0]["message"]


def test_a_null_empties_and_a_yes_or_no_may_be_one(app: Flask, cast: Cast, door: Door) -> None:
    door.put("mediators", [MEDIATORS[0] | {"email": "m@example.org", "aktiv": False}])
    door.put("mediators", [MEDIATORS[0] | {"email": None}])
    with looking():
        (mediator,) = db.session.query(Mediator).all()
    assert (mediator.email, mediator.active) == (None, False)


def test_the_answer_speaks_the_language_that_is_asked_for(door: Door) -> None:
    found = door.put("mediators", [{"vermittler_id": ""}], Accept_Language="en-GB,en;q=0.8")
    assert found["rejected"][0]["message"] == "required value missing"


def test_dates_are_those_of_the_tenant(app: Flask, cast: Cast, door: Door) -> None:
    tomorrow = (dt.datetime.now(dt.UTC) + dt.timedelta(days=2)).date().isoformat()
    found = door.put("participants", [{"tn_id": "T1", "geburtsdatum": tomorrow}])
    assert found["rejected"][0]["code"] == "date-in-future"


def test_lines_that_say_the_same_are_one(door: Door) -> None:
    entry = {"art": "kenntnis", "bezeichnung": "Excel"}
    found = door.put("participants", [{**PEOPLE[1], "auftrag_id": "", "profil": [entry, entry]}] * 2)
    assert (found["read"], found["applied"], found["identical"], found["rejected"]) == (2, 1, 1, [])
    assert [item["title"] for item in profile_of("T2") or []] == ["Excel"]
