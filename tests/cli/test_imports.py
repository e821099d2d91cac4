"""`import`: what came of an export, line by line, and what refuses it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.imports.exports import ALL, MEDIATORS, ORDERS, PEOPLE, folder, zipped
from tests.support.bridge import Bridge
from tests.support.commands import Commands

ALPHA = ("import", "--tenant", "alpha")


def test_a_folder_and_a_zip_are_the_same(staffed: Commands, tmp_path: Path) -> None:
    """The report says what was read, taken over, unchanged; the second time nothing changes."""
    first = staffed.ask(*ALPHA, str(folder(tmp_path / "export", ALL)), "--full")
    assert (first["state"], first["applied"], first["unchanged"], first["rejected"]) == ("done", 9, 0, [])
    archive = tmp_path / "export.zip"
    archive.write_bytes(zipped(ALL).getvalue())
    again = staffed.ask(*ALPHA, str(archive), "--full")
    assert (again["applied"], again["unchanged"], again["import_id"]) == (
        0,
        first["read"],
        first["import_id"] + 1,
    )
    said = staffed.say(*ALPHA, str(archive))
    assert said.startswith("Import 3: ") and f"{first['read']} unverändert" in said


def test_a_dry_run_changes_nothing(staffed: Commands, tmp_path: Path) -> None:
    path = str(folder(tmp_path / "export", ALL))
    tried = staffed.ask(*ALPHA, path, "--full", "--dry-run")
    assert (tried["dry_run"], tried["applied"]) == (True, 9)
    assert staffed.say(*ALPHA, path, "--full", "--dry-run").startswith("Probelauf 2: ")
    assert staffed.refuse("status", "--tenant", "alpha", "--participant", "T1")
    assert staffed.ask(*ALPHA, path, "--full")["applied"] == 9


def test_a_rejected_line_is_named_and_the_others_go_on(staffed: Commands, tmp_path: Path) -> None:
    people = PEOPLE + "T4;Ohne;Datum;A1;31.02.2026\n"
    files = {"vermittler.csv": MEDIATORS, "auftraege.csv": ORDERS, "teilnehmer.csv": people}
    path = str(folder(tmp_path / "export", files))
    (rejected,) = staffed.ask(*ALPHA, path)["rejected"]
    assert (rejected["file"], rejected["line"], rejected["column"]) == (
        "teilnehmer.csv",
        5,
        "einverstaendnis_am",
    )
    assert rejected["message"] and "31.02" not in str(rejected)
    assert "teilnehmer.csv:5 [einverstaendnis_am]: " in staffed.say(*ALPHA, path)
    assert staffed.ask("status", "--tenant", "alpha", "--participant", "T1")["status"] == "offline"


def test_an_export_that_would_take_everybody_away_is_not_taken_over(
    staffed: Commands, tmp_path: Path
) -> None:
    staffed.say(*ALPHA, str(folder(tmp_path / "export", ALL)), "--full")
    bare = {name: text.splitlines(keepends=True)[0] for name, text in ALL.items()}
    said = staffed.run(*ALPHA, str(folder(tmp_path / "bare", bare)), "--full")
    assert said.code == 1 and said.err.strip(), said
    assert "Import 2" in said.out + said.err
    assert staffed.ask("status", "--tenant", "alpha", "--participant", "T1")["status"] == "offline"


@pytest.mark.parametrize("kind", ["nothing", "empty folder", "text", "folder without people"])
def test_what_is_no_export_is_a_sentence(staffed: Commands, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "export"
    if kind == "text":
        path.write_text("no export at all")
    elif kind == "empty folder":
        path.mkdir()
    elif kind == "folder without people":
        folder(path, {"hello.txt": "hello"})
    said = staffed.run(*ALPHA, str(path))
    assert said.code == 1, said
    sentence = said.err.strip()
    assert sentence.endswith(".") and "Unerwartet" not in sentence and str(tmp_path) not in sentence


def test_nobody_is_a_sentence(staffed: Commands, tmp_path: Path) -> None:
    path = str(folder(tmp_path / "export", ALL))
    assert staffed.refuse("import", "--tenant", "nobody", path).endswith(".")
    assert staffed.refuse(*ALPHA, path, "--by", "XX").endswith(".")
    assert staffed.run("import", path).code == 2


@pytest.fixture
def held(staffed: Commands, tmp_path: Path) -> Commands:
    """Import 2 would make both mediators inactive, and is held."""
    staffed.say(*ALPHA, str(folder(tmp_path / "export", ALL)), "--full")
    bare = {"vermittler.csv": MEDIATORS.splitlines(keepends=True)[0]}
    said = staffed.run(*ALPHA, str(folder(tmp_path / "bare", bare)), "--full")
    assert said.code == 1
    assert "Mehr als die Hälfte der Vermittler/innen würde inaktiv (2 von 2)" in said.err
    assert "- Nicht im Export: 2 von 2 aktiven Vermittler/innen. Wer fehlt, wird inaktiv." in said.out
    assert "  V2  Bosch, Otto\n" in said.out
    return staffed


def test_a_held_import_is_shown_and_let_pass_by_somebody_else(held: Commands) -> None:
    shown = held.ask("imports", "show", "--tenant", "alpha", "2")
    assert (shown["state"], shown["problem"]) == ("held", "mediators-shrink")
    assert shown["leaving"] == [
        {"kind": "mediator", "number": "V1", "name": "Muster, Mia"},
        {"kind": "mediator", "number": "V2", "name": "Bosch, Otto"},
    ]
    assert "  V1  Muster, Mia\n" in held.say("imports", "show", "--tenant", "alpha", "2")
    passed = held.ask("imports", "pass", "--tenant", "alpha", "2")
    assert (passed["state"], passed["counts"]["mediator"]["left"], passed["leaving"]) == ("done", 2, [])
    assert "nicht angehalten" in held.refuse("imports", "pass", "--tenant", "alpha", "2")


def test_a_held_import_is_discarded(held: Commands) -> None:
    said = held.say("imports", "discard", "--tenant", "alpha", "2")
    assert said == "Der Import 2 ist verworfen; die Personen bleiben, wie sie waren.\n"
    assert held.ask("imports", "show", "--tenant", "alpha", "2")["state"] == "discarded"


def test_whoever_started_an_import_does_not_judge_it(staffed: Commands, tmp_path: Path) -> None:
    staffed.say(*ALPHA, str(folder(tmp_path / "export", ALL)), "--full")
    bare = {"vermittler.csv": MEDIATORS.splitlines(keepends=True)[0]}
    staffed.run(*ALPHA, str(folder(tmp_path / "bare", bare)), "--full", "--by", "MM")
    for verb in ("pass", "discard"):
        said = staffed.refuse("imports", verb, "--tenant", "alpha", "2", "--by", "MM")
        assert said.startswith("Wer den Import angestoßen hat")
        assert staffed.refuse("imports", verb, "--tenant", "beta", "2").endswith(".")


def test_whose_a_number_is_can_be_said_on_the_command_line(
    bridge: Bridge, commands: Commands, tmp_path: Path
) -> None:
    bridge.person("1", birth_date=dt.date(1990, 2, 1))
    bridge.release("1")
    person = ("--tenant", "alpha", "--participant", "1")
    assert commands.refuse("identity", *person, "--person", "same", "--by", "VM").endswith(".")
    other = {"teilnehmer.csv": "tn_id;nachname;vorname;geburtsdatum\n1;Zander;Olaf;13.07.1985\n"}
    said = commands.say(*ALPHA, str(folder(tmp_path / "export", other)))
    assert "teilnehmer.csv:2 [tn_id]: andere Person unter derselben Nummer?" in said
    assert commands.ask("status", *person)["phase"] == "clarification"
    assert "wem sie gehört" in commands.refuse("release", *person, "--by", "VM")
    commands.say("identity", *person, "--person", "same", "--by", "VM")
    commands.say(*ALPHA, str(folder(tmp_path / "export", other)))
    assert "Zander, Olaf" in commands.say("status", *person)
    protocol = commands.say("protocol", *person)
    for words in (
        "Andere Person unter derselben Nummer?",
        "Dieselbe Person: Der nächste Import",
        "Nachname, Vorname, Geburtsdatum",
    ):
        assert words in protocol


def test_another_person_is_added_on_the_command_line(
    bridge: Bridge, commands: Commands, tmp_path: Path
) -> None:
    bridge.person("1", birth_date=dt.date(1990, 2, 1))
    bridge.release("1")
    person = ("--tenant", "alpha", "--participant", "1")
    other = {"teilnehmer.csv": "tn_id;nachname;vorname;geburtsdatum\n1;Zander;Olaf;13.07.1985\n"}
    commands.say(*ALPHA, str(folder(tmp_path / "export", other)))
    said = commands.say("identity", *person, "--person", "other", "--by", "VM")
    assert "Die bisherige steht unter 1 (bis 20" in said
    commands.say(*ALPHA, str(folder(tmp_path / "export", other)))
    assert commands.ask("status", *person)["released_at"] is None


def test_lines_that_repeat_another_are_counted_apart(staffed: Commands, tmp_path: Path) -> None:
    people = PEOPLE + PEOPLE.splitlines(keepends=True)[1]
    path = str(folder(tmp_path / "export", {**ALL, "teilnehmer.csv": people}))
    assert "1 Zeilen wiederholen eine andere" in staffed.say(*ALPHA, path)
    assert staffed.ask(*ALPHA, path)["identical"] == 1
