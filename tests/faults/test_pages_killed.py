"""Row: web process killed (`kill -9`) around the commit of a page, in a real server that somebody uses.

`test_each_step.py` has the same in forked processes; here the server starts another process by itself, and whoever
was using the page goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from portal.core.database import commit
from portal.core.migrating import upgrade
from tests.faults.conftest import SAMPLED, around
from tests.faults.write_actions import PAGES, Done
from tests.support import failpoints
from tests.support.bridge import Bridge, build_bridge
from tests.support.database import make_settings, new_database, running_app, settings_environment
from tests.support.installed import Installed
from tests.support.running import COMMAND, free_port, wait_for_pages
from tests.support.sandbox import SandboxServer
from tests.support.services import RedisServer
from tests.support.web_server import Visitor

pytestmark = [pytest.mark.processes, pytest.mark.slow]
SAMPLE = {
    ("releases.views.done", "after"),
    ("imports.views.upload", "before"),
    ("bulk.views.start", "before"),
}
"""In the ordinary run; the matrix has all."""


class Surfing:
    """A visitor, signed in, who sends forms of the page that was opened last."""

    def __init__(self, url: str, bridge: Bridge) -> None:
        self.visitor = Visitor(url, "192.0.2.1")
        self.path = "/"
        assert self.visitor.sign_in(f"supervisor-{bridge.tenant_id}").status_code == 303

    def get(self, path: str) -> None:
        self.path = path
        assert self.visitor.get(path).status_code == 200

    def submit(self, action: str, /, **values: Any) -> None:
        files = {name: (it[1], it[0]) for name, it in values.items() if isinstance(it, tuple)}
        words = {name: it for name, it in values.items() if name not in files}
        assert self.visitor.submit(self.path, action, files, **words).status_code == 303


@dataclass
class Server:
    """Pages of one process, which dies by plan and is replaced."""

    url: str
    plans: Path
    sandbox: SandboxServer
    tenants: int = 0

    def tenant(self) -> Bridge:
        self.tenants += 1
        return build_bridge(self.sandbox, slug=f"web-{self.tenants}")


@pytest.fixture(scope="module", params=SAMPLED)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer
) -> Iterator[Server]:
    """One of each database: a start costs seconds."""
    folder = tmp_path_factory.mktemp("web")
    url = f"sqlite:///{folder}/main.db"
    with ExitStack() as stack:
        if request.param == "postgres":
            url = stack.enter_context(new_database(request.getfixturevalue("postgres_server").url))
        sandbox = stack.enter_context(SandboxServer(folder, answer_delay=0))
        networks = {"network_jobnetzwerk_url": sandbox.url, "network_job4you_url": sandbox.url}
        settings = make_settings(url, folder, redis_url=redis_server.url, trusted_proxies=1, **networks)
        plans = folder / "plans"
        plans.mkdir()
        more = {"JOBBRUECKE_TRUSTED_PROXIES": "1"} | failpoints.environment(plans)
        command = Installed(COMMAND, folder, settings_environment(settings) | more, is_forked=True)
        port = free_port()
        stack.enter_context(running_app(settings))
        upgrade()
        stack.enter_context(command.keep("web", "web", "--port", str(port), "--workers", "1"))
        found = Server(f"http://127.0.0.1:{port}", plans, sandbox)
        wait_for_pages(found.url, command)
        yield found


def seen(is_done: Done) -> bool:
    found = bool(is_done())
    commit()  # the server wants to write
    return found


@pytest.mark.parametrize(("step", "side"), around(PAGES, SAMPLE))
def test_what_was_sent_by_a_page_is_done_or_not_and_can_be_sent_again(
    server: Server, step: str, side: str
) -> None:
    bridge = server.tenant()
    use, is_done = PAGES[step](bridge)
    (server.plans / str(bridge.tenant_id)).write_text(f"{step}.{side} 1")
    surfer = Surfing(server.url, bridge)
    with pytest.raises(requests.ConnectionError):
        use(surfer)
    assert (server.plans / f"{bridge.tenant_id}.died").read_text() == f"{step}.{side}"
    assert seen(is_done) is (side == "after")
    surfer.get(surfer.path)  # still signed in, and somebody answers
    if side == "before":
        use(surfer)
        assert seen(is_done)
