"""What a live part must leave alone, and what it says when it cannot refresh."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from portal.core.database import commit
from tests.browser.conftest import Visitor
from tests.support.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.slow]
SOON = 30_000
LITTLE = 0.05
"""Of layout shift, as browsers measure it; up to 0.1 counts as good."""
numbers = map(str, range(9000, 9100))


@pytest.fixture
def number(system: Running) -> str:
    """Somebody released, whom something blocks."""
    found = next(numbers)
    system.bridge.person(found, first_name="", last_name=f"Lebendig{found}")
    system.bridge.release(found)
    return found


def open_page(system: Running, visitor: Visitor, number: str) -> Page:
    page = visitor.sign_in("caseworker")
    found = system.bridge.id(number)
    commit()  # or nobody else could write meanwhile
    page.goto(f"{system.url}/participants/{found}")
    return page


def mend(system: Running, number: str) -> None:
    """What an import says meanwhile: the missing first name."""
    system.bridge.person(number, first_name="Ronja")


def test_what_would_be_sent_stays_open_and_keeps_up(
    system: Running, visit: Callable[..., Visitor], number: str
) -> None:
    page = open_page(system, visit(), number)
    page.get_by_text("Was gesendet würde, und was sich geändert hat").click()
    record = page.locator("#record")
    expect(record.get_by_role("row", name="Nachname")).to_contain_text("Lebendig")
    expect(record.get_by_role("row", name="Vorname")).to_have_count(0)
    mend(system, number)
    expect(record.get_by_role("row", name="Vorname")).to_contain_text("Ronja", timeout=SOON)
    expect(page.locator("#record-details")).to_have_attribute("open", "")
    # What the page itself does not show is told of as well.
    system.bridge.person(number, city="Neustrelitz")
    expect(record.get_by_role("row", name="Ort")).to_contain_text("Neustrelitz", timeout=SOON)


def test_focus_selection_details_and_typed_text_are_kept(
    system: Running, visit: Callable[..., Visitor], number: str
) -> None:
    page = open_page(system, visit(), number)
    page.get_by_text("Bitte zum Weitergeben").click()
    page.locator("#head-search").fill("halb getippt")
    page.locator("#head-search").focus()
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#protocol .protocol__detail'))")
    selected = page.evaluate("getSelection().toString()")
    assert "Vermittler-ID" in selected
    page.evaluate("document.querySelector('#head-search').setSelectionRange(0, 4)")
    page.evaluate(
        "window.shifted = 0;"
        "new PerformanceObserver((list) => {"
        " for (const entry of list.getEntries()) window.shifted += entry.value; })"
        ".observe({ type: 'layout-shift', buffered: false })"
    )
    system.bridge.choose_mediator(number, system.bridge.mediator(f"V-{number}", "NEU"))
    expect(page.locator("#mediator-number")).to_have_text(f"V-{number}", timeout=SOON)
    expect(page.locator("#protocol li")).to_have_count(2)
    expect(page.locator("#request-details")).to_have_attribute("open", "")
    expect(page.locator("#head-search")).to_be_focused()
    expect(page.locator("#head-search")).to_have_value("halb getippt")
    marked = page.evaluate(
        "[document.activeElement.selectionStart, document.activeElement.selectionEnd].join()"
    )
    assert marked == "0,4"
    assert page.evaluate("window.shifted") < LITTLE


def test_a_selection_in_the_protocol_is_kept(
    system: Running, visit: Callable[..., Visitor], number: str
) -> None:
    page = open_page(system, visit(), number)
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#protocol .protocol__detail'))")
    selected = page.evaluate("getSelection().toString()")
    assert "Vermittler-ID" in selected
    system.bridge.choose_mediator(number, system.bridge.mediator(f"W-{number}", "NEU"))
    expect(page.locator("#protocol li")).to_have_count(2, timeout=SOON)
    assert page.evaluate("getSelection().toString()") == selected


def test_a_page_that_cannot_refresh_says_so(
    system: Running, visit: Callable[..., Visitor], number: str
) -> None:
    visitor = visit()
    page = open_page(system, visitor, number)
    stale = page.locator("#stale")
    expect(stale).to_be_hidden()
    visitor.expected = {503}
    page.route("**/participants/*?since=*", lambda route: route.fulfill(status=503))
    expect(stale).to_be_visible(timeout=SOON)
    expect(stale).to_contain_text("Sie zeigt den Stand von")
    expect(page.locator("#announcer")).to_contain_text("kann sich gerade nicht auffrischen")
    page.unroute("**/participants/*?since=*")
    expect(stale).to_be_hidden(timeout=SOON)


def test_an_action_without_an_answer_is_said_to_be_uncertain(
    system: Running, visit: Callable[..., Visitor], number: str
) -> None:
    visitor = visit()
    page = open_page(system, visitor, number)

    def lose(route: Route) -> None:
        route.abort("connectionreset") if route.request.method == "POST" else route.continue_()

    page.route("**/participants/*/revoke*", lose)
    page.locator("#release-button").click()
    page.get_by_role("dialog", name="Freigabe aufheben?").get_by_role("button", name="Ja").click()
    expect(page.locator("#unanswered")).to_contain_text("Ob die Änderung gespeichert ist, ist offen")
    page.unroute("**/participants/*/revoke*")
    page.get_by_role("link", name="Seite neu laden und nachsehen").click()
    expect(page.locator("#release-bar")).to_have_class("bar bar--green")
    visitor.trouble.clear()  # htmx says on the console that it got no answer
