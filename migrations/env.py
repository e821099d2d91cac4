"""How migrations run: in one transaction, one process at a time, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, Enum, text
from sqlalchemy.exc import IntegrityError

from portal.core.database import Base, UtcDateTime, db
from portal.core.grants import renew_grants
from portal.core.row_level_security import enable_row_level_security

_UPGRADE_LOCK = 7_304_215_118
"""Number of the advisory lock; any number will do, as long as it stays the same."""


def plain_types(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Our own types as SQLAlchemy's: a migration must not change because our code does."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Enum):
        return f"sa.String(length={item.length})"
    return False


def run() -> None:
    """Run what was asked for on the application's database; all of it or nothing."""
    engine = db.engine
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            _say(connection, "PRAGMA foreign_keys=OFF")  # rebuilding a table drops it, which would cascade
        try:
            _run_on(connection)
        finally:
            if sqlite:
                _say(connection, "PRAGMA foreign_keys=ON")


def _run_on(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=plain_types,
        compare_type=True,
        transactional_ddl=True,  # SQLite can, since it is us who say BEGIN
    )
    with connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _UPGRADE_LOCK})
        with context.begin_transaction():
            context.run_migrations()
            # Still inside: its end commits, and what came after it would be undone without a word.
            enable_row_level_security(connection)
            renew_grants(connection)
            if connection.dialect.name == "sqlite":
                _check_references(connection)


def _check_references(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise IntegrityError("foreign_key_check", None, ValueError(f"a row of {broken[0]} points nowhere"))


def _say(connection: Connection, pragma: str) -> None:
    """Outside of any transaction, where alone SQLite heeds it."""
    cursor = connection.connection.cursor()
    cursor.execute(pragma)
    cursor.close()


if context.is_offline_mode():
    raise SystemExit("These migrations run on a database alone: --sql is not offered.")
run()
