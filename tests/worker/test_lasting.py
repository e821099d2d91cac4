"""A worker's process does job after job, and is replaced when it has done many, hangs, or died."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from portal.core.migrating import upgrade
from portal.core.queue import QUEUE, function_of
from portal.domain.deliveries import Delivery
from tests.support import failpoints
from tests.support.database import make_settings, running_app, settings_environment
from tests.support.forked import Forked, start
from tests.support.services import RedisServer
from tests.support.workers import is_alive, kill, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.slow]
NOBODYS = 4711
"""No delivery has this row: its job is over at once."""


class Impatient:
    """The worker of `tests.worker.impatient`."""

    def __init__(self, process: Forked, redis: RedisServer) -> None:
        self.process, self._redis = process, redis
        wait_until(self.children)

    def children(self) -> list[int]:
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(number) for number in path.read_text().split()]

    def do(self) -> int:
        """Give it a job and wait until it was taken; the process that was there before."""
        (before,) = self.children()
        with self._redis.client() as client:
            queue = Queue(QUEUE, connection=client, serializer=JSONSerializer)
            queue.enqueue(function_of(Delivery), NOBODYS, result_ttl=0)
            wait_until(lambda: not queue.count)
        return before


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    folder = tmp_path / "plans"
    folder.mkdir()
    return folder


@pytest.fixture
def impatient(sqlite_url: str, redis_server: RedisServer, tmp_path: Path, plans: Path) -> Iterator[Impatient]:
    redis_server.flush()
    settings = make_settings(f"sqlite:///{tmp_path / 'own.db'}", tmp_path, redis_url=redis_server.url)
    with running_app(settings):
        upgrade()
    environment = settings_environment(settings) | failpoints.environment(plans)
    with (tmp_path / "worker.log").open("ab") as log:
        process = start(
            "tests.worker.impatient:main", ["worker"], env=environment, stdout=log, new_session=True
        )
    worker = Impatient(process, redis_server)
    yield worker
    children = worker.children() if process.poll() is None else []
    process.kill()
    for child in children:
        kill(child)


def test_one_process_does_many_jobs_and_then_another_goes_on(impatient: Impatient) -> None:
    first = impatient.do()
    assert impatient.children() == [first], "it stays"
    assert impatient.do() == first
    wait_until(lambda: impatient.children() not in ([], [first]))
    assert impatient.do() != first


def test_a_process_that_dies_is_replaced(impatient: Impatient) -> None:
    (first,) = impatient.children()
    kill(first)
    wait_until(lambda: impatient.children() not in ([], [first]))
    assert impatient.do() != first


def test_a_job_that_hangs_past_its_limit_is_killed(impatient: Impatient, plans: Path) -> None:
    (plans / "every").write_text("deliveries.jobs.run_delivery.after 1 stop")
    first = impatient.do()
    wait_until(lambda: impatient.children() not in ([], [first]))
    shutil.rmtree(plans)
    plans.mkdir()
    assert impatient.do() != first


def test_a_process_whose_worker_is_gone_ends(impatient: Impatient) -> None:
    (child,) = impatient.children()
    impatient.process.kill()
    wait_until(lambda: not is_alive(child))
