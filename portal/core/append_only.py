"""Triggers by which the database refuses to change what is written once; the same text in models and migrations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, text

Guard = Callable[..., None]
GUARDED: dict[str, bool] = {}
"""The tables of the models that are guarded, and whether their rows may be erased."""
_ERASED = "EXISTS (SELECT 1 FROM erased_entry WHERE kind = '{table}' AND entry_id = OLD.id)"


def guard(table: str, *, erasable: bool) -> Guard:
    """A listener for `after_create`: rows of `table` are never updated, and deleted only where erased."""
    GUARDED[table] = erasable

    def create(_target: Any, connection: Connection, **_: Any) -> None:
        for statement in statements(table, connection.dialect.name, erasable=erasable):
            connection.execute(text(statement))

    return create


def statements(table: str, dialect: str, *, erasable: bool) -> list[str]:
    """Return the statements that guard `table`, on sqlite or postgresql."""
    return _postgresql(table, erasable) if dialect == "postgresql" else _sqlite(table, erasable)


def _sqlite(table: str, erasable: bool) -> list[str]:
    unless = f" WHEN NOT {_ERASED.format(table=table)}" if erasable else ""
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    return [
        f"CREATE TRIGGER {table}_keep_update BEFORE UPDATE ON {table} {refuse}",
        f"CREATE TRIGGER {table}_keep_delete BEFORE DELETE ON {table}{unless} {refuse}",
    ]


def _postgresql(table: str, erasable: bool) -> list[str]:
    erased = f"IF TG_OP = 'DELETE' AND {_ERASED.format(table=table)} THEN RETURN OLD; END IF;"
    function = (
        f"CREATE FUNCTION {table}_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"{erased if erasable else ''} RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    rows, all_rows = "FOR EACH ROW", "FOR EACH STATEMENT"
    run = f"EXECUTE FUNCTION {table}_keep()"
    return [
        function,
        f"CREATE TRIGGER {table}_keep BEFORE UPDATE OR DELETE ON {table} {rows} {run}",
        f"CREATE TRIGGER {table}_keep_all BEFORE TRUNCATE ON {table} {all_rows} {run}",
    ]


def removal(table: str, dialect: str) -> list[str]:
    """The statements that take the guard of `table` away, for a migration back."""
    if dialect == "postgresql":
        return [
            f"DROP TRIGGER {table}_keep_all ON {table}",
            f"DROP TRIGGER {table}_keep ON {table}",
            f"DROP FUNCTION {table}_keep()",
        ]
    return [f"DROP TRIGGER {table}_keep_update", f"DROP TRIGGER {table}_keep_delete"]
