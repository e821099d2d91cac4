"""The whole system in processes of its own, as in production: web, worker, cron, Redis and a sandbox."""

from __future__ import annotations

import contextlib
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from sqlalchemy import literal, update

from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.core.settings import Settings
from portal.domain.accounts import Account, LoginSession, Role
from portal.domain.tenants import Tenant
from tests.support.bridge import Bridge, build_bridge
from tests.support.database import make_settings, running_app, settings_environment
from tests.support.factories import make_account
from tests.support.installed import Installed
from tests.support.sandbox import SandboxServer
from tests.support.services import RedisServer

_START_SECONDS = 120
COMMAND = Path(sys.executable).with_name("jobbruecke")
"""The command of the checkout, as the environment of the tests has it."""
FAST = {
    "JOBBRUECKE_POLL_SECONDS": "0.3",
    "JOBBRUECKE_POLL_LIMIT_SECONDS": "1",
    "JOBBRUECKE_TICK_SECONDS": "0.3",
    "JOBBRUECKE_SWEEP_SECONDS": "1",
}
"""Settings under which everything that waits waits shortly."""


@dataclass
class Running:
    """A running system: a caseworker, a supervisor and an administrator of tenant alpha may sign in, and support."""

    url: str
    settings: Settings
    sandbox: SandboxServer
    bridge: Bridge


@contextmanager
def running_system(folder: Path, database_url: str, redis: RedisServer, **more: str) -> Iterator[Running]:
    """Everything up, on a database that was empty; `bridge` adds people. `more` are settings of its processes."""
    with SandboxServer(folder, answer_delay=1) as sandbox, contextlib.ExitStack() as stack:
        settings = make_settings(
            database_url,
            folder,
            redis_url=redis.url,
            network_jobnetzwerk_url=sandbox.url,
            network_job4you_url=sandbox.url,
        )
        command = Installed(COMMAND, folder, settings_environment(settings) | FAST | more, is_forked=True)
        command.say("db", "upgrade")
        stack.enter_context(running_app(settings))
        bridge = _new_tenant(sandbox)
        port = free_port()
        for words in (["worker"], ["cron"], ["web", "--port", str(port), "--workers", "1"]):
            stack.enter_context(command.keep(words[0], *words))
        url = f"http://127.0.0.1:{port}"
        wait_for_pages(url, command)
        yield Running(url, settings, sandbox, bridge)


def retire_tenant(running: Running) -> None:
    """Give a running system a new tenant alpha and new accounts; what was there before goes by other names."""
    scope_to(EVERY_TENANT)
    old = str(running.bridge.tenant_id)
    db.session.execute(
        update(Tenant).where(Tenant.slug == "alpha").values(slug=f"alpha-{old}", name=f"Alpha {old}")
    )
    db.session.execute(update(Account).values(email=literal(f"{old}-") + Account.email))
    db.session.execute(update(LoginSession).values(ended_at=utcnow()))
    commit()
    running.bridge = _new_tenant(running.sandbox)


def _new_tenant(sandbox: SandboxServer) -> Bridge:
    bridge = build_bridge(sandbox)
    scope_to(EVERY_TENANT)
    for name, role in (
        ("caseworker", Role.CASEWORKER),
        ("supervisor", Role.SUPERVISOR),
        ("administrator", Role.ADMINISTRATOR),
    ):
        make_account(name, role, bridge.tenant_id)
    make_account("support", Role.SUPPORT, None)
    commit()
    scope_to(bridge.tenant_id)
    return bridge


def wait_for_pages(url: str, command: Installed) -> None:
    """Wait until somebody could sign in. Raises RuntimeError with what the processes said."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(f"{url}/sign-in", timeout=30).ok:
                return
        time.sleep(0.2)
    raise RuntimeError(f"the pages did not come up: {command.logs()}")


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
