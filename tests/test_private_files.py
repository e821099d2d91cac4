"""What our processes write is for their own user alone, whatever the umask of whoever started them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import run
from portal.app import create_app
from portal.audit.checkpoints import export_checkpoints, newest_checkpoints
from portal.core.crypto import current_keyring
from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.core.migrating import upgrade
from portal.domain.tenants import Tenant
from portal.imports.uploads import take_in_lines
from sandbox import create_app as create_sandbox
from tests.support.database import NOW, make_settings


@pytest.fixture(autouse=True)
def open_to_all() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def _others_may(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.stat().st_mode & 0o077}


def test_database_heads_and_uploads(tmp_path: Path) -> None:
    place = tmp_path / "place"
    settings = make_settings(f"sqlite:///{place}/db/own.db", place)
    with create_app(settings).app_context():
        upgrade()
        scope_to(EVERY_TENANT)
        db.session.add(Tenant(slug="one", name="One", created_at=NOW))
        commit()
        take_in_lines([b"x"], "teilnehmer.csv", Path(settings.data_folder), current_keyring())
        export_checkpoints(settings, newest_checkpoints(utcnow()))
        written = {path.name for path in place.rglob("*")}
        assert {"own.db", "own.db-wal", "own.db-shm", "data", "uploads"} <= written
        assert _others_may(tmp_path) == set()
        db.engine.dispose()


def test_the_sandbox_and_the_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create_sandbox(tmp_path / "sandbox" / "own.db")
    assert (tmp_path / "sandbox" / "own.db").exists()
    os.umask(0)
    assert run.main(1, 1, tmp_path / "demo") == 1, "the ports are the same"
    (tmp_path / "log").touch()
    assert _others_may(tmp_path) == set()
