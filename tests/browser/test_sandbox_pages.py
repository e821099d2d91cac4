"""The sandbox's pages in a real Chromium, which sends other headers with a form than a test client does."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.sandbox import SandboxServer

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def test_forms_work_and_nothing_breaks_the_content_policy(chromium: Browser, tmp_path: Path) -> None:
    with SandboxServer(tmp_path) as server, chromium.new_context() as context:
        server.create_provider("jobnetzwerk", "demo", name="Bildungswerk Süd", mediators_known=False)
        page, trouble = context.new_page(), []
        page.on("console", lambda message: trouble.append(message.text))
        page.goto(server.url)
        page.get_by_role("link", name="Bildungswerk Süd").click()
        page.get_by_role("link", name="Vermittler/innen").click()
        page.get_by_label("Vermittler-ID").fill("M1")
        page.get_by_role("button", name="Vermittler anlegen").click()
        assert "M1" in page.get_by_role("row", name="bekannt").inner_text()
        page.get_by_role("link", name="Störungen").click()
        page.get_by_role("button", name="Regel anlegen").click()
        page.get_by_role("button", name="Regel 1 beenden").click()
        assert "Zurzeit benimmt es sich." in page.inner_text("main")
        assert not trouble
