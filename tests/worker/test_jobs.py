"""Real workers, crons and a real Redis, killed and emptied in the middle: everything is done, and done once."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import socket
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import func, select, text

from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.core.migrating import upgrade
from portal.core.queue import QUEUE
from portal.core.settings import Settings
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryProblem, DeliveryState, Trigger
from portal.domain.releases import Event
from portal.domain.rules.status import Status
from portal.domain.tenants import Heartbeat
from tests.support.bridge import Bridge, build_bridge
from tests.support.database import make_settings, running_app
from tests.support.sandbox import SandboxServer
from tests.support.services import RedisServer
from tests.support.workers import OwnProcess, is_alive, kill, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.slow]
SECRET = "Geheim-4711"
CALLS = ["openDelivery", "putPart", "commitDelivery", "readAcknowledgements"]


@dataclass
class Factory:
    """A worker and two crons at work; each test has tenants of its own."""

    settings: Settings
    sandbox: SandboxServer
    redis: RedisServer
    folder: Path
    tenants: int = 0

    def __post_init__(self) -> None:
        self.start_worker()

    def tenant(self, **provider: object) -> Bridge:
        """A tenant that has released person 1."""
        self.tenants += 1
        bridge = build_bridge(self.sandbox, slug=f"tenant-{self.tenants}", **provider)
        bridge.person("1")
        bridge.release("1")
        return bridge

    def start_worker(self) -> None:
        """Start another worker; that there is one no more is the test's affair."""
        self.worker = OwnProcess("worker", self.settings, self.folder)

    def said(self) -> str:
        """All that processes have logged."""
        return "".join(path.read_text() for path in self.folder.glob("*.log"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer) -> Iterator[Factory]:
    redis_server.flush()
    folder = tmp_path_factory.mktemp("factory")
    with SandboxServer(folder) as sandbox:
        urls = {"network_jobnetzwerk_url": sandbox.url, "network_job4you_url": sandbox.url}
        settings = make_settings(f"sqlite:///{folder}/main.db", folder, redis_url=redis_server.url, **urls)
        with running_app(settings):
            upgrade()
            with OwnProcess("cron", settings, folder), OwnProcess("cron", settings, folder):
                factory = Factory(settings, sandbox, redis_server, folder)
                yield factory
                factory.worker.kill()


@pytest.fixture
def factory(running: Factory) -> Iterator[Factory]:
    """The factory, with the network behaving before and after."""
    yield running
    running.sandbox.behave()


def is_in(delivery: Delivery, state: DeliveryState) -> bool:
    scope_to(EVERY_TENANT)
    found = db.session.get_one(Delivery, delivery.id, populate_existing=True).state
    commit()
    return found is state


def finish_once(bridge: Bridge, delivery: Delivery) -> None:
    """Wait for the end of it; the network was told once, and so was everybody."""
    wait_until(lambda: is_in(delivery, DeliveryState.COMPLETE))
    scope_to(bridge.tenant_id)
    assert bridge.status("1") is Status.ONLINE
    assert bridge.events("1") == [Event.RELEASED, Event.SENT, Event.ANSWERED_ACTIVE]
    commit()
    assert [it["state"] for it in bridge.sandbox.deliveries(bridge.provider)] == ["complete"]


@pytest.mark.parametrize(
    "call",
    [pytest.param(call, marks=() if call == "commitDelivery" else pytest.mark.thorough) for call in CALLS],
)
def test_a_job_killed_in_a_call_is_resumed_and_counts_once(factory: Factory, call: str) -> None:
    bridge = factory.tenant()
    factory.sandbox.misbehave("delay", call, provider_id=bridge.provider, count=1, seconds=1)
    delivery = bridge.plan()
    bridge.wait_for_call(call)
    (job,) = factory.worker.children
    kill(job)
    finish_once(bridge, delivery)


def test_a_worker_killed_with_its_job_leaves_nothing_undone(factory: Factory) -> None:
    bridge = factory.tenant()
    factory.sandbox.misbehave("delay", "commitDelivery", provider_id=bridge.provider, count=1, seconds=1)
    delivery = bridge.plan()
    bridge.wait_for_call("commitDelivery")
    factory.worker.kill()
    factory.start_worker()
    finish_once(bridge, delivery)


def test_a_job_that_outlives_its_worker_and_a_second_worker_do_it_once(factory: Factory) -> None:
    """The second takes over when the lease has run out; the first wakes up later, and writes nothing."""
    bridge = factory.tenant()
    factory.sandbox.misbehave("delay", "commitDelivery", provider_id=bridge.provider, count=1, seconds=12)
    delivery = bridge.plan()
    bridge.wait_for_call("commitDelivery")
    (job,) = factory.worker.children
    factory.worker.kill_alone()
    factory.start_worker()
    finish_once(bridge, delivery)
    assert is_alive(job), "the test came too late"
    wait_until(lambda: not is_alive(job))
    finish_once(bridge, delivery)


@pytest.mark.thorough
def test_an_emptied_redis_loses_nothing(factory: Factory) -> None:
    """Emptied before the worker has seen a job, and once more while it works on the first."""
    bridges = [factory.tenant() for _ in range(6)]
    factory.worker.kill()
    for bridge in bridges:
        factory.sandbox.misbehave("delay", "openDelivery", provider_id=bridge.provider, count=1, seconds=0.5)
        scope_to(bridge.tenant_id)
        bridge.plan()
    factory.redis.flush()
    factory.start_worker()
    wait_until(lambda: any(factory.sandbox.requests_seen(it.provider) for it in bridges))
    factory.redis.flush()
    for bridge in bridges:
        scope_to(bridge.tenant_id)
        finish_once(bridge, bridge.newest())


def test_a_worker_forks_jobs_while_no_thread_of_ours_runs(factory: Factory) -> None:
    """A job would wait for ever for what another thread held when it was forked; RQ's own listens to Redis."""
    wait_until(lambda: f"worker:{socket.gethostname()}:{factory.worker.pid}" in beating())
    said = Path(f"/proc/{factory.worker.pid}/status").read_text()
    (threads,) = (line.split()[1] for line in said.splitlines() if line.startswith("Threads:"))
    assert int(threads) <= 2


def beating() -> set[str]:
    found = set(db.session.scalars(select(Heartbeat.name)))
    commit()
    return found


@pytest.mark.thorough
def test_two_crons_plan_each_night_once(factory: Factory) -> None:
    bridges = [factory.tenant() for _ in range(6)]
    scope_to(EVERY_TENANT)
    for bridge in bridges:
        bridge.tenant.next_transfer_at = utcnow() + dt.timedelta(seconds=1)
    commit()
    numbers = {bridge.tenant_id for bridge in bridges}
    query = select(func.count()).where(
        Delivery.cause == Trigger.NIGHTLY,
        Delivery.state == DeliveryState.COMPLETE,
        Delivery.tenant_id.in_(numbers),
    )

    def all_done() -> bool:
        scope_to(EVERY_TENANT)
        found = db.session.scalar(query)
        commit()
        return found == len(bridges)

    wait_until(all_done)
    for bridge in bridges:
        scope_to(bridge.tenant_id)
        assert (bridge.newest().sequence, bridge.status("1")) == (1, Status.ONLINE)


def test_a_worker_runs_nothing_but_what_is_on_its_list(factory: Factory) -> None:
    """Whatever is pushed into Redis: other functions, other arguments, pickled bytes. It goes on working."""
    evil = factory.folder / "evil"
    with factory.redis.client() as client:
        push(client, "os.mkdir", str(evil))
        push(client, "worker.jobs.run_delivery", "1")
        push(client, "worker.jobs.run_delivery", 1, delivery_id=1)
        name = push(client, "worker.jobs.run_delivery", 1)
        client.hset(f"rq:job:{name}", "data", f"\x80\x04cposix\nmkdir\n(V{evil}\ntR.")
    bridge = factory.tenant()
    delivery = bridge.plan()
    finish_once(bridge, delivery)
    assert not evil.exists()


def push(client: Redis, function: str, *arguments: object, **named: object) -> str:
    queue = Queue(QUEUE, connection=client, serializer=JSONSerializer)
    return queue.enqueue(function, *arguments, **named).id  # type: ignore[no-any-return]


@pytest.mark.thorough
def test_what_kills_its_job_every_time_is_held_and_says_nothing_personal(factory: Factory) -> None:
    """A database's error repeats the values of the statement: here the name that the network gives."""
    bridge, other = factory.tenant(name=SECRET), factory.tenant()
    db.session.execute(
        text(
            "CREATE TRIGGER broken BEFORE UPDATE ON connection"
            f" WHEN new.network_name = '{SECRET}' BEGIN SELECT RAISE(ABORT, 'broken'); END"
        )
    )
    commit()
    scope_to(bridge.tenant_id)
    delivery = bridge.plan()
    scope_to(other.tenant_id)
    finish_once(other, other.plan())
    wait_until(lambda: is_in(delivery, DeliveryState.HELD))
    scope_to(bridge.tenant_id)
    assert bridge.again(delivery).problem is DeliveryProblem.CRASHED
    assert '"error": "sqlalchemy.exc.IntegrityError"' in factory.said()
    assert SECRET not in factory.said()
    left = left_in_redis(factory)
    assert f'"worker.jobs.run_delivery", null, [{delivery.id}]' in left
    assert SECRET not in left


def left_in_redis(factory: Factory) -> str:
    """The names of all keys, and what RQ keeps of jobs and their ends, unpacked."""
    found: list[bytes] = []
    with factory.redis.client() as client:
        for key in client.scan_iter("*"):
            found.append(key)
            if client.type(key) == b"hash":
                found += client.hgetall(key).values()
            if client.type(key) == b"stream":
                found += [value for _, entry in client.xrange(key) for value in entry.values()]
    return repr([unpacked(value) for value in found])


def unpacked(value: bytes) -> bytes:
    for decode in (bytes, base64.b64decode):
        with suppress(zlib.error, binascii.Error):
            return zlib.decompress(decode(value))
    return value


def test_nothing_personal_was_left_in_redis_or_the_logs(factory: Factory) -> None:
    """After all of the above, and whatever else was done meanwhile."""
    bridge = factory.tenant()
    finish_once(bridge, bridge.plan())
    left, said = left_in_redis(factory), factory.said()
    for name in ("Erika", "Muster", "person@example.org"):
        assert name not in said
        assert name not in left
