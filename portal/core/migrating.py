"""Migrating the database. Alembic is large: processes that only look whether that was done do without it."""

from __future__ import annotations

from typing import cast

from alembic import command
from alembic.config import Config
from flask import current_app
from flask_migrate import Migrate
from sqlalchemy.exc import SQLAlchemyError

from portal.core import schema
from portal.core.database import db
from portal.core.errors import DatabaseAway, MigrationFailed
from portal.core.schema import is_behind, sqlite_file


def upgrade() -> bool:
    """Migrate the database to what this version wants; whether there was anything to do.

    Raises Refusal `database-away`, `database-not-utf8`, `database-newer`, `migration-failed`.
    """
    _make_folder()
    if not is_behind():
        return False
    try:
        command.upgrade(migrations(), "head")
    except SQLAlchemyError as error:
        kind = type(getattr(error, "orig", error)).__name__  # its text may repeat values
        raise MigrationFailed(kind=kind) from None
    return True


def _make_folder() -> None:
    path = sqlite_file()
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise DatabaseAway from None


def migrations() -> Config:
    """What Alembic wants to know, to run migrations of the current application."""
    return cast("Config", Migrate(current_app, db, directory=str(schema.MIGRATIONS)).get_config())
