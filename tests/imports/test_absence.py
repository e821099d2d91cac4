"""What a full import takes away by not naming it is held where it is much, and always told."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from portal.core.database import commit, db, utcnow
from portal.domain.actors import Actor
from portal.domain.import_kinds import Kind
from portal.domain.imports import ImportMode, ImportRun, ImportState
from portal.domain.participants import Mediator, Profile
from portal.imports.reports import leaving
from portal.imports.running import run_import
from portal.imports.service import approve, discard, get_import
from tests.imports.exports import ALL, bring, contents, people, report_of
from tests.support.database import Cast
from tests.support.door import Door, new_token

MEDIATORS = "vermittler_id;kuerzel;nachname;vorname\n"
PEOPLE = "tn_id;nachname\n" + "".join(f"T{n};N\n" for n in range(1, 5))
PROFILES = "tn_id;art;bezeichnung\n"
WHOLE = {
    "vermittler.csv": MEDIATORS + "V1;SB;Berg;Sabine\nV2;MK;Kurz;Max\n",
    "auftraege.csv": "auftrag_id;bezeichnung\nA1;Kurs\nA2;Kurs\n",
    "teilnehmer.csv": PEOPLE,
    "profil.csv": PROFILES + "".join(f"T{n};kenntnis;Excel\n" for n in range(1, 5)),
}
Absences = list[tuple[str, int, int]]


def absences(notices: list[dict[str, Any]]) -> Absences:
    """What a report says was not named: kind, how many there were, how many are missing."""
    return [(it["kind"], it["before"], it["leaving"]) for it in notices if it["code"] == "absent"]


def titles() -> set[str]:
    found = {entry["title"] for profile in db.session.query(Profile) for entry in profile.entries}
    commit()
    return found


def active() -> set[str]:
    db.session.expire_all()
    found = {row.number for row in db.session.query(Mediator) if row.active}
    commit()
    return found


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("file", "text", "problem", "announced"),
    [
        ("profil.csv", PROFILES, "profiles-shrink", ("profile", 4, 4)),
        ("profil.csv", PROFILES + "T1;kenntnis;Word\n", "profiles-shrink", ("profile", 4, 3)),
        ("vermittler.csv", MEDIATORS, "mediators-shrink", ("mediator", 2, 2)),
        ("vermittler.csv", MEDIATORS + "V3;XX;Neu;Nora\n", "mediators-shrink", ("mediator", 2, 2)),
        ("teilnehmer.csv", "tn_id;nachname\nT1;N\n", "shrinks", ("participant", 4, 3)),
    ],
)
def test_whatever_kind_shrinks_by_more_than_half_the_import_is_held(
    app: Flask, cast: Cast, file: str, text: str, problem: str, announced: tuple[str, int, int]
) -> None:
    bring(cast.alpha, WHOLE)
    before = contents(cast.alpha)
    files = {name: content for name, content in WHOLE.items() if name != "profil.csv"} | {file: text}
    found = bring(cast.alpha, files)
    assert (found.state, found.problem) == (ImportState.HELD, problem)
    assert found.problem_values == {"before": announced[1], "leaving": announced[2]}
    assert absences(found.notices) == [announced]
    assert contents(cast.alpha) == before


def test_a_held_import_lists_whom_it_takes_what_from_and_a_person_decides(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, WHOLE)
    found = bring(cast.alpha, WHOLE | {"profil.csv": PROFILES, "vermittler.csv": MEDIATORS})
    run = get_import(cast.alpha, found.import_id)
    assert [it.number for it in leaving(run, Kind.PROFILE)] == ["T1", "T2", "T3", "T4"]
    assert [(it.number, it.name) for it in leaving(run, Kind.MEDIATOR)] == [
        ("V1", "Berg, Sabine"),
        ("V2", "Kurz, Max"),
    ]
    assert [it["problem"] for it in found.notices if it["code"] == "also-held"] == ["profiles-shrink"]
    approve(run, Actor("LE"))
    commit()
    run_import(run.id, batch=2)
    assert (titles(), active()) == (set(), set())
    done = report_of(run.id)
    assert (done.state, absences(done.notices)) == (
        ImportState.DONE,
        [("mediator", 2, 2), ("profile", 4, 4)],
    )


def test_half_goes_unheld_and_is_told(sqlite_app: Flask, cast: Cast) -> None:
    bring(cast.alpha, WHOLE)
    found = bring(
        cast.alpha,
        {
            "vermittler.csv": MEDIATORS + "V1;SB;Berg;Sabine\n",
            "auftraege.csv": "auftrag_id;bezeichnung\n",
            "teilnehmer.csv": "tn_id;nachname\nT1;N\nT2;N\nT3;N\n",
            "profil.csv": PROFILES + "T1;kenntnis;Excel\nT2;kenntnis;Excel\n",
        },
    )
    assert found.state is ImportState.DONE
    assert absences(found.notices) == [
        ("participant", 4, 1),
        ("mediator", 2, 1),
        ("profile", 4, 1),
        ("order", 2, 2),
    ]
    assert (active(), set(people(cast.alpha))) == ({"V1"}, {"T1", "T2", "T3"})


def test_the_profile_of_one_person_comes_and_goes(sqlite_app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    found = bring(cast.alpha, {**ALL, "profil.csv": PROFILES})
    assert (found.state, absences(found.notices)) == (ImportState.DONE, [("profile", 1, 1)])


@pytest.mark.parametrize("files", [{**WHOLE, "profil.csv": PROFILES}, {"vermittler.csv": MEDIATORS}])
def test_a_delta_takes_nothing_away(sqlite_app: Flask, cast: Cast, files: dict[str, str]) -> None:
    bring(cast.alpha, WHOLE)
    found = bring(cast.alpha, files, ImportMode.DELTA)
    assert (found.state, found.notices) == (
        ImportState.DONE,
        [it for it in found.notices if it["code"] == "file-absent"],
    )
    assert (titles(), active()) == ({"Excel"}, {"V1", "V2"})


def test_a_dry_run_says_that_it_would_be_held(sqlite_app: Flask, cast: Cast) -> None:
    bring(cast.alpha, WHOLE)
    found = bring(cast.alpha, {**WHOLE, "profil.csv": PROFILES}, dry_run=True)
    assert (found.state, found.problem) == (ImportState.DONE, None)
    assert [it["problem"] for it in found.notices if it["code"] == "would-be-held"] == ["profiles-shrink"]
    assert absences(found.notices) == [("profile", 4, 4)]


def test_where_nobody_leaves_nothing_is_held_for_it(sqlite_app: Flask, cast: Cast) -> None:
    bring(cast.alpha, WHOLE)
    found = bring(cast.alpha, {"teilnehmer.csv": "tn_id;nachname\nT1;N\nSumme;\n"})
    assert (found.state, absences(found.notices)) == (ImportState.DONE, [])
    assert set(people(cast.alpha)) == {"T1", "T2", "T3", "T4"}


def test_through_the_http_door_it_is_the_same(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, WHOLE)
    before = contents(cast.alpha)
    door = Door(app, new_token(cast.alpha))
    mediator = {"vermittler_id": "V3", "kuerzel": "XX", "nachname": "Neu", "vorname": "Nora"}
    held = door.put("mediators?mode=full", [mediator], status=202)
    assert (held["state"], absences(held["notices"])) == ("held", [("mediator", 2, 2)])
    assert "Mehr als die Hälfte der Vermittler/innen würde inaktiv (2 von 2)" in held["message"]
    bare = [{"tn_id": f"T{n}", "profil": []} for n in range(1, 5)]
    held = door.put("participants?mode=full", bare, status=202)
    assert absences(held["notices"]) == [("profile", 4, 4)]
    assert contents(cast.alpha) == before
    kept = door.put("participants?mode=full", [{"tn_id": f"T{n}"} for n in range(1, 5)])
    assert (kept["state"], "notices" in kept) == ("done", False)
    two = door.put(
        "participants?mode=full",
        [{"tn_id": f"T{n}", **({"profil": None} if n > 2 else {})} for n in range(1, 5)],
    )
    assert (two["state"], absences(two["notices"])) == ("done", [("profile", 4, 2)])
    orders = door.put("orders?mode=full", [{"auftrag_id": "A1", "bezeichnung": "Kurs"}])
    assert (orders["state"], absences(orders["notices"])) == ("done", [("order", 2, 1)])
    assert "Sie bleiben, wie sie sind." in orders["notices"][0]["message"]


def test_letting_an_older_held_import_go_later_is_not_offered(sqlite_app: Flask, cast: Cast) -> None:
    """A newer one that was let go replaces it: else it would bring back what was newer."""
    bring(cast.alpha, WHOLE)
    older = bring(cast.alpha, {"teilnehmer.csv": "tn_id;nachname\nT1;N\n"})
    newer = bring(cast.alpha, {"teilnehmer.csv": "tn_id;nachname\nT2;N\n"})
    approve(get_import(cast.alpha, newer.import_id), Actor("LE"))
    commit()
    run_import(newer.import_id)
    assert report_of(older.import_id).problem == "replaced"
    run = db.session.get_one(ImportRun, older.import_id)
    assert run.state is ImportState.DISCARDED
    assert set(people(cast.alpha)) == {"T2"}


def test_a_held_import_for_whatever_reason_can_be_discarded(sqlite_app: Flask, cast: Cast) -> None:
    bring(cast.alpha, WHOLE)
    held = bring(cast.alpha, {**WHOLE, "vermittler.csv": MEDIATORS})
    discard(get_import(cast.alpha, held.import_id), Actor("LE"), utcnow())
    commit()
    assert active() == {"V1", "V2"}
