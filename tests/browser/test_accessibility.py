"""Every page in both themes and languages: nothing for axe to find, targets large enough, rows dense."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pyotp
import pytest
from flask import current_app, g, render_template
from playwright.sync_api import Page, expect

from portal.accounts.links import make_link
from portal.core.crypto import current_keyring
from portal.core.database import commit, db, scope_to, utcnow
from portal.core.paths import ROOT
from portal.domain.accounts import Account, Role
from portal.domain.actors import Actor
from portal.domain.imports import ImportMode
from portal.domain.participants import Participant, social_insurance_place
from portal.domain.releases import Registration
from portal.domain.tenants import Tenant
from portal.imports.running import run_import
from portal.imports.service import keep_export, start_import
from tests.browser.conftest import Visitor
from tests.imports.exports import ALL, zipped
from tests.support.all_pages import PAGES, PageOf
from tests.support.factories import make_account
from tests.support.pages import PASSWORD
from tests.support.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.slow]
AXE = (ROOT / "tests" / "vendor" / "axe" / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SOON = 30_000
numbers = map(str, range(4100, 4200))
SMALLEST = 24
"""Pixels of a target's sides (WCAG 2.2, 2.5.8); links within sentences are free."""
TOO_SMALL = """(least) =>
    [...document.querySelectorAll('button, nav a, th a, summary, select, input:not([type=hidden])')]
        .filter((item) => item.checkVisibility({ visibilityProperty: true }))
        .map((item) => item.closest('label') ?? item)
        .map((item) => [item.getBoundingClientRect(), item.outerHTML.slice(0, 200)])
        .filter(([box]) => Math.min(box.width, box.height) < least)
        .map(([, html]) => html)"""


@pytest.fixture(scope="module")
def rows(system: Running) -> dict[str, Any]:
    """A bit of everything, so that no page is empty; row numbers by what they are."""
    bridge = system.bridge
    person = bridge.person("4001", first_name="Eva", last_name="Adam")
    bridge.person("4002", first_name="", last_name="Ohnevorname")
    bridge.release("4001", "4002")
    delivery = bridge.deliver("4001")
    scope_to(bridge.tenant_id)
    tenant = db.session.get_one(Tenant, bridge.tenant_id)
    export = keep_export(zipped({**ALL, "teilnehmer.csv": "tn_id;nachname;vorname\n;x;y\n"}))
    run = start_import(tenant, export, ImportMode.DELTA, Actor("SUP"), utcnow())
    commit()
    run_import(run.id)
    scope_to(bridge.tenant_id)
    account = db.session.query(Account).filter_by(email="caseworker@example.org").one()
    link = make_link(account, utcnow())
    found = {"account": account.id, "link": link, "person": person, "delivery": delivery.sequence}
    commit()
    return {**found, "import_id": run.id, "bulk": 1}


@pytest.fixture(scope="module")
def bulk(system: Running, rows: dict[str, Any], chromium: object) -> int:
    """A decision for many that was carried out, and its number."""
    page = chromium.new_context().new_page()  # type: ignore[attr-defined]
    sign_in(page, system.url, "supervisor")
    page.get_by_label("auf der Liste").check()
    page.get_by_role("button", name="Freigabe aufheben …").click()
    page.locator("#bulk-start").click()
    expect(page.get_by_role("heading", name="Bericht")).to_be_visible(timeout=SOON)
    number = int(page.url.rpartition("/")[2])
    page.context.close()
    return number


TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll('body *')]
    .filter((it) => !it.closest('.scroll') && it.getBoundingClientRect().right > width)
    .map((it) => `${it.tagName}.${it.className} ${it.textContent.trim().slice(0, 30)}`);
}"""
"""What stands out of a window that has to be scrolled sideways."""


def sign_in(page: Page, url: str, name: str) -> None:
    page.goto(f"{url}/sign-in")
    page.locator("input[name=email]").fill(f"{name}@example.org")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button").click()
    page.wait_for_url(lambda address: "sign-in" not in address)


def check_with_axe(page: Page) -> None:
    """Run axe by the debugger, which the page's policy does not concern."""
    page.evaluate(AXE + "; undefined")
    options = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": RULES}}
    found = page.evaluate(f"axe.run(document, {json.dumps(options)})")["violations"]
    said = [{"rule": item["id"], "at": [node["target"] for node in item["nodes"]]} for item in found]
    assert found == [], f"{page.url}: {json.dumps(said, indent=1)}"


