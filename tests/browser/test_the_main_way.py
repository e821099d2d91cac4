"""From "freigeben" to Online and back, in a browser, carried by real processes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.support.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.slow]
SOON = 30_000
"""Milliseconds in which real processes have answered."""
EVENTS = [
    "Vom Jobportal archiviert",
    "Abmeldung an das Jobportal gesendet",
    "Übertragung angefordert",
    "Freigabe aufgehoben",
    "Vom Jobportal bestätigt",
    "An das Jobportal gesendet",
    "Übertragung angefordert",
    "Freigabe erteilt",
]


def open_person(page: Page, name: str) -> None:
    page.get_by_label("Suche nach Name").fill(name)
    page.get_by_role("button", name="Suchen").click()
    page.get_by_role("table").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    assert name not in page.url


def button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_released_online_revoked_archived_while_one_watches(
    system: Running, visit: Callable[..., Visitor]
) -> None:
    system.bridge.person("1001", first_name="Eva", last_name="Adam")
    page = visit().sign_in("caseworker")
    open_person(page, "Adam")
    status, bar = page.locator("#status"), page.locator("#release-bar")
    expect(bar).to_contain_text("nicht freigegeben")

    button(page, "Für das Jobnetzwerk freigeben")
    expect(bar).to_have_class("bar bar--green")
    expect(status).to_have_text("Offline")

    button(page, "Jetzt übertragen")
    expect(status).to_have_text("Online", timeout=SOON)
    expect(page.locator("#applicant-id")).not_to_be_empty()
    expect(page.locator("#announcer")).to_contain_text("Status Online")
    head = page.locator("#transfer-status")
    number = str(system.bridge.newest().sequence)
    # Sooner than the head would ask by itself.
    expect(head.get_by_role("link", name=number, exact=True)).to_be_visible(timeout=10_000)

    button(page, "Freigabe aufheben")
    dialog = page.get_by_role("dialog", name="Freigabe aufheben?")
    dialog.get_by_role("button", name="Nein").click()
    expect(dialog).to_be_hidden()
    expect(bar).to_have_class("bar bar--green")
    button(page, "Freigabe aufheben")
    dialog.get_by_role("button", name="Ja").click()
    expect(bar).to_have_class("bar bar--red")
    expect(status).to_have_text("Online")

    system.sandbox.set_answer_delay(4)
    button(page, "Jetzt übertragen")
    expect(status).to_have_text("Online archiviert", timeout=SOON)
    expect(status).to_have_text("Offline - archiviert", timeout=SOON)
    assert page.locator("#protocol .badge").all_inner_texts() == EVENTS


def test_it_works_without_scripts(system: Running, visit: Callable[..., Visitor]) -> None:
    system.bridge.person("1002", first_name="Ben", last_name="Zorn")
    page = visit(java_script_enabled=False).sign_in("caseworker")
    open_person(page, "Zorn")
    status = page.locator("#status")
    button(page, "Vermittler/in wählen")
    page.get_by_role("button", name="Vermittlerin").click()
    expect(page.locator("#mediator")).to_contain_text("Vermittlerin")
    button(page, "Für das Jobnetzwerk freigeben")
    expect(page.locator("#release-bar")).to_have_class("bar bar--green")
    button(page, "Jetzt übertragen")
    reload_until(page, "Online")
    button(page, "Freigabe aufheben")
    expect(page.get_by_role("heading", name="Freigabe aufheben?")).to_be_visible()
    button(page, "Ja")
    expect(page.locator("#release-bar")).to_have_class("bar bar--red")
    button(page, "Jetzt übertragen")
    reload_until(page, "Offline - archiviert")
    expect(status).to_be_visible()


def reload_until(page: Page, words: str) -> None:
    for _ in range(60):
        if page.locator("#status").inner_text().strip() == words:
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(f"never {words}: {page.locator('#status').inner_text()}")
