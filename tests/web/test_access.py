"""Who gets where: every route has a permission or stands on the list; roles and tenants are kept apart."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from portal.domain.accounts import Role
from portal.domain.permissions import GRANTED, Permission
from tests.support.all_pages import NO_PAGES, PAGES
from tests.support.factories import House
from tests.support.pages import Browser

SignedIn = Callable[[str], Browser]
PUBLIC = {
    "static",
    "general.start",
    "general.preferences",
    "general.accessibility",
    "accounts.sign_in",
    "accounts.send_sign_in",
    "accounts.ask_code",
    "by_provider.begin",
    "by_provider.come_back",
    "accounts.send_code",
    "accounts.choose_password",
    "accounts.set_first_password",
    "health.live",
    "health.ready",
    "health.metrics",
    "api.describe",
}
BY_TOKEN = {"api.put_mediators", "api.put_orders", "api.put_participants", "api.show_import"}
"""Not for people: a token of the tenant opens these, and nothing else does (tests/attacks/test_tokens.py)."""


def test_every_route_has_a_permission_or_is_public(sqlite_app: Flask) -> None:
    without = {
        endpoint
        for endpoint, view in sqlite_app.view_functions.items()
        if getattr(view, "permission", None) is None
    }
    assert without == PUBLIC | BY_TOKEN
    by_token = {name for name, view in sqlite_app.view_functions.items() if getattr(view, "by_token", False)}
    assert by_token == BY_TOKEN


def test_every_page_is_looked_at_in_the_browser(sqlite_app: Flask) -> None:
    """A page that is not in the table is never seen by axe, nor by whoever makes the screenshots."""
    pages = {
        rule.endpoint for rule in sqlite_app.url_map.iter_rules() if "GET" in (rule.methods or set())
    } - NO_PAGES
    assert pages == {page.endpoint for page in PAGES}


def test_no_route_changes_anything_by_get(sqlite_app: Flask) -> None:
    for rule in sqlite_app.url_map.iter_rules():
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        changing = {"PUT"} if rule.endpoint in BY_TOKEN else {"POST"}
        assert methods in ({"GET"}, changing), rule


def test_every_role_is_in_the_table() -> None:
    assert set(GRANTED) == set(Role)
    assert Permission.CHOOSE_TENANT not in GRANTED[Role.ADMINISTRATOR]


def test_nobody_signed_in_is_sent_to_sign_in_and_back(browser: Browser, house: House) -> None:
    page = browser.get(f"/participants/{house.eva}", status=302)
    assert page.location == f"/sign-in?next=%2Fparticipants%2F{house.eva}"
    browser.get(page.location)
    answer = browser.submit("/sign-in", email="caseworker@example.org", password="a good long password")
    assert answer.location == f"/participants/{house.eva}"


def test_a_fragment_is_told_to_sign_in(browser: Browser, house: House) -> None:
    page = browser.get(
        f"/participants/{house.eva}",
        fragment=True,
        status=401,
        HX_Current_URL=f"http://localhost/participants/{house.eva}?from=status%3Donline",
    )
    address = page.response.headers["HX-Redirect"]
    browser.get(address)
    answer = browser.submit("/sign-in", email="caseworker@example.org", password="a good long password")
    assert answer.location == f"/participants/{house.eva}?from=status%3Donline"


def test_who_was_signed_out_before_sending_a_form_comes_back_to_it(browser: Browser, house: House) -> None:
    token = browser.get("/sign-in").form("/sign-in")
    page = f"/participants/{house.eva}"
    answer = browser.post(f"{page}/release", token, status=302, Referer=f"http://localhost{page}")
    assert answer.location == f"/sign-in?next=%2Fparticipants%2F{house.eva}"


@pytest.mark.parametrize(
    "address", ["//evil.example/x", "https://evil.example", "/\\evil.example", "/a\nb", "x"]
)
def test_sign_in_sends_nobody_off_to_another_site(browser: Browser, house: House, address: str) -> None:
    browser.get("/sign-in")
    answer = browser.submit(
        "/sign-in", email="caseworker@example.org", password="a good long password", next=address
    )
    assert answer.location == "/"


@pytest.mark.parametrize(
    "path",
    ["/participants/{}", "/participants/{}/protocol", "/participants/{}/revoke", "/participants/{}/mediator"],
)
@pytest.mark.parametrize("fragment", [False, True])
def test_another_tenants_people_do_not_exist(
    signed_in: SignedIn, house: House, path: str, fragment: bool
) -> None:
    browser = signed_in("supervisor")
    browser.get(path.format(house.stranger_person), fragment=fragment, status=404)


@pytest.mark.parametrize("action", ["release", "revoke", "transfer", "mediator"])
def test_nothing_is_done_to_another_tenants_people(signed_in: SignedIn, house: House, action: str) -> None:
    browser = signed_in("stranger")
    token = browser.get(f"/participants/{house.stranger_person}").form(
        f"/participants/{house.stranger_person}/release"
    )
    browser.post(f"/participants/{house.eva}/{action}", token | {"mediator": str(house.mediator)}, status=404)


@pytest.mark.parametrize("action", ["/deliveries", "/deliveries/1/approve", "/deliveries/1/discard"])
def test_a_caseworker_neither_transfers_everybody_nor_judges(signed_in: SignedIn, action: str) -> None:
    browser = signed_in("caseworker")
    token = browser.get("/help").form("/sign-out")
    assert "Das ist Ihnen nicht erlaubt" in browser.post(action, token, status=403).text


def test_support_chooses_whose_data_it_sees(sqlite_app: Flask, house: House) -> None:
    browser = Browser(sqlite_app)
    browser.sign_in("support@example.org")
    assert browser.get(f"/participants/{house.eva}", status=302).location == "/tenants"
    browser.get("/tenants")
    assert browser.submit("/tenants/alpha").location == f"/participants/{house.eva}"
    assert "Adam, Eva" in browser.follow().text
    browser.get("/tenants")
    browser.submit("/tenants/beta")
    browser.get(f"/participants/{house.eva}", status=404)


def test_others_have_no_tenants_to_choose_from(signed_in: SignedIn) -> None:
    browser = signed_in("administrator")
    browser.get("/tenants", status=403)


@pytest.mark.parametrize("header", ["HX-Request", "HX-Boosted"])
def test_a_forged_header_gives_no_rights(browser: Browser, house: House, header: str) -> None:
    browser.get(
        f"/participants/{house.eva}", status=401 if header == "HX-Request" else 302, **{header: "true"}
    )