def check_targets(page: Page) -> None:
    small = page.evaluate(TOO_SMALL, SMALLEST)
    assert small == [], page.url


def check_reflow(page: Page) -> None:
    """Nobody has to scroll sideways (WCAG 1.4.10); wide tables scroll by themselves."""
    wide = page.evaluate(TOO_WIDE)
    assert wide == [], page.url


@pytest.mark.parametrize(
    ("scheme", "width", "language", "every"),
    [
        ("light", 1280, "de", 1),
        ("dark", 320, "en", 5),
        *(
            pytest.param(scheme, width, language, 1, marks=pytest.mark.thorough)
            for scheme, width, language in (("dark", 320, "en"), ("light", 1280, "en"), ("dark", 320, "de"))
        ),
    ],
)
def test_axe_finds_nothing_on_any_page(
    system: Running,
    visit: Callable[..., Visitor],
    rows: dict[str, Any],
    bulk: int,
    scheme: str,
    width: int,
    language: str,
    every: int,
) -> None:
    """The ordinary run looks at all pages once, and at every fifth one dark, narrow and in English."""
    visitor = visit(color_scheme=scheme, viewport={"width": width, "height": 900})
    visitor.expected = {404}
    page = visitor.page
    for name, value in (("language", language), ("shortcuts", "on")):
        visitor.context.add_cookies([{"name": name, "value": value, "url": system.url}])
    found = rows | {"bulk": bulk}
    for account in (None, "support", "administrator", "supervisor"):
        if account:
            visitor.context.clear_cookies(name="session")
            sign_in(page, system.url, account)
        for item in [item for item in PAGES if item.account == account][::every]:
            look_at(page, system.url, item, found)
    page.goto(f"{system.url}/participants/999999")
    check_with_axe(page)


def look_at(page: Page, url: str, item: PageOf, rows: dict[str, Any]) -> None:
    for state in item.states:
        page.goto(f"{url}{item.address.format(**rows)}?{state}")
        page.evaluate("document.querySelectorAll('details').forEach((item) => { item.open = true; })")
        check_with_axe(page)
        check_targets(page)
        check_reflow(page)


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("de", "light", 1280), pytest.param("en", "dark", 390, marks=pytest.mark.thorough)],
    ids=["de", "en"],
)
def test_axe_finds_nothing_on_what_follows_a_form(
    system: Running,
    visit: Callable[..., Visitor],
    rows: dict[str, Any],
    language: str,
    scheme: str,
    width: int,
) -> None:
    """Second factor, codes, links, tokens, numbers, clarifying: where no address leads by itself."""
    name = f"steps-{language}"
    scope_to(system.bridge.tenant_id)
    make_account(name, Role.ADMINISTRATOR, system.bridge.tenant_id, initials=f"S{language}")
    commit()
    visitor = visit(color_scheme=scheme, viewport={"width": width, "height": 900})
    visitor.expected = {422, 403}
    visitor.context.add_cookies([{"name": "language", "value": language, "url": system.url}])
    seen = 0
    for _ in after_forms(visitor.page, system, name, clarified(system, language)):
        check_with_axe(visitor.page)
        check_targets(visitor.page)
        seen += 1
    assert seen == 12


