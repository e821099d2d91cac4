"""What the application's role may do on PostgreSQL, and how it gets there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from portal.audit.recording import Intent, record
from portal.core.append_only import GUARDED
from portal.core.database import EVERY_TENANT, db, scope_to, utcnow
from portal.core.grants import find_own_role, grant, renew_grants
from portal.core.refusal import Refusal
from portal.domain.audit import AuditEvent
from tests.support.commands import Commands
from tests.support.database import APP_ROLE, as_owner, make_cast, make_settings, new_database, running_app
from tests.support.services import PostgresServer
from tests.tenants.test_wall import WALLED

pytestmark = [pytest.mark.postgres, pytest.mark.conformance]
ROLE = "Neue Rolle"


@pytest.fixture
def role_app(postgres_url: str, tmp_path: Path) -> Iterator[object]:
    with running_app(make_settings(postgres_url, tmp_path)) as app:
        make_cast()
        scope_to(EVERY_TENANT)
        yield app


@pytest.mark.parametrize("table", sorted(GUARDED))
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "TRUNCATE {}", "DELETE FROM {}"])
def test_what_is_kept_is_neither_changed_nor_emptied(role_app: object, table: str, statement: str) -> None:
    """Not even where a guard is gone: the right itself is missing. Deleting what erasures may name is the guard's."""
    by_guard = statement.startswith("DELETE") and GUARDED[table]
    if by_guard and table == "audit_entry":
        record(Intent(AuditEvent.LOOKED, "KK"), utcnow())
    if by_guard and table == "protocol_entry":
        return  # tests/audit has one to delete
    with pytest.raises(DBAPIError, match="append-only" if by_guard else "permission denied"):
        db.session.execute(text(statement.format(table)))


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE participant",
        "ALTER TABLE protocol_entry DISABLE TRIGGER ALL",
        "ALTER TABLE participant DISABLE ROW LEVEL SECURITY",
        "DROP POLICY wall ON participant",
        "DROP TRIGGER seal_keep ON seal",
        "CREATE OR REPLACE FUNCTION seal_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$",
        "CREATE TABLE loot (id int)",
        "SET ROLE postgres",
        "SET session_replication_role = replica",
        "COPY participant TO PROGRAM 'cat'",
    ],
)
def test_it_touches_no_tables_and_no_guards(role_app: object, statement: str) -> None:
    with pytest.raises(DBAPIError, match=r"must be owner|permission denied"):
        db.session.execute(text(statement))


def test_granting_again_changes_nothing_and_new_tables_are_granted_with_the_next_migration(
    role_app: object,
) -> None:
    rights = text(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE grantee = :role"
    )
    with as_owner() as owner:
        before = set(owner.execute(rights, {"role": APP_ROLE}))
        assert not grant(owner, APP_ROLE)
        assert set(owner.execute(rights, {"role": APP_ROLE})) == before
        owner.execute(text("CREATE TABLE later (id int)"))
        renew_grants(owner)
        added = set(owner.execute(rights, {"role": APP_ROLE})) - before
    assert {privilege for table, privilege in added} == {"SELECT", "INSERT", "UPDATE", "DELETE"}
    assert {table for table, _ in added} == {"later"}


def test_neither_a_superuser_nor_the_owner_will_do(role_app: object) -> None:
    with as_owner() as owner, pytest.raises(Refusal, match="role-too-mighty"):
        grant(owner, "postgres")
    with pytest.raises(Refusal, match="grant-failed"):
        grant(db.session.connection(), "somebody_else")  # only the owner may


def test_from_nothing_by_commands_to_a_held_application(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """`db upgrade` and `db grant` as the owner; then `check` as either says whether the second wall stands."""
    with contextlib.ExitStack() as stack:
        owner_url = stack.enter_context(new_database(postgres_server.url))
        owner = Commands(stack.enter_context(running_app(make_settings(owner_url, tmp_path))))
        owner.say("db", "upgrade")
        standing = db.session.execute(text("SELECT tablename FROM pg_policies WHERE policyname = 'wall'"))
        assert set(standing.scalars()) == WALLED
        assert "angelegt" in owner.say("db", "grant", ROLE, "--password", stdin="ge'heim-geheim\n")
        stack.callback(_drop_role, owner_url)
        assert "angelegt" not in owner.say("db", "grant", ROLE)
        assert _second_wall(owner) == "warn"
        url = make_url(owner_url).set(username=ROLE, password="ge'heim-geheim")
        own = stack.enter_context(
            running_app(make_settings(url.render_as_string(hide_password=False), tmp_path))
        )
        assert _second_wall(Commands(own)) == "ok"
        with pytest.raises(DBAPIError, match="permission denied"):
            db.session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        db.session.rollback()
        assert "grant-failed" not in (refused := Commands(own).refuse("db", "grant", "postgres2"))
        assert "Rechte" in refused


def test_on_sqlite_there_are_no_roles(sqlite_app: Flask) -> None:
    with pytest.raises(Refusal, match="grant-needs-postgresql"):
        grant(db.session.connection(), APP_ROLE)
    assert find_own_role(db.session.connection()) is None


def _second_wall(commands: Commands) -> str:
    checks = commands.run("check", "--json").json["checks"]
    return next(str(check["level"]) for check in checks if check["check"] == "second-wall")


def _drop_role(owner_url: str) -> None:
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.execute(text(f'DROP OWNED BY "{ROLE}"'))
        connection.execute(text(f'DROP ROLE "{ROLE}"'))
    engine.dispose()
