"""The whole system in processes of its own, as in production: web, worker, cron, Redis and a sandbox."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from portal import ROOT
from portal.accounts.models import Role
from portal.database import EVERY_TENANT, commit, scope_to
from portal.settings import Settings
from tests.support.bridge import Bridge, build_bridge
from tests.support.database import make_settings, running_app, settings_environment
from tests.support.house import make_account
from tests.support.sandbox import SandboxServer
from tests.support.services import RedisServer

_START_SECONDS = 40
_STOP_SECONDS = 20
FAST = {
    "JOBBRUECKE_POLL_SECONDS": "0.3",
    "JOBBRUECKE_POLL_LIMIT_SECONDS": "1",
    "JOBBRUECKE_TICK_SECONDS": "0.3",
    "JOBBRUECKE_SWEEP_SECONDS": "1",
}
"""Settings under which everything that waits waits shortly."""


@dataclass
class Running:
    """A running system: a caseworker, a supervisor and a colleague of tenant alpha may sign in."""

    url: str
    settings: Settings
    sandbox: SandboxServer
    bridge: Bridge


@contextmanager
def running_system(folder: Path, database_url: str, redis: RedisServer) -> Iterator[Running]:
    """Everything up, on a database that was empty; `bridge` adds people."""
    with SandboxServer(folder, answer_delay=1) as sandbox, contextlib.ExitStack() as stack:
        settings = make_settings(
            database_url,
            folder,
            redis_url=redis.url,
            network_jobnetzwerk_url=sandbox.url,
            network_job4you_url=sandbox.url,
        )
        subprocess.run(_command(["db", "upgrade"]), cwd=ROOT, env=settings_environment(settings), check=True)
        stack.enter_context(running_app(settings))
        bridge = build_bridge(sandbox)
        scope_to(EVERY_TENANT)
        for name, role in (("caseworker", Role.CASEWORKER), ("supervisor", Role.SUPERVISOR)):
            make_account(name, role, bridge.tenant_id)
        commit()
        scope_to(bridge.tenant_id)
        port = free_port()
        for words in (["worker"], ["cron"], ["web", "--port", str(port), "--workers", "1"]):
            stack.enter_context(_process(words, settings_environment(settings) | FAST, folder))
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, folder)
        yield Running(url, settings, sandbox, bridge)


@contextmanager
def _process(words: list[str], environment: Mapping[str, str], folder: Path) -> Iterator[None]:
    """`jobbruecke WORDS`, until the end of the block; what it said stands in `folder`."""
    with (folder / f"{words[0]}.log").open("wb") as log:
        process = subprocess.Popen(
            _command(words), cwd=ROOT, env=dict(environment), stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):  # children that did not hear it
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(_STOP_SECONDS)


def _command(words: list[str]) -> list[str]:
    return [str(Path(sys.executable).with_name("jobbruecke")), *words]


def _wait_for(url: str, folder: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(f"{url}/sign-in", timeout=5).ok:
                return
        time.sleep(0.2)
    said = "\n".join(path.read_text(errors="replace")[-2000:] for path in folder.glob("*.log"))
    raise RuntimeError(f"the pages did not come up: {said}")


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
