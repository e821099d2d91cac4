"""Workers, a cron, Redis, a sandbox: all in processes of their own, which tests kill, stop and start again.

Whoever dies is started again by `tend`, as a service manager would. Each test has tenants of its own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from portal.core.database import EVERY_TENANT, commit, db, reading, scope_to
from portal.core.migrating import upgrade
from portal.core.settings import Settings
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import ENDED, DeliveryState
from tests.support import failpoints
from tests.support.bridge import Bridge, build_bridge
from tests.support.database import make_settings, running_app
from tests.support.sandbox import SandboxServer
from tests.support.services import RedisServer
from tests.support.workers import OwnProcess

PATIENCE = 90
"""Seconds within which everything is finished after the last fault; machines may be busy."""


@dataclass
class Plant:
    """The processes, and where their plans of death lie."""

    app: Flask
    settings: Settings
    sandbox: SandboxServer
    redis: RedisServer
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    running: list[OwnProcess] = field(default_factory=list)
    tenants: int = 0
    restarts: int = 0

    @property
    def plans(self) -> Path:
        return self.folder / "plans"

    @property
    def workers(self) -> list[OwnProcess]:
        return [it for it in self.running if it.word == "worker"]

    def start(self, word: str) -> OwnProcess:
        """Start a worker or a cron."""
        more = failpoints.environment(self.plans) | dict(self.environment)
        process = OwnProcess(word, self.settings, self.folder, more)
        self.running.append(process)
        return process

    def tend(self) -> None:
        """Start again whoever has died."""
        for process in [it for it in self.running if not it.is_running]:
            self.running.remove(process)
            self.start(process.word)
            self.restarts += 1

    def stop(self) -> None:
        for process in self.running:
            process.kill()
        self.running.clear()

    def tenant(self, *people: str, **provider: Any) -> Bridge:
        """A tenant that has released these people, or person 1."""
        self.tenants += 1
        bridge = build_bridge(self.sandbox, slug=f"plant-{self.tenants}", **provider)
        for number in people or ("1",):
            bridge.person(number)
        bridge.release(*(people or ("1",)))
        return bridge

    def let_die(self, bridge: Bridge | None, plan: str) -> None:
        """Have a process die where it comes to this failpoint of the tenant, or of nobody's (see failpoints)."""
        name = str(bridge.tenant_id) if bridge else "every"
        (self.plans / name).write_text(plan)

    def reached(self, bridge: Bridge) -> list[str]:
        """The failpoints that were reached for a tenant, in order."""
        path = self.plans / f"{bridge.tenant_id}.trace"
        return path.read_text().split() if path.exists() else []

    def died(self, bridge: Bridge) -> str | None:
        """The failpoint where somebody died of the tenant's plan; None where nobody did."""
        path = self.plans / f"{bridge.tenant_id}.died"
        return path.read_text() if path.exists() else None

    def wait_until(self, condition: Callable[[], object], seconds: float = PATIENCE) -> float:
        """Wait until it holds, starting again whoever dies; how many seconds it took."""
        started = time.monotonic()
        while not condition():
            assert time.monotonic() - started < seconds, f"it does not come to that:\n{self.said()[-3000:]}"
            self.tend()
            time.sleep(0.1)
        return time.monotonic() - started

    def wait_for_call(self, bridge: Bridge, call: str) -> None:
        """Wait until the network has been called for a tenant, answered or not."""
        self.wait_until(lambda: call in self.calls(bridge))

    def calls(self, bridge: Bridge) -> list[str]:
        """What the network has been called for a tenant, in order."""
        return [it["operation"] for it in self.sandbox.requests_seen(bridge.provider)]

    def wait_for_end(self, *bridges: Bridge, seconds: float = PATIENCE) -> float:
        """Wait until every delivery of these tenants is finished; how many seconds it took."""
        numbers = [bridge.tenant_id for bridge in bridges]
        return self.wait_until(lambda: not open_deliveries(numbers), seconds)

    def wait_for_many(self, bridges: Iterable[Bridge]) -> None:
        """The same of many tenants, which take as long as the machine does: never 90 s without one going on."""
        numbers = [bridge.tenant_id for bridge in bridges]
        left = open_deliveries(numbers)

        def went_on() -> bool:
            nonlocal left
            before, left = left, open_deliveries(numbers)
            return left != before

        while left:
            self.wait_until(went_on)

    def said(self) -> str:
        """All that the processes have logged."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))


def open_deliveries(tenant_ids: Iterable[int]) -> dict[int, DeliveryState]:
    """Deliveries that have not ended, or have something left to do, by row; and those that nobody planned yet."""
    scope_to(EVERY_TENANT)
    with reading():
        rows = db.session.execute(
            select(Delivery.id, Delivery.state, Delivery.next_step_at).where(
                Delivery.tenant_id.in_(list(tenant_ids))
            )
        ).all()
        commit()
    return {row.id: row.state for row in rows if row.state not in ENDED or row.next_step_at is not None}


@contextlib.contextmanager
def running_plant(
    folder: Path,
    database_url: str,
    redis: RedisServer,
    *,
    workers: int = 2,
    crons: int = 1,
    **environment: str,
) -> Iterator[Plant]:
    """A plant at work on a database without tables; the test runs in the application's context."""
    redis.flush()
    (folder / "plans").mkdir()
    with SandboxServer(folder) as sandbox:
        urls = {"network_jobnetzwerk_url": sandbox.url, "network_job4you_url": sandbox.url}
        settings = make_settings(database_url, folder, redis_url=redis.url, **urls)
        with running_app(settings) as app:
            upgrade()
            plant = Plant(app, settings, sandbox, redis, folder, environment)
            try:
                for _ in range(workers):
                    plant.start("worker")
                for _ in range(crons):
                    plant.start("cron")
                yield plant
            finally:
                plant.stop()


def freeze(pid: int) -> None:
    """Stop a process, as a suspended machine does."""
    os.kill(pid, signal.SIGSTOP)


def thaw(pid: int) -> None:
    """Let a stopped process go on; it may have been killed meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
