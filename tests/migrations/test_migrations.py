"""Migrations on both databases: from nothing, step by step, back, cut short, and two at once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import inspect, text
from sqlalchemy.exc import SQLAlchemyError

from portal.core.database import Base, db
from portal.core.migrating import migrations, upgrade
from portal.core.paths import ROOT
from portal.core.refusal import Refusal
from portal.core.schema import check_database
from tests.support.database import make_cast, make_settings, settings_environment
from tests.support.forked import JOBBRUECKE, start

pytestmark = pytest.mark.conformance


def test_from_nothing_to_exactly_the_models(empty_app: Flask) -> None:
    """Tables, columns, types, indexes and foreign keys are those that the code describes."""
    assert upgrade()
    assert _differences() == []
    check_database()


def test_a_difference_is_seen(empty_app: Flask) -> None:
    """The comparison above can fail."""
    upgrade()
    with db.engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_participant_caseworker"))
    assert [difference[0] for difference in _differences()] == ["add_index"]


def test_repeating_it_does_nothing(empty_app: Flask) -> None:
    assert upgrade()
    assert not upgrade()


def test_every_step_back_and_forth(empty_app: Flask, next_version: Path) -> None:
    """The step that a later version adds is taken back and done again, with rows there."""
    upgrade()
    tenants = make_cast()
    db.session.remove()
    with _later_version(next_version):
        with pytest.raises(Refusal, match="database-not-migrated"):
            check_database()
        assert upgrade()
        check_database()
        command.downgrade(migrations(), "0001")
    check_database()
    assert _differences() == []
    with db.engine.connect() as connection:
        kept = connection.execute(text("SELECT id FROM tenant ORDER BY id")).scalars().all()
    assert kept == [tenants.alpha, tenants.beta]


def test_nothing_is_left_after_the_first_step_back(empty_app: Flask) -> None:
    upgrade()
    command.downgrade(migrations(), "base")
    assert inspect(db.engine).get_table_names() == ["alembic_version"]


def test_an_old_schema_says_so(empty_app: Flask, next_version: Path, tmp_path: Path) -> None:
    """With no table at all, and with those of an older version."""
    with pytest.raises(Refusal, match="database-not-migrated"):
        check_database()
    assert not (tmp_path / "new").exists()  # looking makes no file
    upgrade()
    check_database()
    with _later_version(next_version), pytest.raises(Refusal, match="database-not-migrated"):
        check_database()


def test_a_newer_schema_is_left_alone(empty_app: Flask) -> None:
    upgrade()
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for look in (check_database, upgrade):
        with pytest.raises(Refusal, match="database-newer"):
            look()
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"


def test_a_migration_that_fails_leaves_everything_as_it_was(empty_app: Flask, next_version: Path) -> None:
    """The second statement of 0002 cannot be done: its first one is undone, and the version stays."""
    upgrade()
    with db.engine.begin() as connection:
        connection.execute(text("CREATE INDEX ix_later ON participant (caseworker)"))
    with _later_version(next_version), pytest.raises(Refusal, match="migration-failed"):
        upgrade()
    assert "later" not in inspect(db.engine).get_table_names()
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0001"


@pytest.mark.processes
def test_two_at_once(empty_app: Flask, empty_url: str, tmp_path: Path) -> None:
    """Two servers start at the same moment: both say that all is well, and one has done it."""
    environment = settings_environment(make_settings(empty_url, tmp_path))
    with (tmp_path / "said").open("ab") as said:
        all_of_them = [start(JOBBRUECKE, ["db", "upgrade"], env=environment, stdout=said) for _ in range(3)]
        codes = [process.wait(120) for process in all_of_them]
    assert codes == [0, 0, 0], (tmp_path / "said").read_text()
    assert _differences() == []


def test_every_table_says_whose_it_is() -> None:
    """What belongs to a tenant has its number; the exceptions are what no tenant owns."""
    nobodys = {
        "tenant",
        "heartbeat",
        "linked_identity",
        "login_session",
        "one_time_link",
        "seal",
        "second_factor",
        "recovery_code",
    }
    for table in Base.metadata.sorted_tables:
        column = table.columns.get("tenant_id")
        assert (column is None) == (table.name in nobodys), table.name
        if column is not None and table.name not in {
            "account",
            "audit_entry",
            "erased_entry",
            "notice",
            "notice_seen",
            "mail",
            "digest_day",
        }:  # also of support
            assert not column.nullable, table.name


def _differences() -> list[tuple[object, ...]]:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        try:
            found = compare_metadata(context, Base.metadata)
        except SQLAlchemyError as error:
            raise AssertionError("the tables cannot be read") from error
    return [item for items in found for item in (items if isinstance(items, list) else [items])]


def test_the_names_of_the_files_say_the_chain() -> None:
    """Every process looks at the names alone whether the database is up to date."""
    steps = list(ScriptDirectory(str(ROOT / "migrations")).walk_revisions())[::-1]
    assert [step.revision for step in steps] == [f"{number:04}" for number in range(1, len(steps) + 1)]
    for step in steps:
        assert Path(step.path).name.partition("_")[0] == step.revision


@contextlib.contextmanager
def _later_version(folder: Path) -> Iterator[None]:
    """Within it, the program is one version newer: it has the migrations of `folder`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portal.core.schema.MIGRATIONS", folder)
        yield
