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
from tests.support.database import make_settings, running_app
from tests.support.services import RedisServer
from tests.support.workers import OwnProcess, is_alive, kill, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.slow]
NOBODYS = 4711
"""No delivery has this row: its job is over at once."""


class Impatient(OwnProcess):
    """The worker of `tests.worker.impatient`."""

    def do(self, redis: RedisServer) -> int:
        """Give it a job and wait until it was taken; the process that was there before."""
        (before,) = self.children
        with redis.client() as client:
            queue = Queue(QUEUE, connection=client, serializer=JSONSerializer)
            queue.enqueue(function_of(Delivery), NOBODYS, result_ttl=0)
            wait_until(lambda: not queue.count)
        return before

    def wait_for_another(self, before: int) -> None:
        """Wait until another process has taken the place of this one."""
        wait_until(lambda: self.children not in ([], [before]))


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    folder = tmp_path / "plans"
    folder.mkdir()
    return folder


@pytest.fixture
def impatient(redis_server: RedisServer, tmp_path: Path, plans: Path) -> Iterator[Impatient]:
    redis_server.flush()
    settings = make_settings(f"sqlite:///{tmp_path / 'own.db'}", tmp_path, redis_url=redis_server.url)
    with running_app(settings):
        upgrade()
    more = failpoints.environment(plans)
    with Impatient("worker", settings, tmp_path, more, "tests.worker.impatient:main") as worker:
        wait_until(lambda: worker.children)
        yield worker


def test_one_process_does_many_jobs_and_then_another_goes_on(
    impatient: Impatient, redis_server: RedisServer
) -> None:
    first = impatient.do(redis_server)
    assert impatient.children == [first], "it stays"
    assert impatient.do(redis_server) == first
    impatient.wait_for_another(first)
    assert impatient.do(redis_server) != first


def test_a_process_that_dies_is_replaced(impatient: Impatient, redis_server: RedisServer) -> None:
    (first,) = impatient.children
    kill(first)
    impatient.wait_for_another(first)
    assert impatient.do(redis_server) != first


def test_a_job_that_hangs_past_its_limit_is_killed(
    impatient: Impatient, redis_server: RedisServer, plans: Path
) -> None:
    (plans / "every").write_text("deliveries.jobs.run_delivery.after 1 stop")
    first = impatient.do(redis_server)
    impatient.wait_for_another(first)
    shutil.rmtree(plans)
    plans.mkdir()
    assert impatient.do(redis_server) != first


def test_a_process_whose_worker_is_gone_ends(impatient: Impatient) -> None:
    (child,) = impatient.children
    impatient.kill_alone()
    wait_until(lambda: not is_alive(child))
