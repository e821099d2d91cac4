"""Rows about Redis: emptied, gone, hanging, read-only, full, away across the end of a job.

What pages say and how quickly they answer meanwhile is held by `tests/web/test_without_redis.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.faults.two_tenants import plan
from tests.support.invariants import assert_done_once
from tests.support.processes import Plant, running_plant
from tests.support.services import RedisServer

pytestmark = [pytest.mark.processes, pytest.mark.slow]


@pytest.fixture(scope="module")
def _plant(own_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    folder = tmp_path_factory.mktemp("plant")
    with running_plant(folder, f"sqlite:///{folder}/main.db", own_redis) as plant:
        yield plant


@pytest.fixture
def plant(_plant: Plant) -> Iterator[Plant]:
    """A plant whose Redis the test may do anything to."""
    with _plant.app.app_context():
        _plant.tend()
        yield _plant
        _plant.sandbox.behave()


def read_only(server: RedisServer) -> None:
    with server.client() as client:
        client.execute_command("REPLICAOF", "127.0.0.1", "1")


def full(server: RedisServer) -> None:
    with server.client() as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1")


def well_again(server: RedisServer) -> None:
    with server.client() as client:
        client.execute_command("REPLICAOF", "NO", "ONE")
        client.config_set("maxmemory", "0")


def nothing(_: RedisServer) -> None:
    """An emptied Redis works."""


TROUBLES: dict[str, tuple[Callable[[RedisServer], None], Callable[[RedisServer], None]]] = {
    "emptied": (RedisServer.flush, nothing),
    "gone": (RedisServer.kill, RedisServer.start),
    "hanging": (RedisServer.freeze, RedisServer.thaw),
    "read-only": (read_only, well_again),
    "full": (full, well_again),
}


@pytest.mark.parametrize(
    "trouble",
    [pytest.param(name, marks=() if name == "gone" else pytest.mark.thorough) for name in TROUBLES],
)
def test_redis_in_trouble_across_the_end_of_a_job(plant: Plant, trouble: str) -> None:
    """A job is running when it begins, and ends in it; others are released and planned meanwhile.

    How long those wait at most is held by tests/web/test_without_redis.py, which counts what is asked.
    """
    begin, end = TROUBLES[trouble]
    running = plant.tenant()
    plant.sandbox.misbehave("delay", "openDelivery", provider_id=running.provider, count=1, seconds=1.5)
    later = [plant.tenant() for _ in range(3)]
    plan(running)
    plant.wait_for_call(running, "openDelivery")
    begin(plant.redis)
    for bridge in later:
        plan(bridge)
    plant.wait_until(lambda: "commitDelivery" in plant.calls(running))
    for _ in range(20):
        plant.tend()
        time.sleep(0.1)
    end(plant.redis)
    took = plant.wait_for_end(running, *later)
    print(f"\nRedis {trouble}: all done {took:.0f} s after its end")
    for bridge in (running, *later):
        assert_done_once(bridge)


@pytest.mark.parametrize("number", [12, pytest.param(500, marks=pytest.mark.matrix)])
def test_redis_emptied_with_many_deliveries_due(plant: Plant, number: int) -> None:
    bridges = [plant.tenant() for _ in range(number)]
    for bridge in bridges:
        plan(bridge)
    plant.redis.flush()
    plant.wait_until(lambda: any(plant.calls(bridge) for bridge in bridges[:20]))
    plant.redis.flush()
    plant.wait_for_many(bridges)
    for bridge in bridges:
        assert_done_once(bridge)
