"""Whether the database is there and migrated, and migrating it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from portal.database import db, reading
from portal.refusal import Refusal


def upgrade() -> bool:
    """Migrate the database to what this version wants; whether there was anything to do.

    Raises Refusal `database-away`, `database-newer`, `migration-failed`.
    """
    _make_folder()
    if not _is_behind():
        return False
    try:
        command.upgrade(_config(), "head")
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
    """Raise Refusal `database-away`, `database-not-migrated`, `database-newer` where it is not as it should be."""
    if _is_behind():
        raise Refusal("database-not-migrated")


def _is_behind() -> bool:
    scripts = ScriptDirectory.from_config(_config())
    found, wanted = set(_find_revisions()), set(scripts.get_heads())
    if found == wanted:
        return False
    known = {script.revision for script in scripts.walk_revisions()}
    if not found <= known:  # of a newer version: going on would be guessing
        raise Refusal("database-newer")
    return True


def _find_revisions() -> tuple[str, ...]:
    path = _sqlite_file()
    if path is not None and not path.exists():  # connecting would make it, and looking changes nothing
        return ()
    try:
        with reading(), db.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_heads()
    except SQLAlchemyError:
        raise Refusal("database-away") from None


def _config() -> Config:
    found: Config = current_app.extensions["migrate"].migrate.get_config()
    return found
