"""Rows into tables as fast as a database takes them: COPY on PostgreSQL, many at a time on SQLite.

Times are texts in UTC, in the form that SQLite stores and PostgreSQL reads. Never commits.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import sql
from sqlalchemy import text

from portal.core.database import db

Row = Sequence[Any]
_MAY_SKIP_CHECKS = text("SELECT has_parameter_privilege('session_replication_role', 'SET')")


def begin_writing() -> None:
    """Prepare the current transaction: on PostgreSQL times are UTC, and foreign keys are not asked for each row.

    They are given by the generator; on SQLite, and for an owner who is no superuser, they are checked.
    """
    if db.engine.dialect.name != "postgresql":
        return
    db.session.execute(text("SET LOCAL timezone = 'UTC'"))
    db.session.execute(text("SET LOCAL synchronous_commit = off"))
    if db.session.execute(_MAY_SKIP_CHECKS).scalar():
        db.session.execute(text("SET LOCAL session_replication_role = replica"))


def write(table: str, columns: str, rows: Iterable[Row]) -> None:
    """Write rows whose values are in the order of `columns`, a list of names separated by spaces."""
    names = columns.split()
    driver: Any = db.session.connection().connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        quoted, marks = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
        driver.executemany(f'INSERT INTO "{table}" ({quoted}) VALUES ({marks})', rows)  # noqa: S608 - our names
        return
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def moment(at: dt.datetime) -> str:
    """Return a time as it is written."""
    return f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f}"