def after_forms(page: Page, system: Running, name: str, person: int) -> Iterator[None]:
    """Go through the forms; each page is looked at as it comes."""
    url = system.url
    sign_in(page, url, name)
    page.goto(f"{url}/account/second-factor")
    page.locator("#password").fill(PASSWORD)
    page.locator("main button").click()
    expect(page.locator("#secret")).to_be_visible()
    yield
    page.locator("#code").fill("000000")
    page.locator("main form button").click()
    expect(page.locator("#factor-error")).to_be_visible()
    yield
    secret = page.locator("#secret").inner_text().replace(" ", "")
    page.locator("#code").fill(pyotp.TOTP(secret).now())
    page.locator("main form button").click()
    expect(page.locator("#codes")).to_be_visible()
    codes = page.locator("#codes").inner_text().split()
    yield
    page.goto(f"{url}/account/second-factor")
    yield
    page.context.clear_cookies(name="session")
    page.goto(f"{url}/sign-in")
    page.locator("input[name=email]").fill(f"{name}@example.org")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button").click()
    expect(page.locator("details.more-ways")).to_be_visible()
    page.locator("#code").fill("000000")
    page.locator("main button").first.click()
    expect(page.locator("#code-error")).to_be_visible()
    page.locator("details.more-ways summary").click()
    yield
    page.locator("#recovery").fill(codes[0])
    page.locator("main details button").click()
    page.wait_for_url(f"{url}/participants")
    page.goto(f"{url}/accounts/new")
    for field, value in (("name", "Nora Neu"), ("email", f"n-{name}@example.org"), ("initials", name[-5:])):
        page.locator(f"main input[name={field}]").fill(value)
    page.locator("main form button").first.click()
    expect(page.locator("#link")).to_contain_text(f"{url}/set-password/")  # the browser knows where it is
    yield
    page.goto(f"{url}/settings/tokens")
    page.locator("#name").fill(name)
    page.locator("main form button").first.click()
    expect(page.locator("#token")).to_be_visible()
    yield
    page.goto(f"{url}/settings/tokens")
    yield
    page.goto(f"{url}/participants/{person}/social-insurance-number")
    page.locator("input[type=radio]").first.check()
    page.locator("main form button").click()
    expect(page.locator("#number")).to_be_visible()
    yield
    page.goto(f"{url}/participants/{person}")
    expect(page.locator("#clarify")).to_be_visible()
    yield
    page.goto(f"{url}/notices")
    yield
    with current_app.test_request_context(headers={"Cookie": f"language={name[-2:]}"}):
        g.plain = True
        trouble = render_template(
            "accounts/provider_trouble.html", sentence="Nicht angemeldet.", with_password=True
        )
    page.route(
        "**/sign-in/provider/back", lambda route: route.fulfill(body=trouble, content_type="text/html")
    )
    page.goto(f"{url}/sign-in/provider/back")
    yield


def clarified(system: Running, language: str) -> int:
    """Somebody with a number, whose answers do not fit."""
    number = next(numbers)
    person = system.bridge.person(number, first_name="Klara", last_name=f"Klärung{language}")
    scope_to(system.bridge.tenant_id)
    tenant = db.session.get_one(Tenant, system.bridge.tenant_id)
    tenant.sends_social_insurance_number = True
    row = db.session.get_one(Participant, person)
    place = social_insurance_place(tenant.id, row.number)
    row.social_insurance_number_encrypted = current_keyring().encrypt(b"65170839J003", place)
    db.session.add(
        Registration(
            tenant_id=tenant.id,
            connection_id=system.bridge.connection.id,
            participant_id=person,
            released=True,
            announced=True,
            clarification="answers-contradict",
        )
    )
    commit()
    return person


@pytest.mark.parametrize(
    ("button", "dialog"),
    [
        ("#release-button", "#revoke-dialog"),
        ("#pick-mediator", "#mediator-dialog"),
        (".menu-button", "#own-menu"),
    ],
)
def test_axe_finds_nothing_in_what_opens(
    system: Running, visit: Callable[..., Visitor], rows: dict[str, Any], button: str, dialog: str
) -> None:
    number = next(numbers)
    person = system.bridge.person(number, first_name="Dora", last_name="Dialog")
    system.bridge.release(number)
    page = visit().sign_in("supervisor")
    page.goto(f"{system.url}/participants/{person}")
    page.locator(button).click()
    expect(page.locator(dialog)).to_be_visible()
    check_with_axe(page)
    check_targets(page)


def test_rows_are_dense(system: Running, visit: Callable[..., Visitor], rows: dict[str, Any]) -> None:
    page = visit(viewport={"width": 1280, "height": 900}).sign_in("supervisor")
    heights = page.locator(".table--dense tbody tr").evaluate_all("rows => rows.map(row => row.offsetHeight)")
    assert max(heights) <= 40


@pytest.mark.parametrize("options", [{"forced_colors": "active"}, {"reduced_motion": "reduce"}])
def test_colours_and_motion_of_the_device_are_kept(
    system: Running, visit: Callable[..., Visitor], rows: dict[str, Any], options: dict[str, str]
) -> None:
    page = visit(**options).sign_in("supervisor")
    page.goto(f"{system.url}/participants/{rows['person']}")
    style = page.locator("#release-bar").evaluate("item => getComputedStyle(item).borderTopStyle")
    assert (style == "solid") == ("forced_colors" in options)
    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter(item => getComputedStyle(item).transitionDuration !== '0s').length"
    )
    assert moving == 0 or "reduced_motion" not in options
