"""Imports that are killed, run twice, or fail: the people are as before, or as the export says; never between."""

from __future__ import annotations

import datetime as dt
import signal
import threading
from pathlib import Path

import pytest
from flask import Flask

from portal.core import leases
from portal.core.database import commit, db, rollback, utcnow
from portal.core.leases import LeaseLost, renew
from portal.core.refusal import Refusal
from portal.core.settings import current_settings
from portal.domain.actors import Actor
from portal.domain.imports import ImportLine, ImportMode, ImportRun, ImportState
from portal.domain.tenants import Tenant
from portal.imports import running as imports
from portal.imports import staging_files
from portal.imports.leases import acquire
from portal.imports.running import CRASHES, run_import
from portal.imports.service import approve, get_import, start_import
from tests.imports.exports import ALL, PEOPLE, SVNR, bring, contents, faults, people, report_of, start
from tests.support.crash import dying_workers
from tests.support.database import Cast, make_cast, make_settings, running_app

NEXT = {
    "vermittler.csv": "vermittler_id;kuerzel;nachname;vorname\nV2;BO;Bosch;Otto\nV3;NN;Neu;Nora\n",
    "teilnehmer.csv": f"tn_id;nachname;vorname;svnr\nT1;Groß;Anna;{SVNR}\nT2;Šimůnek;Béla;\nT4;Neu;Nele;\n",
    "profil.csv": "tn_id;art;bezeichnung\nT2;kenntnis;Excel\n",
}


def expire_lease(import_id: int) -> None:
    run = db.session.get_one(ImportRun, import_id, populate_existing=True)
    if run.lease_until:
        run.lease_until = utcnow() - dt.timedelta(seconds=1)
    run.crashes = 0  # each kill is a test of its own
    commit()


@pytest.mark.slow
@pytest.mark.processes
@pytest.mark.parametrize(
    ("when", "further"),
    [("after", 3), *(pytest.param(when, 1, marks=pytest.mark.thorough) for when in ("before", "after"))],
)
def test_it_is_all_or_nothing_wherever_it_is_killed(app: Flask, cast: Cast, when: str, further: int) -> None:
    """Staging begins anew after each kill, so each goes some commits further; taking over goes on where it was."""
    bring(cast.alpha, ALL)
    before = contents(cast.alpha)
    import_id = start(cast.alpha, NEXT)
    commits, kills = 1, dict.fromkeys(ImportState, 0)
    with dying_workers("import") as crash:
        while (ended := crash(import_id, commits, when)) != 0:
            assert ended == -signal.SIGKILL
            state = report_of(import_id).state
            kills[state] += 1
            if state in (ImportState.WAITING, ImportState.STAGING):
                assert contents(cast.alpha) == before
            staging = state in (ImportState.WAITING, ImportState.STAGING)
            commits = commits + further if staging else SOME_STEPS[when]
            expire_lease(import_id)
    assert kills[ImportState.STAGING] > 10 // further
    assert kills[ImportState.APPLYING] > 5
    assert kills[ImportState.DONE] > 1
    assert_it_is_next(cast.alpha, import_id)


SOME_STEPS = {"before": 5, "after": 4}
"""Commits after which a process that goes on with an import has done a step or two: it claims, and looks, first."""


def assert_it_is_next(tenant_id: int, import_id: int) -> None:
    found = report_of(import_id)
    assert (found.state, found.read, found.applied, found.unchanged, found.left) == (
        ImportState.DONE,
        6,
        4,
        2,
        1,
    )
    assert {number: row.last_name for number, row in people(tenant_id).items()} == {
        "T1": "Groß", "T2": "Šimůnek", "T4": "Neu",
    }  # fmt: skip
    assert db.session.query(ImportLine).count() == 0


