"""Uploads that no import names are deleted after a day, whatever left them."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event

from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.core.settings import current_settings
from portal.domain.imports import ImportRun
from portal.imports.service import keep_export
from portal.imports.strays import forget_strays
from tests.imports.exports import ALL, bring, start, zipped
from tests.support.database import Cast
from worker import schedule

DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)


def folder() -> Path:
    return Path(current_settings().data_folder) / "uploads"


def on_disk() -> set[str]:
    return {path.name for path in folder().iterdir()}


def written(name: str, ago: dt.timedelta) -> str:
    """Let an upload have been written so long ago; its name without the folder."""
    path = folder() / name.rpartition("/")[2]
    at = (utcnow() - ago).timestamp()
    os.utime(path, (at, at))
    return path.name


def upload_of(import_id: int) -> str:
    scope_to(EVERY_TENANT)
    name = db.session.get_one(ImportRun, import_id).upload
    commit()
    assert name
    return name


def test_the_sweep_deletes_what_no_import_names(app: Flask, cast: Cast) -> None:
    stray = written(keep_export(zipped(ALL)).name, DAY + MINUTE)
    waiting = written(upload_of(start(cast.alpha, ALL)), 100 * DAY)
    other = written(upload_of(start(cast.beta, ALL)), 100 * DAY)
    under_way = written(keep_export(zipped(ALL)).name, DAY - MINUTE)
    schedule.sweep()
    assert stray not in on_disk()
    assert on_disk() == {waiting, other, under_way}


def test_an_upload_goes_whose_import_is_gone(app: Flask, cast: Cast) -> None:
    import_id = start(cast.alpha, ALL)
    name = written(upload_of(import_id), 2 * DAY)
    assert forget_strays(utcnow()) == 0
    db.session.query(ImportRun).filter_by(id=import_id).delete()
    commit()
    assert forget_strays(utcnow()) == 1
    assert name not in on_disk()


def test_what_sealing_anew_left_half_done_goes(sqlite_app: Flask, cast: Cast) -> None:
    name = upload_of(start(cast.alpha, ALL)).rpartition("/")[2]
    (folder() / f"{name}.anew").write_bytes(b"half")
    written(name, 2 * DAY)
    written(f"{name}.anew", 2 * DAY)
    assert forget_strays(utcnow()) == 1
    assert on_disk() == {name}


def test_so_many_go_at_once_and_the_rest_next_time(sqlite_app: Flask, cast: Cast) -> None:
    bring(cast.alpha, ALL)
    for number in range(7):
        (folder() / f"{number:032x}").write_bytes(b"x")
        written(f"{number:032x}", 2 * DAY)
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    assert [forget_strays(utcnow(), limit=3) for _ in range(4)] == [3, 3, 1, 0]
    assert len([statement for statement in asked if "import_run" in statement]) == 4
    assert on_disk() == set()


def test_one_that_cannot_be_deleted_keeps_none_of_the_others(sqlite_app: Flask, cast: Cast) -> None:
    written(keep_export(zipped(ALL)).name, 2 * DAY)
    (folder() / ("f" * 32)).mkdir()
    written("f" * 32, 2 * DAY)
    assert forget_strays(utcnow()) == 1
    assert on_disk() == {"f" * 32}


@pytest.mark.parametrize("age", [DAY - MINUTE, -DAY])
def test_nothing_was_ever_uploaded_or_it_is_from_tomorrow(
    sqlite_app: Flask, cast: Cast, age: dt.timedelta
) -> None:
    assert forget_strays(utcnow()) == 0
    written(keep_export(zipped(ALL)).name, age)
    assert forget_strays(utcnow()) == 0
