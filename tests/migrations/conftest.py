"""Databases without a table, on both systems."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.support.database import make_settings, new_database, running_app
from tests.support.services import PostgresServer


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database without any table; for SQLite not even a file."""
    with contextlib.ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'new' / 'empty.db'}"
        if request.param == "postgres":
            server: PostgresServer = request.getfixturevalue("postgres_server")
            url = stack.enter_context(new_database(server.url))
        yield url


@pytest.fixture
def empty_app(empty_url: str, tmp_path: Path) -> Iterator[Flask]:
    """An application over that database, in its context."""
    with running_app(make_settings(empty_url, tmp_path)) as app:
        yield app
