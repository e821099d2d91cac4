"""The second wall: what PostgreSQL itself shows, to raw statements over the application's own connections."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from portal.core.database import (
    EVERY_TENANT,
    Base,
    TenantOwned,
    commit,
    db,
    for_every_tenant,
    rollback,
    scope_to,
    scoped_to,
)
from portal.core.grants import find_own_role
from portal.core.row_level_security import SETTING
from portal.domain.participants import Order, Participant
from tests.support.database import Cast, as_owner, make_cast, make_settings, running_app

pytestmark = [pytest.mark.postgres, pytest.mark.conformance]
WALLED = {
    mapper.local_table.name  # type: ignore[attr-defined]
    for mapper in Base.registry.mappers
    if issubclass(mapper.class_, TenantOwned)
} | {"seal"}


@pytest.fixture
def wall_app(postgres_url: str, tmp_path: Path) -> Iterator[Flask]:
    with running_app(make_settings(postgres_url, tmp_path)) as app:
        yield app


@pytest.fixture
def people(wall_app: Flask) -> Cast:
    """An order and a person of each tenant; the session sees alpha's alone."""
    cast = make_cast()
    for tenant_id in (cast.alpha, cast.beta):
        order = Order(tenant_id=tenant_id, number="A1", title="M")
        db.session.add(order)
        db.session.flush()
        db.session.add(Participant(tenant_id=tenant_id, number="1", sort_key="x", order_id=order.id))
    commit()
    scope_to(cast.alpha)
    return cast


def ask(statement: str, **values: object) -> list[object]:
    """What a raw statement sees, which no scope of SQLAlchemy narrows."""
    return list(db.session.connection().execute(text(statement), values).scalars())


def do(statement: str, **values: object) -> int:
    return db.session.connection().execute(text(statement), values).rowcount


READS = {
    "rows": "SELECT tenant_id FROM participant",
    "a join": "SELECT o.tenant_id FROM participant p JOIN orders o ON o.number = 'A1'",
    "a subquery": "SELECT id FROM tenant WHERE id IN (SELECT tenant_id FROM orders)",
    "an aggregate": "SELECT max(tenant_id) FROM connection",
    "a union": "SELECT tenant_id FROM orders UNION SELECT tenant_id FROM participant",
}


def test_every_table_with_an_owner_stands_behind_the_wall(wall_app: Flask) -> None:
    """A new table of a tenant's gets its policy by itself, from the models as from the migrations."""
    standing = ask("SELECT tablename FROM pg_policies WHERE policyname = 'wall' AND cmd = 'ALL'")
    on = ask("SELECT relname FROM pg_class WHERE relrowsecurity")
    assert set(standing) == WALLED == set(on)


def test_the_application_is_held_by_it(wall_app: Flask) -> None:
    own = find_own_role(db.session.connection())
    assert own is not None
    assert own.restricted, own


@pytest.mark.parametrize("name", READS)
def test_raw_reading_shows_one_tenant(people: Cast, name: str) -> None:
    assert set(ask(READS[name])) == {people.alpha}
    scope_to(people.beta)
    assert set(ask(READS[name])) == {people.beta}
    scope_to(None)
    assert set(ask(READS[name])) <= {None}
    scope_to(EVERY_TENANT)
    assert set(ask(READS[name])) - {people.alpha} == {people.beta}


def test_raw_writing_reaches_one_tenant(people: Cast) -> None:
    assert do("UPDATE participant SET caseworker = 'SB'") == 1
    assert do("DELETE FROM participant WHERE tenant_id = :beta", beta=people.beta) == 0
    commit()
    scope_to(EVERY_TENANT)
    assert ask("SELECT tenant_id FROM participant WHERE caseworker = 'SB'") == [people.alpha]
    assert len(ask("SELECT id FROM participant")) == 2
    scope_to(None)
    assert (do("UPDATE participant SET caseworker = 'XX'"), do("DELETE FROM orders")) == (0, 0)


@pytest.mark.parametrize(
    "statement",
    [
        (
            "INSERT INTO orders (tenant_id, number, title, responsible, has_responsible) "
            "VALUES (:beta, 'A2', 'M', '[]', false)"
        ),
        "UPDATE orders SET tenant_id = :beta",
        "INSERT INTO seal (chain, number, key, at, contents, digest) VALUES (:beta, 1, 1, now(), '', '')",
        (
            "INSERT INTO audit_entry (tenant_id, at, event, by, data, seal_key) "
            "VALUES (NULL, now(), 'looked', 'KK', '{}', 1)"
        ),
    ],
    ids=["insert", "move", "seal", "of-nobody"],
)
def test_nothing_is_written_for_another(people: Cast, statement: str) -> None:
    with pytest.raises(DBAPIError, match="row-level security"):
        do(statement, beta=people.beta)


def test_rows_of_no_tenant_are_for_who_sees_every_tenant(people: Cast) -> None:
    with scoped_to(EVERY_TENANT):
        do(
            "INSERT INTO audit_entry (tenant_id, at, event, by, data, seal_key) "
            "VALUES (NULL, now(), 'looked', 'KK', '{}', 1)"
        )
        assert len(ask("SELECT id FROM audit_entry")) == 1
    assert ask("SELECT id FROM audit_entry") == []
    scope_to(None)
    assert ask("SELECT id FROM audit_entry") == []


def test_the_setting_ends_with_its_transaction(people: Cast) -> None:
    """The same pooled connection, next used by somebody who says nothing, sees nothing."""
    number = ask("SELECT pg_backend_pid()")
    for end in (commit, rollback):
        assert ask("SELECT tenant_id FROM participant") == [people.alpha]
        end()
        with db.engine.connect() as other:
            assert other.execute(text("SELECT pg_backend_pid()")).scalars().all() == number
            assert other.execute(text("SELECT id FROM participant")).all() == []
            assert not other.execute(text(f"SELECT current_setting('{SETTING}', true)")).scalar()
        assert ask("SELECT tenant_id FROM participant") == [people.alpha]


def test_a_session_that_is_let_go_leaves_nothing_behind(people: Cast) -> None:
    scope_to(EVERY_TENANT)
    assert len(ask("SELECT id FROM participant")) == 2
    db.session.remove()
    assert ask("SELECT id FROM participant") == []


def test_a_savepoint_undone_does_not_bring_back_whom_it_was_for_before(people: Cast) -> None:
    savepoint = db.session.begin_nested()
    scope_to(people.beta)
    assert ask("SELECT tenant_id FROM participant") == [people.beta]
    savepoint.rollback()
    assert ask("SELECT tenant_id FROM participant") == [people.beta]


def test_a_failed_statement_within_another_scope_is_told_as_what_it_was(people: Cast) -> None:
    with pytest.raises(DBAPIError, match="division by zero"), scoped_to(EVERY_TENANT):
        ask("SELECT 1/0")
    rollback()
    assert ask("SELECT tenant_id FROM participant") == [people.alpha]


def test_looking_past_it_ends_with_the_block(people: Cast) -> None:
    with for_every_tenant():
        assert len(ask("SELECT id FROM participant")) == 2
        assert len(db.session.scalars(select(Participant)).all()) == 1  # the first wall stands
    assert ask("SELECT tenant_id FROM participant") == [people.alpha]


def test_the_owner_of_the_tables_sees_everything(people: Cast) -> None:
    """For migrations and backups, which must not leave out rows silently."""
    with as_owner() as connection:
        assert len(connection.execute(text("SELECT id FROM participant")).all()) == 2
