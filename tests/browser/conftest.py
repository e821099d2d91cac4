"""A real Chromium before a system in real processes. Any console error, policy violation or failed request fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, sync_playwright

from tests.support.chromium import find_chromium
from tests.support.kept import keep
from tests.support.pages import PASSWORD
from tests.support.running import Running, retire_tenant, running_system
from tests.support.services import running_redis

FLAGS = [
    "--no-sandbox",  # tests may run as root in a container
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def _running_chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = find_chromium()
        own = playwright.chromium.executable_path
        if not found and not Path(own).exists():
            pytest.skip("there is no Chromium: install the package chromium, or name one in CHROMIUM")
        browser = playwright.chromium.launch(executable_path=found or own, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def chromium(request: pytest.FixtureRequest) -> Browser:
    """The system's Chromium, or Playwright's own; one for all tests of this folder."""
    return keep(request, "chromium", _running_chromium)


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Running:
    """Everything up, once for all tests of this folder; each file has a tenant and accounts of its own."""

    @contextmanager
    def start() -> Iterator[Running]:
        folder = tmp_path_factory.mktemp("system")
        url = f"sqlite:///{folder}/main.db"
        with running_redis(folder) as redis, running_system(folder, url, redis) as running:
            yield running

    running = keep(request, "system", start)
    retire_tenant(running)
    return running


class Visitor:
    """Somebody at a browser; what goes wrong there is kept, and fails the test at its end."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context, self.url = context, url
        self.page: Page = context.new_page()
        self.trouble: list[str] = []
        self.expected: set[int] = set()
        """Statuses of answers that are no trouble."""
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        self.page.on("response", self._see)

    def sign_in(self, name: str) -> Page:
        self.page.goto(f"{self.url}/sign-in")
        self.page.get_by_label("E-Mail").fill(f"{name}@example.org")
        self.page.get_by_label("Passwort").fill(PASSWORD)
        self.page.get_by_role("button", name="Anmelden").click()
        self.page.wait_for_url("**/participants")
        return self.page

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.trouble.append(f"console: {message.text}")

    def _see(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.trouble.append(f"{response.status} {response.url}")


@pytest.fixture
def visit(chromium: Browser, system: Running) -> Iterator[Callable[..., Visitor]]:
    """Open a browser of one's own; `options` as for Playwright's `new_context`."""
    visitors: list[Visitor] = []

    def open_browser(**options: Any) -> Visitor:
        visitor = Visitor(chromium.new_context(**options), system.url)
        visitors.append(visitor)
        return visitor

    yield open_browser
    trouble = [item for visitor in visitors for item in visitor.trouble]
    for visitor in visitors:
        visitor.context.close()
    assert trouble == []