def test_two_at_once_do_it_once(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    import_id = start(cast.alpha, NEXT)
    errors: list[BaseException] = []

    def work() -> None:
        with app.app_context():
            try:
                run_import(import_id, batch=1)
            except BaseException as error:  # noqa: BLE001 - the thread hands it over
                errors.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert_it_is_next(cast.alpha, import_id)


def test_whoever_lost_the_claim_writes_nothing(app: Flask, cast: Cast) -> None:
    import_id = start(cast.alpha, ALL)
    now = utcnow()
    first = acquire(import_id, now, 50)
    commit()
    assert acquire(import_id, now, 50) is None
    second = acquire(import_id, now + dt.timedelta(seconds=51), 50)
    commit()
    assert first and second
    renew(second, utcnow())
    commit()
    with pytest.raises(LeaseLost):
        renew(first, utcnow())
    rollback()


def test_a_stopped_worker_that_goes_on_after_its_lease_changes_nothing(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(cast.alpha, ALL)
    import_id = start(cast.alpha, NEXT)
    stage = staging_files.stage

    def stage_while_another_takes_over(*args: object) -> None:
        monkeypatch.setattr(staging_files, "stage", stage)
        commit()  # asleep for longer than the lease
        expire_lease(import_id)
        run_import(import_id, batch=2)
        renew(held[0], utcnow())

    held = []
    hold = leases.renew
    monkeypatch.setattr(leases, "renew", lambda lease, *more: (held.append(lease), hold(lease, *more))[1])
    monkeypatch.setattr(staging_files, "stage", stage_while_another_takes_over)
    run_import(import_id, batch=1)
    assert_it_is_next(cast.alpha, import_id)


def test_an_export_that_kills_its_worker_every_time_fails_and_changes_nothing(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    before = contents(cast.alpha)
    import_id = start(cast.alpha, NEXT)
    now = utcnow() - dt.timedelta(hours=1)
    for _ in range(CRASHES):
        assert acquire(import_id, now, 1)
        commit()
        now += dt.timedelta(seconds=2)
    run_import(import_id)
    assert (report_of(import_id).state, report_of(import_id).problem) == (ImportState.FAILED, "crashed")
    assert contents(cast.alpha) == before


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({**ALL, "teilnehmer.csv": PEOPLE[:-9]}, "cut-off"),
        ({**ALL, "teilnehmer.csv": ""}, "file-empty"),
        ({**ALL, "profil.csv": "tn_id;bezeichnung\nT1;x\n"}, "column-missing"),
        ({**ALL, "teilnehmer.csv": PEOPLE + "".join(map(str, range(20_000)))}, "line-too-long"),
    ],
)
def test_a_refused_file_fails_the_import_by_name(
    sqlite_app: Flask, cast: Cast, files: dict[str, str], problem: str
) -> None:
    bring(cast.alpha, {**ALL, "teilnehmer.csv": PEOPLE + "T9;Mehr;;;\n"})
    before = contents(cast.alpha)
    found = bring(cast.alpha, files)
    assert (found.state, found.problem) == (ImportState.FAILED, problem)
    assert found.problem_values["file"].removesuffix(".csv") == faults(found)[0][0]
    assert contents(cast.alpha) == before
    assert db.session.query(ImportLine).count() == 0


def test_an_upload_that_is_gone_or_changed_fails_the_import(sqlite_app: Flask, cast: Cast) -> None:
    for problem in ("upload-missing", "upload-unreadable"):
        import_id = start(cast.alpha, ALL)
        run = db.session.get_one(ImportRun, import_id)
        path = Path(current_settings().data_folder) / str(run.upload)
        commit()
        if problem == "upload-missing":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:-1] + b"x")
        run_import(import_id)
        assert report_of(import_id).problem == problem


def test_a_second_import_is_refused_while_one_runs_and_leaves_no_upload(
    sqlite_app: Flask, cast: Cast
) -> None:
    start(cast.alpha, ALL)
    start(cast.beta, ALL)
    before = uploads_on_disk()
    with pytest.raises(Refusal, match="import-running"):
        start(cast.alpha, ALL)
    rollback()
    assert uploads_on_disk() == before


def test_only_a_held_import_can_be_approved_and_by_another_account(app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    held = bring(cast.alpha, {"teilnehmer.csv": "tn_id\n"})
    run = get_import(cast.alpha, held.import_id)
    with pytest.raises(Refusal, match="import-same-person"):
        approve(run, Actor(run.started_by))
    approve(run, Actor("LE"))
    commit()
    with pytest.raises(Refusal, match="import-not-held"):
        approve(run, Actor("LE"))
    rollback()


def test_the_social_insurance_number_is_nowhere_in_the_clear(sqlite_url: str, tmp_path: Path) -> None:
    with running_app(make_settings(sqlite_url, tmp_path)):
        cast = make_cast()
        lines = f"tn_id;svnr;auftrag_id\nT1;{SVNR};\nT2;{SVNR[:8]} {SVNR[8:]};\nT3;{SVNR};A0\n{SVNR};;\nT4;{SVNR[:-1]}9;\n"  # noqa: E501
        import_id = start(cast.alpha, {"teilnehmer.csv": lines.replace(f"\n{SVNR};;", "")}, ImportMode.DELTA)
        assert_nowhere(tmp_path)
        held = acquire(import_id, utcnow() - dt.timedelta(hours=1), 1)
        commit()
        assert held
        imports._stage(held, db.session.get_one(ImportRun, import_id), 2)
        assert_nowhere(tmp_path)
        run_import(import_id)
        assert report_of(import_id).rejected_lines == 2
        assert_nowhere(tmp_path)


def assert_nowhere(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert SVNR[:8].encode() not in content, path.name


def uploads_on_disk() -> set[str]:
    return {path.name for path in (Path(current_settings().data_folder) / "uploads").iterdir()}


def test_starting_names_what_is_wrong(sqlite_app: Flask, cast: Cast, tmp_path: Path) -> None:
    tenant = db.session.get_one(Tenant, cast.alpha)
    commit()
    with pytest.raises(Refusal, match="import-source-missing"):
        start_import(tenant, tmp_path / "nowhere.zip", ImportMode.FULL, "MM", utcnow())
    rollback()
