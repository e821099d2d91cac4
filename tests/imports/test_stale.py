"""An export that is older than one taken before is held for a person: it would bring back what has changed since."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.domain.actors import Actor
from portal.domain.imports import ImportMode, ImportState
from portal.domain.tenants import Tenant
from portal.imports.reports import Report
from portal.imports.running import run_import
from portal.imports.service import approve, get_import, keep_export, start_import
from tests.imports.exports import ALL, bring, folder, people, report_of
from tests.support.commands import Commands
from tests.support.database import Cast
from tests.support.door import LINES, Door, ndjson, new_token, read

HEADER = "tn_id;nachname\n"
Time = tuple[int, int, int, int, int, int]
MONDAY, TUESDAY = (2026, 3, 2, 22, 0, 0), (2026, 3, 3, 22, 0, 0)


def written(files: Mapping[str, tuple[str, Time]]) -> io.BytesIO:
    """A ZIP whose files have these times."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, (text, at) in files.items():
            archive.writestr(zipfile.ZipInfo(name, at), text)
    stream.seek(0)
    return stream


def take(
    tenant_id: int, source: io.BytesIO | Path, mode: ImportMode = ImportMode.DELTA, dry_run: bool = False
) -> Report:
    kept = keep_export(source)
    scope_to(EVERY_TENANT)
    run = start_import(db.session.get_one(Tenant, tenant_id), kept, mode, Actor("SB"), utcnow(), dry_run)
    commit()
    run_import(run.id)
    return report_of(run.id)


def named(name: str) -> str:
    return f"{HEADER}T1;{name}\n"


@pytest.mark.parametrize("mode", ImportMode)
def test_an_older_zip_is_held_and_a_person_decides(app: Flask, cast: Cast, mode: ImportMode) -> None:
    take(cast.alpha, written({"teilnehmer.csv": (named("Neu"), TUESDAY)}), mode)
    found = take(cast.alpha, written({"teilnehmer.csv": (named("Alt"), MONDAY)}), mode)
    assert (found.state, found.problem) == (ImportState.HELD, "stale")
    assert found.problem_values == {
        "kind": "participant",
        "exported": "2026-03-02T21:00:00+00:00",
        "newest": "2026-03-03T21:00:00+00:00",
    }
    assert people(cast.alpha)["T1"].last_name == "Neu"
    approve(get_import(cast.alpha, found.import_id), Actor("LE"))
    commit()
    run_import(found.import_id)
    assert people(cast.alpha)["T1"].last_name == "Alt"
    again = take(cast.alpha, written({"teilnehmer.csv": (named("Noch älter"), MONDAY)}), mode)
    assert again.state is ImportState.HELD, "the newest one stays the newest"


def test_the_same_and_newer_ones_go_on(sqlite_app: Flask, cast: Cast) -> None:
    for name, at in (("A", MONDAY), ("B", MONDAY), ("C", TUESDAY)):
        assert take(cast.alpha, written({"teilnehmer.csv": (named(name), at)})).state is ImportState.DONE
        assert people(cast.alpha)["T1"].last_name == name


def test_each_file_is_as_old_as_it_is(sqlite_app: Flask, cast: Cast) -> None:
    orders = "auftrag_id;bezeichnung\nA1;Kurs\n"
    take(cast.alpha, written({"teilnehmer.csv": (named("A"), TUESDAY), "auftraege.csv": (orders, MONDAY)}))
    same = take(cast.alpha, written({"auftraege.csv": (orders, MONDAY)}))
    mixed = take(
        cast.alpha, written({"teilnehmer.csv": (named("B"), MONDAY), "auftraege.csv": (orders, TUESDAY)})
    )
    assert (same.state, mixed.state, mixed.problem_values["kind"]) == (
        ImportState.DONE,
        ImportState.HELD,
        "participant",
    )


@pytest.mark.parametrize("at", [(1980, 1, 1, 0, 0, 0), (1985, 2, 1, 0, 0, 0), (2107, 12, 31, 0, 0, 0)])
def test_an_archive_without_true_times_is_not_asked_about(sqlite_app: Flask, cast: Cast, at: Time) -> None:
    for when in (TUESDAY, at, at, (*MONDAY[:3], 23, 0, 0)):
        found = take(cast.alpha, written({"teilnehmer.csv": (named("N"), when)}))
        assert found.state is (ImportState.HELD if when[2] == 2 else ImportState.DONE)


