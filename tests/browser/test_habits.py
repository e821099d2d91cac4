"""Habits of people who work here all day: shortcuts, pausing, times, copying, two people at one person."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from portal.core.database import commit, db, utcnow
from portal.domain.releases import Event, ProtocolEntry
from tests.browser.conftest import Visitor
from tests.support.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.slow]
SOON = 40_000
LITTLE = 0.05
"""Of the cumulative layout shift, of which 0.1 counts as good."""
numbers = map(str, range(8000, 8100))


@pytest.fixture
def person(system: Running) -> int:
    number = next(numbers)
    return system.bridge.person(number, first_name="Eva", last_name=f"Kürzel{number}")


def focused_name(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent"))


def test_shortcuts_work_once_they_are_switched_on(
    system: Running, visit: Callable[..., Visitor], person: int
) -> None:
    system.bridge.person(next(numbers), first_name="Ida", last_name="Kürzelzwei")
    page = visit().sign_in("supervisor")
    page.get_by_label("Suche nach").fill("Kürzel")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Treffer")).to_be_visible()
    page.locator("#main").focus()
    page.keyboard.press("j")
    assert "Kürzel" not in focused_name(page) or page.locator("#main").evaluate(
        "e => e === document.activeElement"
    )
    page.locator(".menu-button").click()
    page.get_by_role("button", name="Tastenkürzel einschalten").click()
    expect(page.get_by_text("Treffer")).to_be_visible()  # back on the list as it was narrowed
    page.locator("#main").focus()
    page.keyboard.press("j")
    first = focused_name(page)
    page.keyboard.press("j")
    assert focused_name(page) != first
    page.keyboard.press("k")
    assert focused_name(page) == first
    page.keyboard.press("x")
    expect(page.locator("[data-marked]")).to_have_text("(1)")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Tastenkürzel")
    expect(dialog).to_be_visible()
    page.keyboard.press("j")  # not in a dialog
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("/")
    field = page.get_by_label("Suche nach")
    expect(field).to_be_focused()
    page.keyboard.type("jk?/")
    expect(field).to_have_value("jk?/")
    page.locator("#people th a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/participants/*")


def test_every_page_has_a_search(system: Running, visit: Callable[..., Visitor], person: int) -> None:
    page = visit().sign_in("caseworker")
    page.goto(f"{system.url}/deliveries")
    page.get_by_label("Suche nach").fill("Kürzel80")
    page.keyboard.press("Enter")
    page.wait_for_url("**/participants?q=*")
    assert "rzel" not in page.url


def test_updates_can_be_paused(system: Running, visit: Callable[..., Visitor], person: int) -> None:
    page = visit().sign_in("caseworker")
    page.goto(f"{system.url}/participants/{person}")
    pause = page.get_by_role("button", name="Aktualisierung anhalten")
    pause.click()
    expect(pause).to_have_attribute("aria-pressed", "true")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.install()
    page.goto(f"{system.url}/participants/{person}")
    expect(pause).to_have_attribute("aria-pressed", "true")  # for as long as the tab is open
    asked.clear()
    page.clock.fast_forward("02:00")
    expect(pause).to_be_visible()
    assert asked == []
    pause.click()
    with page.expect_request(lambda request: f"/participants/{person}?" in request.url):
        page.clock.fast_forward("00:11")


def test_two_people_see_the_same(system: Running, visit: Callable[..., Visitor], person: int) -> None:
    one, other = visit().sign_in("caseworker"), visit().sign_in("supervisor")
    for page in (one, other):
        page.goto(f"{system.url}/participants/{person}")
    one.locator("#release-button").click()
    expect(one.locator("#release-bar")).to_contain_text("freigegeben")
    expect(other.locator("#release-bar")).to_have_class("bar bar--green", timeout=10_000)
    expect(other.get_by_text("Freigabe erteilt")).to_be_visible()


def test_times_say_how_long_ago_and_exactly(
    system: Running, visit: Callable[..., Visitor], person: int
) -> None:
    db.session.add(
        ProtocolEntry(
            tenant_id=system.bridge.tenant_id,
            participant_id=person,
            connection_id=system.bridge.connection.id,
            at=utcnow(),
            event=Event.MEDIATOR_CHOSEN,
            by="SB",
            data={"mediator": "V-1"},
        )
    )
    commit()
    visitor = visit()
    page = visitor.sign_in("caseworker")
    page.goto(f"{system.url}/participants/{person}")
    time = page.locator("#protocol time").first
    shown, read = time.locator("span").first, time.locator(".sr-only")
    expect(shown).to_have_text("jetzt")
    expect(shown).to_have_attribute("aria-hidden", "true")
    exact = read.text_content() or ""
    assert exact.count(".") == 2
    expect(time).to_have_attribute("title", exact)
    # Or the clock, set forward, would run over what is just being asked for.
    page.get_by_role("button", name="Aktualisierung anhalten").click()
    page.clock.install()
    page.reload()
    page.clock.fast_forward("03:00")
    expect(shown).to_have_text("vor 3 Min.")
    page.clock.fast_forward("30:00:00")
    expect(time).to_have_text(exact)


def test_a_number_is_copied_and_said(system: Running, visit: Callable[..., Visitor], person: int) -> None:
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    page = visitor.sign_in("caseworker")
    page.goto(f"{system.url}/participants/{person}")
    page.get_by_role("button", name="Nummer kopieren").click()
    expect(page.locator("#announcer")).to_have_text("Kopiert")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#participant-number").text_content()


def test_choosing_a_mediator_by_keyboard(system: Running, visit: Callable[..., Visitor], person: int) -> None:
    system.bridge.mediator("V-77", "WKF")
    page = visit().sign_in("caseworker")
    page.goto(f"{system.url}/participants/{person}")
    button = page.get_by_role("button", name="Vermittler/in wählen")
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Vermittler/in wählen")
    expect(page.get_by_label("Name, Kürzel oder Vermittler-ID")).to_be_focused()
    page.keyboard.type("V-77")
    expect(dialog.get_by_role("button", name="V-77")).to_have_count(1)
    expect(dialog.locator(".row-button")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(dialog.locator(".row-button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator("#mediator-number")).to_have_text("V-77")
    expect(button).to_be_focused()
    expect(page.get_by_text("Gewählt. Das Jobportal erfährt es")).to_be_visible()


def test_a_transfer_in_the_head_shifts_nothing(
    system: Running, visit: Callable[..., Visitor], person: int
) -> None:
    page = visit(viewport={"width": 1280, "height": 900}).sign_in("supervisor")
    page.evaluate(
        """() => {
            window.shifted = 0;
            new PerformanceObserver((list) => {
                for (const entry of list.getEntries()) window.shifted += entry.value;
            }).observe({ type: "layout-shift", buffered: false });
        }"""
    )
    before = page.locator("h1").bounding_box()
    number = next(numbers)
    system.bridge.person(number, first_name="Ute", last_name="Unterwegs")
    system.bridge.release(number)
    sequence = str(system.bridge.plan(number).sequence)
    page.evaluate("document.body.dispatchEvent(new CustomEvent('transfers-changed'))")
    last = page.locator("#transfer-status dd").first.get_by_role("link", name=sequence, exact=True)
    expect(last).to_be_visible(timeout=SOON)
    assert page.locator("h1").bounding_box() == before
    assert page.evaluate("window.shifted") < LITTLE
