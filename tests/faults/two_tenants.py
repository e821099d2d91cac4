"""Two tenants, a network that a test may break, and a worker that works when it is told to, at travelled time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import time_machine

from portal.core.crypto import current_keyring
from portal.core.database import commit, current_scope, scope_to
from portal.domain.deliveries import Delivery
from portal.domain.tenants import token_place
from portal.networks.registry import Network
from tests.faults.network_faults import Trouble
from tests.support import failpoints
from tests.support.bridge import Bridge, build_bridge
from tests.support.database import make_settings, running_app
from tests.support.proxy import Middle
from tests.support.rude_server import tls_context
from tests.support.sandbox import SandboxServer
from tests.support.services import RedisServer
from tests.worker.conftest import Night


@dataclass
class Stand:
    """A tenant whose network misbehaves, another one at the same network, and a worker that works when told to."""

    victim: Bridge
    other: Bridge
    middle: Middle
    night: Night

    def release(self, *numbers: str) -> None:
        """These people of both tenants, or person 1."""
        for bridge in (self.victim, self.other):
            scope_to(bridge.tenant_id)
            for number in numbers or "1":
                bridge.person(number)
            bridge.release(*(numbers or "1"))

    @contextmanager
    def misbehaving(self, trouble: Trouble, call: str, *, taken_in: bool) -> Iterator[None]:
        """Whenever the victim makes this call; where nobody can call at all, from its first one on."""
        if trouble.manners is not None:
            manners = trouble.manners(self.middle)
            self.middle.misbehave(token_of(self.victim), call, manners, taken_in=taken_in)

        def happen(point: str) -> None:
            if point == f"call.{call}.before" and current_scope() == self.victim.tenant_id and not begun:
                begun.append(point)
                assert trouble.before is not None
                trouble.before(self.middle)

        begun: list[str] = []
        with failpoints.armed(happen) if trouble.before else nullcontext():
            yield
        self.middle.behave()

    def pass_time(self, clock: time_machine.Traveller, *steps: int) -> None:
        """So many seconds, after each of which the worker does what is due."""
        for seconds in steps:
            clock.shift(seconds)
            self.night.work()
        scope_to(self.victim.tenant_id)


def token_of(bridge: Bridge) -> str:
    scope_to(bridge.tenant_id)
    connection = bridge.connection
    assert connection.token_encrypted is not None
    token = current_keyring().decrypt(connection.token_encrypted, token_place(connection.id)).decode()
    commit()
    return token


@contextmanager
def standing(
    url: str,
    folder: Path,
    sandbox: SandboxServer,
    redis: RedisServer,
    *,
    apart: bool = False,
    certificate: Path | None = None,
) -> Iterator[Stand]:
    """Everything at work; answers have half a second. `apart` has the other tenant at the other network.

    With a certificate the network speaks TLS.
    """
    redis.flush()
    with Middle(sandbox, tls_context(certificate) if certificate else None) as middle:
        address = middle.server.url
        settings = make_settings(
            url,
            folder,
            redis_url=redis.url,
            network_jobnetzwerk_url=address,
            network_job4you_url=sandbox.url,
            network_read_seconds=0.5,
            network_ca_file=str(certificate) if certificate else None,
        )
        with running_app(settings):
            victim = build_bridge(sandbox, slug="alpha")
            other = build_bridge(sandbox, Network.JOB4YOU if apart else Network.JOBNETZWERK, slug="beta")
            scope_to(victim.tenant_id)
            yield Stand(victim, other, middle, Night(victim, other, redis))


def plan(bridge: Bridge) -> Delivery:
    scope_to(bridge.tenant_id)
    return bridge.plan()