def test_a_folder_has_the_times_of_its_files(sqlite_app: Flask, cast: Cast, tmp_path: Path) -> None:
    source = folder(tmp_path / "export", {"teilnehmer.csv": named("N")})
    for at, state in ((1_772_485_200, ImportState.DONE), (1_772_400_000, ImportState.HELD)):
        os.utime(source / "teilnehmer.csv", (at, at))
        assert take(cast.alpha, source).state is state


@pytest.mark.parametrize(
    ("first", "second", "held"),
    [
        ("03.03.2026 22:00", "02.03.2026 22:00", True),
        ("2026-03-03T22:00:00Z", "2026-03-03T22:00:00+01:00", True),
        ("03.03.2026", "02.03.2026", True),
        ("03.03.2026", "03.03.2026", False),
        ("03.03.2026 10:00", "03.03.2026", False),
        ("03.03.2026 22:00", "", True),
    ],
)
def test_a_column_says_it_better_than_the_archive(
    sqlite_app: Flask, cast: Cast, first: str, second: str, held: bool
) -> None:
    for text, state in ((first, ImportState.DONE), (second, ImportState.HELD if held else ImportState.DONE)):
        lines = f"tn_id;exportiert_am\nT1;{text}\n"
        assert take(cast.alpha, written({"teilnehmer.csv": (lines, MONDAY)})).state is state


def test_a_time_that_is_none_is_noted_and_rejects_nothing(sqlite_app: Flask, cast: Cast) -> None:
    found = bring(cast.alpha, {"teilnehmer.csv": "tn_id;exportiert_am\nT1;gestern\nT2;\n"})
    assert (found.state, found.rejected_lines, found.applied) == (ImportState.DONE, 0, 2)
    assert {"code": "export-time-unreadable", "file": "teilnehmer.csv", "line": 2} in found.notices


def test_a_dry_run_says_so_and_is_no_newest_one(sqlite_app: Flask, cast: Cast) -> None:
    take(cast.alpha, written({"teilnehmer.csv": (named("N"), TUESDAY)}), dry_run=True)
    assert take(cast.alpha, written({"teilnehmer.csv": (named("N"), MONDAY)})).state is ImportState.DONE
    older = written({"teilnehmer.csv": (named("N"), (*MONDAY[:3], 8, 0, 0))})
    found = take(cast.alpha, older, dry_run=True)
    assert [it["problem"] for it in found.notices if it["code"] == "would-be-held"] == ["stale"]


def test_a_held_one_is_no_newest_one(sqlite_app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    with time_machine.travel(utcnow().replace(year=2027), tick=False):
        assert bring(cast.alpha, {"teilnehmer.csv": "tn_id\n"}).state is ImportState.HELD
    assert bring(cast.alpha, ALL).state is ImportState.DONE


def test_through_the_http_door_it_is_the_same(app: Flask, cast: Cast) -> None:
    door = Door(app, new_token(cast.alpha))

    def put(name: str, at: str, status: int = 200) -> str:
        path = f"/participants?exportiert_am={at}"
        answer = door.ask("PUT", path, data=ndjson([{"tn_id": "T1", "nachname": name}]), content_type=LINES)
        return str(read(answer, status).get("message", ""))

    put("Neu", "2026-03-03T22:00:00%2B01:00")
    said = put("Alt", "2026-03-02T22:00:00+01:00", 202)
    assert "Der Export vom 02.03.2026, 22:00 ist älter als der letzte Export vom 03.03.2026, 22:00" in said
    assert people(cast.alpha)["T1"].last_name == "Neu"
    put("Unlesbar", "gestern", 400)
    put("Zweimal", "2026-03-04&exportiert_am=2026-03-05", 400)
    for value, status in (("2026-03-04", 200), ("2026-03-03", 202)):
        door.put("participants", [{"tn_id": "T1", "exportiert_am": value}], status=status)
    door.put(
        "mediators",
        [
            {
                "vermittler_id": "V1",
                "kuerzel": "M",
                "nachname": "M",
                "vorname": "M",
                "exportiert_am": "2026-01-01",
            }
        ],
    )


def test_the_command_line_says_so(sqlite_app: Flask, cast: Cast, tmp_path: Path) -> None:
    commands = Commands(sqlite_app)
    path = tmp_path / "export.zip"
    for at in (TUESDAY, MONDAY):
        path.write_bytes(written({"teilnehmer.csv": (named("N"), at)}).getvalue())
        said = commands.run("import", "--tenant", "alpha", str(path))
    assert said.code == 1
    assert "ist älter als der letzte Export vom 03.03.2026, 22:00 (Teilnehmer/innen)" in said.err
