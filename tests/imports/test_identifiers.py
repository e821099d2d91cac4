"""Identifiers that came damaged or in another spelling: nobody gets a twin, and nobody leaves by them."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.core.database import EVERY_TENANT, commit, db, scope_to
from portal.domain.imports import ImportMode
from portal.domain.participants import Mediator, Order, Participant, Profile
from portal.domain.rules.identifiers import lookup_key
from portal.releases.registrations import get_participant_by_number
from tests.imports.exports import ALL, SVNR, bring, contents, faults, people
from tests.support.database import Cast
from tests.support.door import Door, new_token

HEADER = "tn_id;nachname\n"


def four(*identifiers: str) -> str:
    """People with these identifiers, then T2 to T4."""
    return HEADER + "".join(f"{number};N\n" for number in (*identifiers, "T2", "T3", "T4"))


def names(tenant_id: int) -> dict[str, str]:
    return {number: row.last_name for number, row in people(tenant_id).items()}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("mark", ["\u200b", "\ufeff", "\u00a0", "\u00ad", "\u200e", "\u2003", "\ufe0f"])
def test_what_nobody_sees_makes_no_second_person(sqlite_app: Flask, cast: Cast, mark: str) -> None:
    bring(cast.alpha, {"teilnehmer.csv": four("T1")})
    found = bring(cast.alpha, {"teilnehmer.csv": four(f"T1{mark}")})
    assert (found.left, found.rejected_lines, found.unchanged) == (0, 0, 4)
    assert set(people(cast.alpha)) == {"T1", "T2", "T3", "T4"}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("1,23457E+11", "identifier-altered"),
        ("20001.0", "identifier-altered"),
        ("20001,0", "identifier-altered"),
        ("#NV", "identifier-altered"),
        ("NULL", "identifier-placeholder"),
        ("nan", "identifier-placeholder"),
        ("Summe", "identifier-placeholder"),
        ("\u200b", "missing"),
    ],
)
def test_nobody_leaves_where_an_identifier_is_none(
    sqlite_app: Flask, cast: Cast, given: str, code: str
) -> None:
    bring(cast.alpha, {"teilnehmer.csv": four("T1")})
    before = contents(cast.alpha)
    found = bring(cast.alpha, {"teilnehmer.csv": four(given)})
    assert faults(found) == [("teilnehmer", 2, "tn_id", code)]
    assert (found.left, contents(cast.alpha)) == (0, before)
    assert {"code": "everyone-stays", "file": "teilnehmer.csv", "line": 2} in found.notices


def test_a_line_of_totals_takes_nobody_away_and_the_others_are_taken(sqlite_app: Flask, cast: Cast) -> None:
    bring(cast.alpha, {"teilnehmer.csv": four("T1")})
    found = bring(cast.alpha, {"teilnehmer.csv": four("T5") + "Gesamt: 4;\n"})
    assert faults(found) == [("teilnehmer", 6, "tn_id", "identifier-placeholder")]
    assert (found.left, set(people(cast.alpha))) == (0, {"T1", "T2", "T3", "T4", "T5"})


@pytest.mark.parametrize("given", ['"=""00123"""', "'00123", '"""00123"""'])
def test_a_number_kept_as_text_is_unwrapped(sqlite_app: Flask, cast: Cast, given: str) -> None:
    bring(cast.alpha, {"teilnehmer.csv": four("00123")})
    found = bring(cast.alpha, {"teilnehmer.csv": four(given)})
    assert (found.unchanged, found.left, found.rejected_lines) == (4, 0, 0)


@pytest.mark.parametrize(
    ("given", "code"),
    [("tn-1A", "identifier-twin"), ("\uff34N-1a", "lookalike"), ("TN\u20131a", "identifier-twin")],
)
def test_a_stored_identifier_in_another_spelling_is_refused(
    sqlite_app: Flask, cast: Cast, given: str, code: str
) -> None:
    bring(cast.alpha, {"teilnehmer.csv": four("TN-1a")})
    for mode in (ImportMode.FULL, ImportMode.DELTA):
        found = bring(cast.alpha, {"teilnehmer.csv": four(given)}, mode)
        assert faults(found) == [("teilnehmer", 2, "tn_id", code)]
        assert (found.left, set(people(cast.alpha))) == (0, {"TN-1a", "T2", "T3", "T4"})


def test_two_spellings_in_one_file_are_both_refused(app: Flask, cast: Cast) -> None:
    found = bring(cast.alpha, {"teilnehmer.csv": four("TN-1a") + "tn-1a;N\n"})
    assert faults(found) == [("teilnehmer", line, "tn_id", "identifier-twin") for line in (2, 6)]
    assert set(people(cast.alpha)) == {"T2", "T3", "T4"}
    again = bring(cast.alpha, {"teilnehmer.csv": four("T1") + "t1\u200b;N\n"})
    assert faults(again) == [("teilnehmer", line, "tn_id", "identifier-twin") for line in (2, 6)]


def test_one_identifier_with_and_without_an_invisible_character_is_repeated(
    sqlite_app: Flask, cast: Cast
) -> None:
    found = bring(cast.alpha, {"teilnehmer.csv": HEADER + "T1;N\nT1\u200b;M\n"})
    assert faults(found) == [("teilnehmer", line, "tn_id", "repeated") for line in (2, 3)]
    same = bring(cast.alpha, {"teilnehmer.csv": HEADER + "T1;N\nT1\u200b;N\n"})
    assert (faults(same), same.identical) == ([], 1)


def test_two_who_are_known_by_two_spellings_stay_two(sqlite_app: Flask, cast: Cast) -> None:
    bring(cast.alpha, {"teilnehmer.csv": four("TN-1a")})
    add_participant(cast.alpha, "tn-1a")
    found = bring(cast.alpha, {"teilnehmer.csv": four("TN-1a", "tn-1a")})
    assert (found.rejected_lines, found.left) == (0, 0)
    assert set(people(cast.alpha)) == {"TN-1a", "tn-1a", "T2", "T3", "T4"}


def test_what_was_stored_with_an_invisible_character_is_the_same_person(app: Flask, cast: Cast) -> None:
    """Networks know the person by the spelling that was stored, so that it stays."""
    bring(cast.alpha, {"teilnehmer.csv": four("T9")})
    spell(cast.alpha, Participant, "T9", "T9\u200b")
    for given in ("T9", "T9\u200b", "\u00a0T9"):
        lines = (
            four(given).replace("tn_id;nachname", "tn_id;nachname;svnr").replace(";N\n", f";M;{SVNR}\n", 1)
        )
        lines = lines.replace(";N\n", ";N;\n")
        found = bring(cast.alpha, {"teilnehmer.csv": lines})
        assert (found.rejected_lines, found.left) == (0, 0)
        assert names(cast.alpha) == {"T9\u200b": "M", "T2": "N", "T3": "N", "T4": "N"}
    assert get_participant_by_number("T9").number == "T9\u200b"


def test_references_are_read_as_identifiers(sqlite_app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    found = bring(
        cast.alpha,
        {
            "auftraege.csv": "auftrag_id;bezeichnung;massnahmenummer;zustaendig\n"
            "A1\u200b;Neu;'123/21;\u200bMM|\u00a0BO\n",
            "vermittler.csv": "vermittler_id;kuerzel;nachname;vorname\n"
            "V1\u00a0;M\u200bM;Muster;Mia\nV2;BO;Bosch;Otto\n",
            "teilnehmer.csv": "tn_id;auftrag_id;betreuer\n"
            "T1\u200b;\u200bA1;BO\u00a0\nT2;A1\u00a0;\u200bMM\nT3;='A1';\n",
            "profil.csv": "tn_id;art;bezeichnung\nT1\u200b;kenntnis;Excel\n",
        },
    )
    assert faults(found) == [("teilnehmer", 4, "auftrag_id", "identifier-altered")]
    order = db.session.scalars(select(Order).where(Order.number == "A1")).one()
    assert (order.title, order.measure_number, order.responsible) == ("Neu", "123/21", ["MM", "BO"])
    assert {row.initials for row in db.session.query(Mediator)} == {"MM", "BO"}
    found_people = people(cast.alpha)
    assert [(found_people[n].order.number, found_people[n].caseworker) for n in ("T1", "T2")] == [
        ("A1", "BO"),
        ("A1", "MM"),
    ]
    [profile] = db.session.scalars(select(Profile))
    assert (profile.participant_id, profile.entries[0]["title"]) == (found_people["T1"].id, "Excel")


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("T1;1,23E+05;", "auftrag_id", "identifier-altered"),
        ("T1;#NV;", "auftrag_id", "identifier-altered"),
        ("T1;NULL;", "auftrag_id", "identifier-placeholder"),
        ("T1;a1;", "auftrag_id", "order-unknown"),
        ("T1;A1;#NV", "betreuer", "code-unreadable"),
        ("T1;A1;NULL", "betreuer", "code-unreadable"),
    ],
)
def test_a_damaged_reference_changes_nothing(
    sqlite_app: Flask, cast: Cast, line: str, column: str, code: str
) -> None:
    bring(cast.alpha, ALL)
    before = contents(cast.alpha)
    found = bring(cast.alpha, {"teilnehmer.csv": f"tn_id;auftrag_id;betreuer\n{line}\n"}, ImportMode.DELTA)
    assert faults(found) == [("teilnehmer", 2, column, code)]
    assert contents(cast.alpha) == before


def test_a_reference_to_an_order_stored_with_an_invisible_character_finds_it(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    spell(cast.alpha, Order, "A1", "A1\u200b")
    found = bring(
        cast.alpha,
        {
            "auftraege.csv": "auftrag_id;bezeichnung\nA1;Neu\n",
            "teilnehmer.csv": "tn_id;auftrag_id\nT1;A1\nT2;A1\u200b\nT3;A2\n",
        },
    )
    assert (found.rejected_lines, db.session.query(Order).count()) == (0, 2)
    assert people(cast.alpha)["T2"].order.title == "Neu"


@pytest.mark.parametrize(("stored", "given"), [("00123", "123"), ("20001", "20.001"), ("7", "007")])
def test_a_reformatted_identifier_of_somebody_missing_is_refused(
    app: Flask, cast: Cast, stored: str, given: str
) -> None:
    bring(cast.alpha, {"teilnehmer.csv": four(stored)})
    found = bring(cast.alpha, {"teilnehmer.csv": four(given)})
    assert faults(found) == [("teilnehmer", 2, "tn_id", "identifier-altered")]
    assert (found.left, set(people(cast.alpha))) == (0, {stored, "T2", "T3", "T4"})
    both = bring(cast.alpha, {"teilnehmer.csv": four(stored, given)})
    assert (both.rejected_lines, both.left) == (0, 0), "where both are named, leading zeros count"
    one_leaves = bring(cast.alpha, {"teilnehmer.csv": four(given)})
    assert (one_leaves.rejected_lines, one_leaves.left) == (0, 1), "both are known by now"


def test_mediators_get_no_twin_either(sqlite_app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    header = "vermittler_id;kuerzel;nachname;vorname\n"
    found = bring(
        cast.alpha,
        {"vermittler.csv": header + "v1;MM;Muster;Mia\nV2\u200b;BO;Bosch;Otto\nGesamt;2;;\n"},
    )
    assert faults(found)[0] == ("vermittler", 2, "vermittler_id", "identifier-twin")
    assert ("vermittler", 4, "vermittler_id", "identifier-placeholder") in faults(found)
    assert {row.number: row.active for row in db.session.query(Mediator)} == {"V1": True, "V2": True}


def test_lines_of_a_profile_are_no_identifiers(sqlite_app: Flask, cast: Cast) -> None:
    """Participant 2 has a line of a profile in line 2."""
    bring(cast.alpha, {"teilnehmer.csv": HEADER + "1;N\n2;N\n"})
    lines = "tn_id;art;bezeichnung\n1;kenntnis;Excel\n2;kenntnis;Word\n2;kenntnis;Access\n"
    found = bring(cast.alpha, {"profil.csv": lines}, ImportMode.DELTA)
    assert (found.rejected_lines, found.applied) == (0, 3)


def test_both_doors_read_identifiers_alike(app: Flask, cast: Cast) -> None:
    door = Door(app, new_token(cast.alpha))
    door.put("participants", [{"tn_id": "T1", "nachname": "N"}, {"tn_id": "T2", "nachname": "N"}])
    given = ("T1\u200b", "t2", "1,2E+05", "NULL", '="T1"')
    lines = [{"tn_id": number, "nachname": f"N{line}"} for line, number in enumerate(given)]
    found = door.put("participants?mode=full", lines)
    announced = [(item["line"], item["column"], item["code"]) for item in found["rejected"]]
    assert sorted(announced) == [
        (1, "tn_id", "repeated"),
        (2, "tn_id", "identifier-twin"),
        (3, "tn_id", "identifier-altered"),
        (4, "tn_id", "identifier-placeholder"),
        (5, "tn_id", "repeated"),
    ]
    assert set(people(cast.alpha)) == {"T1", "T2"}
    assert "Tabellenkalkulation" in next(it["message"] for it in found["rejected"] if it["line"] == 3)


def add_participant(tenant_id: int, number: str) -> None:
    """A person from before identifiers were compared by their letters alone."""
    scope_to(EVERY_TENANT)
    db.session.add(Participant(tenant_id=tenant_id, number=number, last_name="N", sort_key=number))
    commit()


def spell(tenant_id: int, model: type[Participant | Order], number: str, other: str) -> None:
    """Let a record be stored as it was before identifiers were normalised."""
    scope_to(EVERY_TENANT)
    db.session.execute(
        update(model)
        .where(model.tenant_id == tenant_id, model.number == number)
        .values(number=other, lookup_key=lookup_key(other))
    )
    commit()
