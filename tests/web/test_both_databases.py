"""The way through the pages on SQLite and on PostgreSQL, where reading requests may really only read."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from tests.support.factories import House
from tests.support.pages import Browser


def test_everything_that_people_do(app: Flask, house: House, signed_in: Callable[[str], Browser]) -> None:
    browser = signed_in("supervisor")
    person = f"/participants/{house.ben}"
    browser.get("/participants?status=offline&phase=not-released&finding=mediator-missing&action=1&left=1")
    browser.get("/participants")
    browser.submit("/participants/search", text="zorn")
    assert "Zorn, Ben" in browser.follow().text
    browser.get(f"{person}/mediator")
    browser.submit(f"{person}/mediator/search", text="vera", status=200)
    browser.submit(f"{person}/mediator", mediator=str(house.mediator))
    browser.get(f"{person}/release")
    browser.submit(f"{person}/release", consent_confirmed="1")
    page = browser.follow()
    assert "Freigabe aufheben" in page.buttons()
    browser.get(page.by_id("person").get("hx-get") or "", fragment=True)
    browser.submit(f"{person}/transfer")
    assert "wird übertragen" in browser.follow().text_of("phase")
    browser.get("/deliveries")
    browser.get("/deliveries/1")
    browser.get(f"{person}/revoke")
    browser.submit(f"{person}/revoke")
    assert "nicht freigegeben" in browser.follow().text_of("release-bar")
    browser.get("/transfer-status", fragment=True)
    browser.get("/help")
    browser.submit("/sign-out")


def test_numbers_too_large_are_not_found(
    app: Flask, house: House, signed_in: Callable[[str], Browser]
) -> None:
    browser = signed_in("caseworker")
    for path in (
        "/participants/999999999999999999",
        "/participants/9999999999999999999",
        "/deliveries/2147483647",
        "/deliveries/2147483648",
        "/deliveries/1?connection=999999999999999999",
    ):
        browser.get(path, status=404)
    browser.get("/participants?order=999999999999999999&mediator=999999999999999999&after=999999999999999999")
