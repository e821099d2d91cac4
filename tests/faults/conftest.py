"""One plant for each database, started once: a start costs seconds, and tenants do not disturb each other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.database import new_database
from tests.support.kept import keep
from tests.support.processes import Plant, running_plant
from tests.support.services import PostgresServer, RedisServer, running_redis

SAMPLED = ["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.matrix])]
"""Databases of what does not depend on them: PostgreSQL in the matrix alone."""


def around(steps: Iterable[str], sampled: Collection[tuple[str, str]]) -> list[object]:
    """Before and after each of these commits, as `step` and `side`; what is not sampled is in the matrix alone."""
    return [
        pytest.param(step, side, marks=() if (step, side) in sampled else pytest.mark.matrix)
        for step in steps
        for side in ("before", "after")
    ]


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database without tables, for a plant of the test's own."""
    with new_database(postgres_server.url) as url:
        yield url


@pytest.fixture
def sqlite_plant(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """The plant on SQLite, with the network behaving before and after."""

    @contextmanager
    def start() -> Iterator[Plant]:
        folder = tmp_path_factory.mktemp("plant")
        with (
            running_redis(folder) as redis,
            running_plant(folder, f"sqlite:///{folder}/main.db", redis) as plant,
        ):
            yield plant

    yield from _behaving(keep(request, "sqlite", start))


@pytest.fixture
def postgres_plant(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: PostgresServer,
) -> Iterator[Plant]:
    """The plant on PostgreSQL, with the network behaving before and after."""

    @contextmanager
    def start() -> Iterator[Plant]:
        folder = tmp_path_factory.mktemp("plant")
        with (
            running_redis(folder) as redis,
            new_database(postgres_server.url) as url,
            running_plant(folder, url, redis) as plant,
        ):
            yield plant

    yield from _behaving(keep(request, "postgres", start))


def _behaving(plant: Plant) -> Iterator[Plant]:
    with plant.app.app_context():
        plant.tend()
        yield plant
        plant.sandbox.behave()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def plant(request: pytest.FixtureRequest) -> Plant:
    """The plant on each database in turn."""
    found: Plant = request.getfixturevalue(f"{request.param}_plant")
    return found


@pytest.fixture(params=SAMPLED)
def sampled_plant(request: pytest.FixtureRequest) -> Plant:
    """The same, on PostgreSQL in the matrix alone: for what processes and signals decide, and not the database."""
    found: Plant = request.getfixturevalue(f"{request.param}_plant")
    return found


@pytest.fixture(scope="module")
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis that tests of this file may kill, freeze and empty."""
    folder: Path = tmp_path_factory.mktemp("redis")
    with running_redis(folder) as server:
        yield server
