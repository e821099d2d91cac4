"""Signing in: the same answer whatever is wrong, slowed when tried often, never shut for good."""

from __future__ import annotations

import datetime as dt
import time

import pytest
import time_machine
from flask import Flask

from portal.core.database import commit, db, utcnow
from portal.domain.accounts import Account, LoginSession
from tests.support.factories import House, looking
from tests.support.pages import Browser

WRONG = "E-Mail und Passwort passen nicht zusammen."


def attempt(browser: Browser, email: str, password: str, status: int = 422) -> str:
    browser.get("/sign-in")
    page = browser.submit("/sign-in", email=email, password=password, status=status)
    return page.text if page.tree is not None else ""


def test_the_words_do_not_tell_whether_there_is_an_account(browser: Browser, house: House) -> None:
    assert WRONG in attempt(browser, "caseworker@example.org", "wrong")
    assert WRONG in attempt(browser, "nobody@example.org", "wrong")


def test_nor_does_the_time(sqlite_app: Flask, house: House) -> None:
    def seconds(email: str) -> float:
        browser = Browser(sqlite_app)
        browser.get("/sign-in")
        start = time.perf_counter()
        browser.submit("/sign-in", email=email, password="wrong", status=422)
        return time.perf_counter() - start

    seconds("nobody@example.org")  # makes the hash that unknown accounts are compared with
    known = min(seconds("caseworker@example.org") for _ in range(3))
    unknown = min(seconds("nobody@example.org") for _ in range(3))
    assert unknown > known / 3


def test_what_was_typed_stays_but_the_password_does_not(browser: Browser, house: House) -> None:
    attempt(browser, "caseworker@example.org", "wrong")
    page = browser.get("/sign-in")
    browser.submit("/sign-in", email="some@example.org", password="wrong", status=422)
    assert browser.last is not None
    assert browser.last.by_id("email").get("value") == "some@example.org"
    assert not browser.last.by_id("password").get("value")
    assert page.by_id("email").get("value") == ""


def test_the_address_may_be_written_in_capitals(browser: Browser, house: House) -> None:
    attempt(browser, "  CASEWORKER@example.org ", "a good long password", status=303)


@pytest.mark.parametrize("kept", ["eva@bücher.example", "eva@xn--bcher-kva.example"])
@pytest.mark.parametrize("typed", ["Eva@Bücher.example", "eva@xn--bcher-kva.example"])
def test_a_domain_with_umlauts_may_be_written_as_browsers_send_it(
    browser: Browser, house: House, kept: str, typed: str
) -> None:
    db.session.query(Account).filter_by(email="caseworker@example.org").one().email = kept
    commit()
    attempt(browser, typed, "a good long password", status=303)


def test_guessing_at_one_account_is_slowed_and_ends(sqlite_app: Flask, house: House) -> None:
    browser = Browser(sqlite_app)
    start = utcnow()
    with time_machine.travel(start, tick=False):
        for _ in range(5):
            attempt(browser, "caseworker@example.org", "wrong")
        page = browser.get("/sign-in")
        answer = browser.submit(
            "/sign-in", email="caseworker@example.org", password="a good long password", status=429
        )
        assert "Zu viele Versuche" in answer.text
        assert int(answer.response.headers["Retry-After"]) <= 61
        assert page.status == 200
    with time_machine.travel(start + dt.timedelta(seconds=62), tick=False):
        attempt(browser, "caseworker@example.org", "a good long password", status=303)


@pytest.mark.slow
def test_one_password_on_many_accounts_is_slowed(sqlite_app: Flask, house: House) -> None:
    browser = Browser(sqlite_app)
    form = browser.get("/sign-in").form("/sign-in") | {"password": "summer2026"}
    for number in range(60):
        browser.post("/sign-in", form | {"email": f"person{number}@example.org"}, status=422)
    browser.post("/sign-in", form | {"email": "person60@example.org"}, status=429)


def test_signing_in_often_is_no_guessing(sqlite_app: Flask, house: House) -> None:
    for _ in range(8):
        Browser(sqlite_app).sign_in("caseworker@example.org")


def test_a_disabled_account_reads_like_none(browser: Browser, house: House) -> None:
    db.session.query(Account).filter_by(email="caseworker@example.org").one().disabled_at = utcnow()
    commit()
    assert WRONG in attempt(browser, "caseworker@example.org", "a good long password")


@pytest.mark.parametrize("email", ["", "x" * 300 + "@example.org"])
def test_nonsense_is_answered_with_the_form(browser: Browser, house: House, email: str) -> None:
    assert "Anmelden" in attempt(browser, email, "wrong")


def test_nobody_is_signed_in_by_a_wrong_password(browser: Browser, house: House) -> None:
    attempt(browser, "caseworker@example.org", "wrong")
    with looking():
        assert all(item.account_id is None for item in db.session.query(LoginSession))
