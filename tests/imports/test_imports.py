"""What an import does to the people, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from flask import Flask
from sqlalchemy import select

from portal.core.crypto import current_keyring
from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.domain.actors import Actor
from portal.domain.imports import ImportLine, ImportMode, ImportRun, ImportState
from portal.domain.participants import (
    Mediator,
    Order,
    Participant,
    ParticipantWord,
    Profile,
    social_insurance_place,
)
from portal.imports.jobs import EMPTY_AFTER, due_imports
from portal.imports.reports import leaving
from portal.imports.running import run_import
from portal.imports.service import approve, discard, get_import
from tests.imports.exports import (
    ALL,
    MEDIATORS,
    ORDERS,
    PEOPLE,
    SVNR,
    bring,
    contents,
    faults,
    people,
    report_of,
    start,
)
from tests.support.database import Cast


def due() -> Sequence[int]:
    """The imports that the sweep finds once their worker has had its time to empty them."""
    return due_imports(utcnow() + EMPTY_AFTER + dt.timedelta(seconds=1), 100)


def test_it_takes_over_a_whole_export(app: Flask, cast: Cast) -> None:
    found = bring(cast.alpha, ALL)
    assert (found.state, found.read, found.applied, found.rejected_lines) == (ImportState.DONE, 9, 9, 0)
    anna = people(cast.alpha)["T1"]
    assert (anna.name, anna.order.number, anna.order.responsible) == ("Müller, Anna", "A1", ["MM", "BO"])
    assert str(anna.consent_on) == "2026-02-01"
    assert db.session.scalars(select(Order.has_responsible).order_by(Order.number)).all() == [True, False]
    [profile] = db.session.scalars(select(Profile))
    assert [entry["kind"] for entry in profile.entries] == ["language", "education"]
    assert profile.entries[0] == {
        "kind": "language", "title": "Deutsch", "level": "B2", "starts_on": None, "ends_on": None,
    }  # fmt: skip
    assert {mediator.sort_key[:5] for mediator in db.session.scalars(select(Mediator))} == {"muste", "bosch"}


def test_it_makes_people_findable_by_name_and_number(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    bring(cast.alpha, ALL | {"teilnehmer.csv": PEOPLE.replace("Müller;Anna", "Groß;Anna")})
    anna = people(cast.alpha)["T1"]
    words = db.session.scalars(select(ParticipantWord.word).where(ParticipantWord.participant_id == anna.id))
    assert set(words) == {"gross", "anna", "t1"}
    assert anna.sort_key == "gross\x1fanna\x1fT1"


def test_unchanged_lines_change_nothing(app: Flask, cast: Cast) -> None:
    svnr = "tn_id;svnr\n" + f"T1;{SVNR}\nT2;\nT3;\n"
    bring(cast.alpha, ALL)
    bring(cast.alpha, {"teilnehmer.csv": svnr})
    before = contents(cast.alpha)
    found = bring(cast.alpha, ALL)
    again = bring(cast.alpha, {"teilnehmer.csv": svnr})
    assert (found.applied, found.unchanged) == (0, 9)
    assert (again.applied, again.unchanged) == (0, 3)
    assert contents(cast.alpha) == before


def test_it_leaves_other_tenants_alone(app: Flask, cast: Cast) -> None:
    bring(cast.beta, ALL)
    before = contents(cast.beta)
    bring(cast.alpha, {"teilnehmer.csv": "tn_id;nachname\nT1;Fremd\n"})
    bring(cast.alpha, {"teilnehmer.csv": "tn_id;nachname\nT1;Fremder\n"})
    assert contents(cast.beta) == before


def test_whoever_is_missing_from_a_full_import_has_left_and_may_come_back(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    found = bring(cast.alpha, {"teilnehmer.csv": PEOPLE.replace("T3;Yıldız;Çem;A2;2026-02-03\n", "")})
    assert (found.left, set(people(cast.alpha))) == (1, {"T1", "T2"})
    bring(cast.alpha, {"teilnehmer.csv": "tn_id\nT3\n"}, ImportMode.DELTA)
    assert people(cast.alpha)["T3"].name == "Yıldız, Çem"


def test_nobody_leaves_by_a_delta_or_by_a_file_that_is_not_there(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    bring(cast.alpha, {"teilnehmer.csv": "tn_id\nT3\n"}, ImportMode.DELTA)
    bring(cast.alpha, {"auftraege.csv": ORDERS})
    assert set(people(cast.alpha)) == {"T1", "T2", "T3"}


def test_a_column_that_is_not_there_says_nothing_but_an_empty_one_does(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    bring(cast.alpha, {"teilnehmer.csv": "tn_id;auftrag_id\nT1;\n"}, ImportMode.DELTA)
    anna = people(cast.alpha)["T1"]
    assert (anna.name, anna.order_id, str(anna.consent_on)) == ("Müller, Anna", None, "2026-02-01")


def test_missing_mediators_become_inactive_and_missing_orders_stay(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    bring(cast.alpha, {
        "vermittler.csv": "vermittler_id;kuerzel;nachname;vorname\nV2;BO;Bosch;Otto\n",
        "auftraege.csv": "auftrag_id;bezeichnung\nA2;Coaching\n",
    })  # fmt: skip
    active = {row.number: row.active for row in db.session.query(Mediator).populate_existing()}
    assert active == {"V1": False, "V2": True}
    assert db.session.query(Order).count() == 2


def test_a_rejected_person_keeps_her_previous_state(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    before = contents(cast.alpha)
    bad = "tn_id;nachname;geburtsdatum\nT1;Anders;31.02.2000\nT2;Šimůnek;\nT3;Yıldız;\n"
    found = bring(cast.alpha, {"teilnehmer.csv": bad})
    assert faults(found) == [("teilnehmer", 2, "geburtsdatum", "date-unreadable")]
    assert (found.left, contents(cast.alpha)) == (0, before)


def test_every_line_with_a_repeated_number_is_rejected_and_nobody_leaves(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    lines = "tn_id;nachname\nT1;Erste\nT9;Neu\nT2;Eins\nT2;Zwei\nT1;Zweite\nT1;Dritte\n"
    found = bring(cast.alpha, {"teilnehmer.csv": lines})
    assert faults(found) == [("teilnehmer", line, "tn_id", "repeated") for line in (2, 4, 5, 6, 7)]
    assert (found.read, found.applied, found.rejected_lines, found.left) == (6, 1, 5, 0)
    assert {number: row.last_name for number, row in people(cast.alpha).items()} == {
        "T1": "Müller", "T2": "Šimůnek", "T3": "Yıldız", "T9": "Neu",
    }  # fmt: skip
    assert {"code": "everyone-stays", "file": "teilnehmer.csv", "line": 5} in found.notices


def test_nobody_leaves_where_a_number_is_unreadable(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    found = bring(cast.alpha, {"teilnehmer.csv": "tn_id;nachname\nT1;Müller\n;Šimůnek\n"})
    assert (faults(found), found.left) == ([("teilnehmer", 3, "tn_id", "missing")], 0)
    assert set(people(cast.alpha)) == {"T1", "T2", "T3"}


def test_an_order_must_be_in_the_file_or_in_the_system(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, {"auftraege.csv": ORDERS})
    found = bring(cast.alpha, {
        "auftraege.csv": "auftrag_id;bezeichnung;beginn\nA3;Neu;\nA4;Kaputt;gestern\n",
        "teilnehmer.csv": "tn_id;auftrag_id\nT1;A1\nT2;A3\nT3;A4\nT4;A5\n",
    })  # fmt: skip
    assert faults(found) == [
        ("auftraege", 3, "beginn", "date-unreadable"),
        ("teilnehmer", 4, "auftrag_id", "order-unknown"),
        ("teilnehmer", 5, "auftrag_id", "order-unknown"),
    ]
    assert {number: row.order.number for number, row in people(cast.alpha).items()} == {
        "T1": "A1",
        "T2": "A3",
    }


def test_initials_are_unique_after_the_import(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, {"vermittler.csv": MEDIATORS})
    header = "vermittler_id;kuerzel;nachname;vorname\n"
    swapped = bring(cast.alpha, {"vermittler.csv": header + "V1;BO;M;M\nV2;MM;B;O\n"}, ImportMode.DELTA)
    assert swapped.rejected_lines == 0
    taken = bring(
        cast.alpha, {"vermittler.csv": header + "V3;MM;N;N\nV4;X;N;N\nV5;X;N;N\n"}, ImportMode.DELTA
    )
    assert faults(taken) == [("vermittler", line, "kuerzel", "repeated") for line in (2, 3, 4)]
    chain = bring(cast.alpha, {"vermittler.csv": header + "V1;MM;M;M\nV6;BO;N;N\n"}, ImportMode.DELTA)
    assert [line for _, line, _, _ in faults(chain)] == [2, 3], "V1 keeps BO, since V2 keeps MM"
    freed = bring(cast.alpha, {"vermittler.csv": header + "V7;MM;N;N\n"})
    assert freed.rejected_lines == 0


def test_profile_lines_replace_the_whole_profile(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    header = "tn_id;art;bezeichnung\n"
    bring(cast.alpha, {"profil.csv": header + "T1;kenntnis;Excel\nT2;fuehrerschein;B\n"}, ImportMode.DELTA)
    assert _profiles() == {"T1": ["Excel"], "T2": ["B"]}
    bring(cast.alpha, {"profil.csv": header + "T2;fuehrerschein;B\n"}, ImportMode.DELTA)
    assert _profiles() == {"T1": ["Excel"], "T2": ["B"]}
    full = bring(cast.alpha, {"teilnehmer.csv": PEOPLE, "profil.csv": header + "T2;fuehrerschein;B\n"})
    assert (_profiles(), full.counts["profile"]["left"]) == ({"T2": ["B"]}, 1)


def test_a_rejected_profile_line_keeps_the_previous_profile(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    header = "tn_id;art;bezeichnung;niveau;von\n"
    lines = (
        header + "T1;sprache;Deutsch;C9;\nT1;kenntnis;Excel;;\nT2;bildung;Abitur;;1\nT2;kenntnis;Word;gut;\n"
    )
    found = bring(cast.alpha, {"profil.csv": lines}, ImportMode.DELTA)
    assert faults(found) == [
        ("profil", 2, "niveau", "choice-unknown"),
        ("profil", 3, None, "profile-incomplete"),
        ("profil", 4, "von", "date-unreadable"),
    ]
    assert _profiles() == {"T1": ["Deutsch", "Lehre"], "T2": ["Word"]}


def test_a_profile_line_of_nobody_known_is_rejected_and_nobody_loses_a_profile(
    app: Flask, cast: Cast
) -> None:
    bring(cast.alpha, ALL)
    people_file = PEOPLE.replace("A2;2026-02-03", "A2;nie")
    lines = "tn_id;art;bezeichnung\nT7;kenntnis;Excel\nT3;kenntnis;Word\n"
    found = bring(cast.alpha, {"teilnehmer.csv": people_file, "profil.csv": lines})
    assert faults(found)[:2] == [
        ("profil", 2, "tn_id", "participant-unknown"),
        ("profil", 3, "tn_id", "participant-rejected"),
    ]
    assert _profiles() == {"T1": ["Deutsch", "Lehre"]}


def test_a_full_import_by_which_more_than_half_would_leave_is_held(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    before = contents(cast.alpha)
    found = bring(cast.alpha, {"teilnehmer.csv": "tn_id\nT1\n" + "".join(f"N{n}\n" for n in range(9))})
    assert (found.state, found.problem, found.problem_values) == (
        ImportState.HELD, "shrinks", {"before": 3, "leaving": 2},
    )  # fmt: skip
    assert contents(cast.alpha) == before
    run = get_import(cast.alpha, found.import_id)
    assert [person.number for person in leaving(run)] == ["T2", "T3"]
    approve(run, Actor("LE"))
    commit()
    run_import(run.id, batch=2)
    assert report_of(run.id).left == 2
    assert len(people(cast.alpha)) == 10


def test_a_held_import_can_be_discarded(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    held = bring(cast.alpha, {"teilnehmer.csv": "tn_id\n"})
    assert held.state is ImportState.HELD
    discard(get_import(cast.alpha, held.import_id), Actor("LE"), utcnow())
    commit()
    assert due() == [held.import_id]
    run_import(held.import_id)
    assert (due(), db.session.query(ImportLine).count()) == ([], 0)
    assert len(people(cast.alpha)) == 3


def test_a_held_import_is_replaced_by_a_newer_one(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    held = bring(cast.alpha, {"teilnehmer.csv": "tn_id\n"})
    bring(cast.alpha, ALL)
    assert (report_of(held.import_id).state, report_of(held.import_id).problem) == (
        ImportState.DISCARDED,
        "replaced",
    )


def test_half_of_the_people_may_leave_unheld(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, {"teilnehmer.csv": "tn_id\nT1\nT2\n"})
    assert bring(cast.alpha, {"teilnehmer.csv": "tn_id\nT2\n"}).state is ImportState.DONE


def test_a_dry_run_reports_everything_and_changes_nothing(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    before = contents(cast.alpha)
    files = {
        "auftraege.csv": "auftrag_id;bezeichnung\nA9;Neu\n",
        "teilnehmer.csv": "tn_id;nachname;auftrag_id\nT1;Müller;A9\nT2;Šimůnek;A1\nT9;Neu;A9\nT8;Bad;A0\n",
        "profil.csv": "tn_id;art;bezeichnung\nT9;kenntnis;Excel\n",
    }
    dry = bring(cast.alpha, files, dry_run=True)
    assert contents(cast.alpha) == before
    real = bring(cast.alpha, files)
    assert (dry.state, dry.counts, dry.rejected) == (ImportState.DONE, real.counts, real.rejected)
    assert (dry.applied, dry.unchanged, dry.left) == (4, 1, 1)


def test_an_ended_import_leaves_neither_lines_nor_upload(app: Flask, cast: Cast) -> None:
    found = bring(cast.alpha, ALL)
    scope_to(EVERY_TENANT)
    run = db.session.get_one(ImportRun, found.import_id)
    assert (run.upload, run.lease_until, db.session.query(ImportLine).count()) == (None, None, 0)
    assert due() == []


def test_imports_of_one_tenant_run_in_their_order(app: Flask, cast: Cast) -> None:
    first = start(cast.alpha, {"teilnehmer.csv": "tn_id;nachname\nT1;Alt\n"})
    scope_to(EVERY_TENANT)
    one = db.session.get_one(ImportRun, first)
    values = {
        name: getattr(one, name)
        for name in ("tenant_id", "mode", "door", "state", "started_by", "created_at")
    }
    db.session.add(ImportRun(**values))
    commit()
    run_import(first + 1)
    assert report_of(first + 1).state is ImportState.WAITING
    run_import(first)
    assert report_of(first).state is ImportState.DONE


def test_the_social_insurance_number_is_encrypted_for_its_person(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, {"teilnehmer.csv": "tn_id;svnr\nT1;15 070649 c 103\n"})
    encrypted = people(cast.alpha)["T1"].social_insurance_number_encrypted
    assert encrypted is not None
    assert current_keyring().decrypt(encrypted, social_insurance_place(cast.alpha, "T1")) == SVNR.encode()
    bring(cast.alpha, {"teilnehmer.csv": "tn_id;svnr\nT1;\n"})
    assert db.session.scalars(select(Participant.social_insurance_number_encrypted)).all() == [None]


def _profiles() -> dict[str, list[str]]:
    scope_to(EVERY_TENANT)
    rows = db.session.execute(select(Participant.number, Profile.entries).join(Profile)).all()
    commit()
    return {number: [entry["title"] for entry in entries] for number, entries in rows}


def test_lines_that_say_the_same_are_one(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    spaced = f"T1; Erste ;{SVNR[:2]} {SVNR[2:]}\n"
    lines = f"T1;Erste;{SVNR}\nT2;Zweite;\nT1;Erste;{SVNR}\nT3;Dritte;\n{spaced}"
    found = bring(cast.alpha, {"teilnehmer.csv": f"tn_id;nachname;svnr\n{lines}"})
    assert (found.read, found.applied, found.identical, found.rejected) == (5, 3, 2, [])
    assert found.counts["participant"]["identical"] == 2
    assert found.notices == [notice for notice in found.notices if notice["code"] == "file-absent"]
    assert people(cast.alpha)["T1"].last_name == "Erste"


def test_a_line_that_differs_in_the_number_alone_is_repeated(app: Flask, cast: Cast) -> None:
    for other in ("", "65170839J003"):
        found = bring(cast.alpha, {"teilnehmer.csv": f"tn_id;svnr\nT1;{SVNR}\nT1;{other}\n"})
        assert [line for _, line, _, _ in faults(found)] == [2, 3]
        assert found.identical == 0


def test_orders_of_the_same_person_are_no_repetition(app: Flask, cast: Cast) -> None:
    """One person in two orders comes as two lines; which of them counts, nobody can tell."""
    orders = "auftrag_id;bezeichnung\nA1;Kurs\nA2;Anschluss\n"
    lines = "tn_id;nachname;auftrag_id\nT1;Müller;A1\nT1;Müller;A2\nT2;Groß;A1\n"
    found = bring(cast.alpha, {"auftraege.csv": orders, "teilnehmer.csv": lines})
    assert faults(found) == [("teilnehmer", 2, "tn_id", "repeated"), ("teilnehmer", 3, "tn_id", "repeated")]
    assert {"code": "everyone-stays", "file": "teilnehmer.csv", "line": 3} in found.notices


def test_entries_of_a_profile_that_say_the_same_are_one(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    lines = (
        "tn_id;art;bezeichnung\nT1;kenntnis;Excel\nT2;kenntnis;Excel\nT1;kenntnis;Word\nT1;kenntnis;Excel\n"
    )
    found = bring(cast.alpha, {"profil.csv": lines}, ImportMode.DELTA)
    assert _profiles() == {"T1": ["Excel", "Word"], "T2": ["Excel"]}
    assert (found.read, found.applied, found.identical) == (4, 3, 1)
    again = bring(cast.alpha, {"profil.csv": lines}, ImportMode.DELTA)
    assert (again.applied, again.unchanged, again.identical) == (0, 3, 1)
