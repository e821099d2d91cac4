"""Whether the database is there and migrated, and migrating it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from flask import current_app
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from portal.core.database import db, reading
from portal.core.paths import ROOT
from portal.core.refusal import Refusal

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = ROOT / "migrations"


def upgrade() -> bool:
    """Migrate the database to what this version wants; whether there was anything to do.

    Raises Refusal `database-away`, `database-not-utf8`, `database-newer`, `migration-failed`.
    """
    _make_folder()
    if not _is_behind():
        return False
    from alembic import command  # it is large, and every start of a process would wait for it

    try:
        command.upgrade(migrations(), "head")
    except SQLAlchemyError as error:
        kind = type(getattr(error, "orig", error)).__name__  # its text may repeat values
        raise Refusal("migration-failed", kind=kind) from None
    return True


def _make_folder() -> None:
    path = _sqlite_file()
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise Refusal("database-away") from None


def _sqlite_file() -> Path | None:
    url = db.engine.url
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def check_database() -> None:
    """Raise Refusal where it is not as it should be.

    `database-away`, `database-not-utf8`, `database-not-migrated`, `database-newer`.
    """
    if _is_behind():
        raise Refusal("database-not-migrated")


def _is_behind() -> bool:
    found, known = set(_find_revisions()), _known_revisions()
    if found == {max(known)}:
        return False
    if not found <= known:  # of a newer version: going on would be guessing
        raise Refusal("database-newer")
    return True


def _find_revisions() -> tuple[str, ...]:
    path = _sqlite_file()
    if path is not None and not path.exists():  # connecting would make it, and looking changes nothing
        return ()
    try:
        with reading(), db.engine.connect() as connection:
            _check_encoding(connection)
            if not inspect(connection).has_table("alembic_version"):
                return ()
            return tuple(connection.scalars(text("SELECT version_num FROM alembic_version")))
    except SQLAlchemyError:
        raise Refusal("database-away") from None


def _check_encoding(connection: Connection) -> None:
    """Names and texts of every script have to fit."""
    if connection.dialect.name != "postgresql":
        return
    if (encoding := connection.scalar(text("SHOW server_encoding"))) != "UTF8":
        raise Refusal("database-not-utf8", encoding=encoding)


def _known_revisions() -> frozenset[str]:
    """By the names of the files: one chain of numbers, as a test makes sure. Alembic would load each of them."""
    return frozenset(path.name.partition("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*.py"))


def migrations() -> Config:
    """What Alembic wants to know, to run migrations of the current application."""
    from flask_migrate import Migrate

    return cast("Config", Migrate(current_app, db, directory=str(_FOLDER)).get_config())
