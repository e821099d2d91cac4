"""The invented export: always the same, as shipped, and wrong only where it means to be."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from demo.people import EXPORT, EXPORT_DATE, write_export
from demo.seed import INTENDED_REJECTIONS, JOB4YOU, JOBNETZWERK, WRONG_LINES, Provider
from portal.core.database import commit, db, scope_to, utcnow
from portal.domain.actors import Actor
from portal.domain.imports import ImportMode, ImportRejection, ImportRun, ImportState
from portal.domain.participants import Participant
from portal.domain.tenants import Tenant
from portal.imports.running import run_import
from portal.imports.service import start_import
from tests.support.database import Cast

LARGE = pytest.mark.parametrize("provider", [JOBNETZWERK, JOB4YOU], ids=lambda item: item.slug)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@LARGE
def test_what_is_shipped_is_what_the_generator_gives(provider: Provider, tmp_path: Path) -> None:
    write_export(provider, tmp_path, EXPORT_DATE)
    assert files(tmp_path) == files(EXPORT / provider.slug)


def test_another_day_moves_the_dates_and_nothing_else(tmp_path: Path) -> None:
    for days in (0, 1):
        write_export(JOBNETZWERK, tmp_path / str(days), EXPORT_DATE + dt.timedelta(days=days))
    before, after = (tmp_path / str(days) / "teilnehmer.csv" for days in (0, 1))
    assert before.read_bytes() != after.read_bytes()
    assert [line.split(";")[:4] for line in before.read_text().splitlines()] == [
        line.split(";")[:4] for line in after.read_text().splitlines()
    ]


@LARGE
def test_only_what_is_meant_to_be_wrong_is_rejected(
    provider: Provider, cast: Cast, sqlite_app: object
) -> None:
    scope_to(cast.alpha)
    tenant = db.session.get_one(Tenant, cast.alpha)
    run = start_import(tenant, EXPORT / provider.slug, ImportMode.FULL, Actor("SB"), utcnow())
    commit()
    run_import(run.id)
    scope_to(cast.alpha)
    assert db.session.get_one(ImportRun, run.id).state is ImportState.DONE
    rejected = {(item.file, item.column, item.code) for item in db.session.query(ImportRejection)}
    assert rejected <= INTENDED_REJECTIONS
    assert {code for file, _, code in rejected if file == "teilnehmer.csv"} == {
        "date-unreadable",
        "check-digit-wrong",
        "order-unknown",
    }
    there = [role for role in provider.role_of().values() if not role.gone and role not in WRONG_LINES]
    assert db.session.query(Participant).count() == len(there)
