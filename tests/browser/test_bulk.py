"""One decision for many, by keyboard alone, with real processes behind it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visitor
from tests.support.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.slow]
SOON = 30_000
MOST_TABS = 80


@pytest.fixture
def visitor(system: Running, visit: Callable[..., Visitor]) -> Visitor:
    """A supervisor before three people of one name."""
    for number in ("7001", "7002", "7003"):
        system.bridge.person(number, first_name=f"Nr{number}", last_name="Sammler")
    found = visit()
    page = found.sign_in("supervisor")
    page.get_by_label("Suche nach").fill("Sammler")
    page.keyboard.press("Enter")
    expect(page.get_by_text("3 Treffer")).to_be_visible()
    return found


def tab_to(page: Page, target: Locator) -> None:
    """Go on with the Tab key until `target` has the focus."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{target} is not reached with the Tab key")


def test_marking_previewing_and_releasing_by_keyboard(visitor: Visitor) -> None:
    page = visitor.page
    tab_to(page, page.get_by_label("Sammler, Nr7001 markieren"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_label("Sammler, Nr7003 markieren"))
    page.keyboard.press("Space")
    expect(page.locator("[data-marked]")).to_have_text("(2)")
    page.evaluate("document.getElementById('main').focus()")
    tab_to(page, page.get_by_role("button", name="Freigeben …"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 Personen werden freigegeben")).to_be_visible()
    tab_to(page, page.locator("#bulk-start"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 Personen freigegeben")).to_be_visible(timeout=SOON)
    tab_to(page, page.get_by_role("link", name="Zurück zur Liste").first)
    page.keyboard.press("Enter")
    expect(page.get_by_text("3 Treffer")).to_be_visible()  # narrowed as before
    expect(page.locator("#people").get_by_text("vorgemerkt")).to_have_count(2)


def test_all_of_a_page_at_once_and_going_back(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_label("Alle auf dieser Seite markieren").check()
    expect(page.locator("[data-marked]")).to_have_text("(3)")
    page.get_by_label("Sammler, Nr7002 markieren").uncheck()
    expect(page.locator("[data-marked]")).to_have_text("(2)")
    page.get_by_role("button", name="Vermittler/in ändern …").click()
    expect(page.get_by_text("2 Personen sind gewählt.")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("3 Treffer")).to_be_visible()


def test_without_scripts_it_works_as_well(system: Running, visit: Callable[..., Visitor]) -> None:
    system.bridge.person("7101", first_name="Ohne", last_name="Skript")
    visitor = visit(java_script_enabled=False)
    page = visitor.sign_in("supervisor")
    page.get_by_label("Suche nach").fill("Skript")
    page.get_by_role("button", name="Suchen").click()
    expect(page.get_by_label("Alle auf dieser Seite markieren")).not_to_be_visible()
    page.get_by_label("Skript, Ohne markieren").check()
    page.get_by_role("button", name="Freigeben …").click()
    page.locator("#bulk-start").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Freigeben")
    for _ in range(100):  # without scripts, one looks again
        if page.get_by_text("1 Person freigegeben").count():
            break
        page.reload()
    expect(page.get_by_text("1 Person freigegeben")).to_be_visible()
