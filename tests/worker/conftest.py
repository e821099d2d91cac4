"""A bridge with a real queue behind it, whose jobs the test runs itself, at whatever time it has travelled to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from portal.core.database import scope_to
from portal.core.queue import QUEUE, function_of
from portal.deliveries import attempts
from portal.deliveries import jobs as steps
from portal.domain.deliveries import Delivery
from portal.domain.tenants import Connection
from tests.support.bridge import Bridge, build_bridge
from tests.support.database import make_settings, running_app
from tests.support.sandbox import SandboxServer
from tests.support.services import RedisServer
from worker import schedule

_JOBS: dict[str, Callable[[int], None]] = {
    function_of(Delivery): steps.run_delivery,
    function_of(Connection): attempts.probe,
}


@dataclass
class Night:
    """Two tenants at one network, and a worker that works when it is told to."""

    alpha: Bridge
    beta: Bridge
    redis: RedisServer

    def waiting(self) -> list[tuple[str, int]]:
        """The jobs in the queue, which is empty then."""
        with self.redis.client() as client:
            jobs = Queue(QUEUE, connection=client, serializer=JSONSerializer).jobs
            client.flushall()
        return [(job.func_name, *job.args) for job in jobs]

    def work(self, rounds: int = 50) -> list[tuple[str, int]]:
        """Tick, and run what is in the queue, until a tick finds nothing; the jobs in their order."""
        done = []
        for _ in range(rounds):
            schedule.tick()
            found = self.waiting()
            if not found:
                scope_to(self.alpha.tenant_id)
                return done
            for job, row in found:
                _JOBS[job](row)
            done += found
        raise AssertionError("there is always something due")

    def sweep(self) -> list[tuple[str, int]]:
        """Sweep, and then work."""
        schedule.sweep()
        return self.work()


@pytest.fixture
def night(
    database_url: str, tmp_path: Path, sandbox: SandboxServer, redis_server: RedisServer
) -> Iterator[Night]:
    """Tenants alpha and beta; pauses are those of production."""
    redis_server.flush()
    urls = {"network_jobnetzwerk_url": sandbox.url, "network_job4you_url": sandbox.url}
    with running_app(make_settings(database_url, tmp_path, redis_url=redis_server.url, **urls)):
        alpha, beta = (build_bridge(sandbox, slug=slug) for slug in ("alpha", "beta"))
        scope_to(alpha.tenant_id)
        yield Night(alpha, beta, redis_server)
