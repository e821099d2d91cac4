"""How pages behave under the hand: keyboard, focus, live updates, hidden tabs, back, accessibility."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, expect

from portal.core.database import commit, db, utcnow
from portal.domain.releases import Event, ProtocolEntry
from tests.browser.conftest import Visitor
from tests.support.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.slow]
SOON = 15_000
numbers = iter(range(3000, 4000))


@pytest.fixture
def person(system: Running) -> int:
    """Somebody of the test's own, whom nothing blocks."""
    number = str(next(numbers))
    return system.bridge.person(number, first_name="Eva", last_name=f"Adam{number}")


def add_lines(system: Running, person: int, count: int) -> None:
    for number in range(count):
        db.session.add(
            ProtocolEntry(
                tenant_id=system.bridge.tenant_id,
                participant_id=person,
                connection_id=system.bridge.connection.id,
                at=utcnow(),
                event=Event.MEDIATOR_CHOSEN,
                by="SB",
                data={"mediator": str(number)},
            )
        )
    commit()


def test_the_keyboard_is_enough(system: Running, visit: Callable[..., Visitor], person: int) -> None:
    page = visit().sign_in("caseworker")
    page.goto(f"{system.url}/participants/{person}")
    focus(page, "#release-button")
    page.keyboard.press("Enter")
    expect(page.locator("#release-bar")).to_have_class("bar bar--green")
    expect(page.locator("#release-button")).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Freigabe aufheben?")
    expect(dialog.get_by_role("button", name="Nein")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#release-button")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#release-bar")).to_have_class("bar bar--red")


def focus(page: Page, selector: str) -> None:
    """Reach an element by Tab alone."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.locator(selector).evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"Tab never reaches {selector}")


def test_a_live_update_steals_nothing(system: Running, visit: Callable[..., Visitor], person: int) -> None:
    add_lines(system, person, 45)
    page = visit().sign_in("caseworker")
    page.goto(f"{system.url}/participants/{person}")
    page.get_by_role("button", name="Vermittler/in wählen").click()
    field = page.get_by_label("Name, Kürzel oder Vermittler-ID")
    field.press_sequentially("Vermitt")
    expect(page.get_by_role("button", name="Vermittlerin")).to_be_visible()
    add_lines(system, person, 1)
    expect(page.locator("#protocol li")).to_have_count(21, timeout=SOON)
    expect(field).to_be_focused()
    expect(field).to_have_value("Vermitt")
    expect(page.get_by_role("dialog", name="Vermittler/in wählen")).to_be_visible()


def test_older_lines_come_by_scrolling_and_stay(
    system: Running, visit: Callable[..., Visitor], person: int
) -> None:
    add_lines(system, person, 45)
    page = visit().sign_in("caseworker")
    page.goto(f"{system.url}/participants/{person}")
    lines = page.locator(".protocol__entry")
    for _ in range(5):
        page.mouse.wheel(0, 5000)
        page.wait_for_timeout(300)
    expect(lines).to_have_count(45)
    add_lines(system, person, 1)
    expect(lines).to_have_count(46, timeout=SOON)
    ids = lines.evaluate_all("items => items.map(item => item.id)")
    assert len(set(ids)) == 46


def test_hidden_tabs_ask_nothing(system: Running, visit: Callable[..., Visitor], person: int) -> None:
    page = visit().sign_in("caseworker")
    page.goto(f"{system.url}/participants/{person}")
    asked: list[Request] = []
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - Playwright marks what it is given
    page.wait_for_timeout(12_000)
    assert asked == []
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: false});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.wait_for_timeout(1000)
    assert any(f"/participants/{person}" in request.url for request in asked)


def test_nothing_new_changes_nothing(system: Running, visit: Callable[..., Visitor], person: int) -> None:
    page = visit().sign_in("caseworker")
    page.goto(f"{system.url}/participants/{person}")
    with page.expect_response(lambda response: "since=" in response.url, timeout=SOON) as first:
        pass
    assert first.value.status == 304


def test_back_shows_a_whole_page(system: Running, visit: Callable[..., Visitor], person: int) -> None:
    page = visit().sign_in("caseworker")
    page.goto(f"{system.url}/participants/{person}")
    page.get_by_role("button", name="Für das Jobnetzwerk freigeben").click()
    expect(page.locator("#release-bar")).to_have_class("bar bar--green")
    page.get_by_role("link", name="Hilfe").click()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Adam")
    expect(page.locator("#release-bar")).to_have_class("bar bar--green")


def test_a_refusal_is_said_on_the_page(system: Running, visit: Callable[..., Visitor], person: int) -> None:
    visitor = visit()
    visitor.expected = {409}
    page = visitor.sign_in("caseworker")
    page.goto(f"{system.url}/participants/{person}")
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true})")  # this page does not hear of it
    other = visit().sign_in("caseworker")
    other.goto(f"{system.url}/participants/{person}")
    other.locator("#release-button").click()
    expect(other.locator("#release-bar")).to_have_class("bar bar--green")
    page.locator("#release-button").click()
    expect(page.locator("#notices")).to_contain_text("Die Person ist schon freigegeben.")


def test_the_own_menu_by_keyboard(system: Running, visit: Callable[..., Visitor]) -> None:
    """Opened, left with Escape, and language and theme chosen in it; what was chosen stays."""
    page = visit().sign_in("caseworker")
    opener, menu = page.locator(".menu-button"), page.locator("#own-menu")
    opener.focus()
    page.keyboard.press("Enter")
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(opener).to_be_focused()
    for name, sign in (
        ("English", "Participants"),
        ("Dark", "Participants"),
        ("Deutsch", "Teilnehmer/innen"),
    ):
        page.keyboard.press("Enter")
        menu.get_by_role("button", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(sign)
        page.locator(".menu-button").focus()
    expect(page.locator("html")).to_have_attribute("data-kern-theme", "dark")


def test_sign_out_ends_an_open_page(system: Running, visit: Callable[..., Visitor], person: int) -> None:
    visitor = visit()
    visitor.expected = {401}
    page = visitor.sign_in("caseworker")
    page.goto(f"{system.url}/participants/{person}")
    other = visitor.context.new_page()
    other.goto(f"{system.url}/help")
    other.locator(".menu-button").click()
    other.get_by_role("button", name="Abmelden").click()
    page.wait_for_url("**/sign-in?next=*", timeout=SOON)


@pytest.mark.parametrize("path", ["/participants", "/deliveries", "/help", "/participants/{}"])
def test_a_phone_needs_no_sideways_scrolling(
    system: Running, visit: Callable[..., Visitor], person: int, path: str
) -> None:
    page = visit(viewport={"width": 390, "height": 844}).sign_in("supervisor")
    page.goto(system.url + path.format(person))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_head_keeps_to_two_lines(system: Running, visit: Callable[..., Visitor]) -> None:
    """Also where the last transfer was days ago, and has a number of four digits."""
    page = visit(viewport={"width": 1280, "height": 900}).sign_in("supervisor")
    for path in ("/participants", "/deliveries"):
        page.goto(system.url + path)
        page.locator(".transfers dd").first.evaluate("e => { e.textContent = '1234, 24.11.2026, 22:00' }")
        for line in (".head__line", ".transfers__line"):
            assert page.locator(line).evaluate("e => e.offsetHeight") < 50, (path, line)
