"""Worlds for the property tests, one a database; and how many examples are tried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.properties.wire import TappedSandbox
from tests.properties.world import SETTINGS, World
from tests.support.database import make_settings, running_app
from tests.support.services import RedisServer


@contextmanager
def world_on(url: str, folder: Path, redis: RedisServer) -> Iterator[World]:
    """A world on a database with all tables and no rows."""
    with TappedSandbox(folder) as sandbox:
        urls = {"network_jobnetzwerk_url": sandbox.url, "network_job4you_url": sandbox.url}
        with running_app(make_settings(url, folder, redis_url=redis.url, **urls, **SETTINGS)) as app:
            world = World(app, sandbox, redis, url)
            yield world
            world.store.drop()


@pytest.fixture
def world(sqlite_url: str, tmp_path: Path, redis_server: RedisServer) -> Iterator[World]:
    """On SQLite."""
    with world_on(sqlite_url, tmp_path, redis_server) as found:
        yield found


@pytest.fixture
def postgres_world(postgres_url: str, tmp_path: Path, redis_server: RedisServer) -> Iterator[World]:
    """On PostgreSQL."""
    with world_on(postgres_url, tmp_path, redis_server) as found:
        yield found
