"""Addresses of PostgreSQL, checked by its own driver, which is loaded where there is such a database."""

from __future__ import annotations

from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import make_conninfo
from sqlalchemy import make_url
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import ArgumentError


def read_postgresql(text: str) -> tuple[str | None, int | None]:
    """Host and port of an address as SQLAlchemy and the driver read it. Raises ValueError."""
    dialect: Any = PGDialect_psycopg  # untyped
    try:
        url = make_url(text)
        _, options = dialect().create_connect_args(url)
        make_conninfo("", **options)
    except (ValueError, ArgumentError, ProgrammingError):  # their texts repeat parts of the value
        raise ValueError(
            "wants user, password, host, port, database and options as PostgreSQL knows them"
        ) from None
    return url.host, url.port
