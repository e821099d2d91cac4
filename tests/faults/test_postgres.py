"""Rows about PostgreSQL while workers send: the server restarted, its backends killed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from portal.core.database import db
from tests.faults.two_tenants import plan
from tests.support.database import new_database
from tests.support.invariants import assert_done_once
from tests.support.processes import Plant, running_plant
from tests.support.services import PostgresServer, running_postgres, running_redis

pytestmark = [pytest.mark.postgres, pytest.mark.processes, pytest.mark.slow]


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A PostgreSQL that the test may end, and that forgets nothing by it."""
    with running_postgres(forgetful=False) as server:
        yield server


def test_postgresql_restarted_while_workers_send(own_server: PostgresServer, tmp_path: Path) -> None:
    """In the middle of a commit to the network, of planning, of answers; away for some seconds, twice."""
    with (
        running_redis(tmp_path) as redis,
        new_database(own_server.url) as url,
        running_plant(tmp_path, url, redis) as plant,
    ):
        bridges = [plant.tenant() for _ in range(6)]
        for bridge, call in zip(bridges, ("commitDelivery", "openDelivery", "putPart") * 2, strict=True):
            plant.sandbox.misbehave("delay", call, provider_id=bridge.provider, count=1, seconds=3)
            plan(bridge)
        plant.wait_until(lambda: any("commitDelivery" in plant.calls(bridge) for bridge in bridges))
        for _ in range(2):
            db.session.remove()
            db.engine.dispose()
            own_server.kill()
            threading.Event().wait(3)
            own_server.serve()
            threading.Event().wait(1)
        took = plant.wait_for_end(*bridges)
        print(f"\nPostgreSQL restarted twice: all done {took:.0f} s after it was back")
        for bridge in bridges:
            assert_done_once(bridge)


@pytest.mark.matrix
def test_postgresql_backends_killed_again_and_again_lose_nothing(postgres_plant: Plant) -> None:
    bridges = [postgres_plant.tenant() for _ in range(6)]
    for bridge in bridges:
        postgres_plant.sandbox.misbehave("delay", provider_id=bridge.provider, count=4, seconds=0.3)
        plan(bridge)
    postgres_plant.wait_until(lambda: any(postgres_plant.calls(bridge) for bridge in bridges))
    db.session.remove()
    admin = create_engine(db.engine.url, isolation_level="AUTOCOMMIT")
    kill = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    killed = 0
    with admin.connect() as connection:
        for _ in range(12):
            killed += connection.scalar(kill) or 0
            threading.Event().wait(0.5)
    admin.dispose()
    db.engine.dispose()
    assert killed > 3
    took = postgres_plant.wait_for_end(*bridges)
    print(f"\n{killed} connections cut: all done {took:.0f} s after the last")
    for bridge in bridges:
        assert_done_once(bridge)
