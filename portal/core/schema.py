"""Whether the database is there and migrated."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from portal.core.database import db, reading
from portal.core.errors import DatabaseAway, DatabaseNewer, DatabaseNotMigrated, DatabaseNotUtf8
from portal.core.paths import ROOT

MIGRATIONS = ROOT / "migrations"


def sqlite_file() -> Path | None:
    """Return the file of an SQLite database; None for another database, or one in memory."""
    url = db.engine.url
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def check_database() -> None:
    """Raise Refusal where it is not as it should be.

    `database-away`, `database-not-utf8`, `database-not-migrated`, `database-newer`.
    """
    if is_behind():
        raise DatabaseNotMigrated


def is_behind() -> bool:
    """Return whether the database is to be migrated. Raises Refusal `database-newer`."""
    found, known = set(_find_revisions()), _known_revisions()
    if found == {max(known)}:
        return False
    if not found <= known:  # of a newer version: going on would be guessing
        raise DatabaseNewer
    return True


def _find_revisions() -> tuple[str, ...]:
    path = sqlite_file()
    if path is not None and not path.exists():  # connecting would make it, and looking changes nothing
        return ()
    try:
        with reading(), db.engine.connect() as connection:
            _check_encoding(connection)
            if not inspect(connection).has_table("alembic_version"):
                return ()
            return tuple(connection.scalars(text("SELECT version_num FROM alembic_version")))
    except SQLAlchemyError:
        raise DatabaseAway from None


def _check_encoding(connection: Connection) -> None:
    """Names and texts of every script have to fit."""
    if connection.dialect.name != "postgresql":
        return
    if (encoding := connection.scalar(text("SHOW server_encoding"))) != "UTF8":
        raise DatabaseNotUtf8(encoding=encoding)


def _known_revisions() -> frozenset[str]:
    """By the names of the files: one chain of numbers, as a test makes sure. Alembic would load each of them."""
    return frozenset(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
