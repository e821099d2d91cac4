"""Codes guessed, used again, and sent by two at once."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from portal.accounts.second_factor import check_code
from portal.core.database import EVERY_TENANT, db, utcnow
from portal.core.refusal import Refusal
from portal.domain.accounts import Account, RecoveryCode
from tests.support.at_once import at_once
from tests.support.factories import House, looking
from tests.support.pages import PASSWORD, Browser
from tests.support.second_factor import Phone


@pytest.fixture
def phone(sqlite_app: Flask, house: House) -> Iterator[Phone]:
    with time_machine.travel(utcnow(), tick=False) as clock:
        browser = Browser(sqlite_app)
        browser.sign_in("caseworker@example.org")
        yield Phone.set_up(browser, clock)


def half_in(app: Flask) -> Browser:
    browser = Browser(app)
    browser.get("/sign-in")
    browser.submit("/sign-in", email="caseworker@example.org", password=PASSWORD)
    browser.follow()
    return browser


def guess(app: Flask, codes: list[str]) -> Counter[int]:
    """Send all of these, beginning anew whenever one is thrown out."""
    answers: Counter[int] = Counter()
    browser = half_in(app)
    for code in codes:
        form = browser.last.form("/sign-in/code") if browser.last else {}
        status = browser.ask("POST", "/sign-in/code", form | {"code": code}).status_code
        if status == 303:  # thrown out, not in: the code was not looked at
            browser = half_in(app)
            form = browser.last.form("/sign-in/code") if browser.last else {}
            status = browser.ask("POST", "/sign-in/code", form | {"code": code}).status_code
        answers[status] += 1
    return answers


def test_codes_are_not_found_by_trying(phone: Phone, sqlite_app: Flask) -> None:
    """However often the first step is repeated: sixty a day, of a million, by whoever has the password."""
    looked_at = 0
    for _ in range(12):
        looked_at += guess(sqlite_app, ["000000"] * 6)[422]
        phone.clock.shift(dt.timedelta(minutes=11))
    assert looked_at == 60


def test_who_guesses_codes_does_not_lock_the_owner_out(phone: Phone, sqlite_app: Flask) -> None:
    for _ in range(12):
        guess(sqlite_app, ["000000"] * 6)
        phone.clock.shift(dt.timedelta(minutes=11))
    browser = half_in(sqlite_app)
    browser.submit("/sign-in/code", status=429, code=phone.next_code())
    browser = half_in(sqlite_app)
    browser.submit("/sign-in/code", code=phone.recovery[0])
    browser.get("/account")
    phone.clock.shift(dt.timedelta(days=1))
    browser = half_in(sqlite_app)
    browser.submit("/sign-in/code", code=phone.next_code())
    browser.get("/account")


def test_a_code_somebody_looked_at_is_worth_nothing(phone: Phone, sqlite_app: Flask) -> None:
    code = phone.next_code()
    first, second = half_in(sqlite_app), half_in(sqlite_app)
    first.submit("/sign-in/code", code=code)
    second.submit("/sign-in/code", status=422, code=code)
    second.get("/account", status=302)


@pytest.mark.parametrize("kind", ["time", "recovery"])
def test_two_who_send_the_same_code_at_once_are_one(phone: Phone, kind: str) -> None:
    with looking():
        number = db.session.query(Account).filter_by(email="caseworker@example.org").one().id
    code, now = phone.next_code() if kind == "time" else phone.recovery[0], utcnow()
    outcomes = at_once(EVERY_TENANT, *(lambda: check_code(number, code, now) for _ in range(2)))
    assert sorted(isinstance(outcome, Refusal) for outcome in outcomes) == [False, True], outcomes


def test_a_recovery_code_counts_once_and_only_for_its_account(phone: Phone, sqlite_app: Flask) -> None:
    colleague = Browser(sqlite_app)
    colleague.sign_in("colleague@example.org")
    Phone.set_up(colleague, phone.clock)
    other = Browser(sqlite_app)
    other.get("/sign-in")
    other.submit("/sign-in", email="colleague@example.org", password=PASSWORD)
    other.follow()
    other.submit("/sign-in/code", status=422, code=phone.recovery[0])
    half_in(sqlite_app).submit("/sign-in/code", code=phone.recovery[0])
    half_in(sqlite_app).submit("/sign-in/code", status=422, code=phone.recovery[0])
    with looking():
        assert db.session.query(RecoveryCode).filter(RecoveryCode.used_at.is_not(None)).count() == 1


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "code", ["", " ", "12345", "1234567", "１２３４５６", "000000' OR 1=1", "x" * 10_000]
)
def test_nonsense_is_a_wrong_code(phone: Phone, sqlite_app: Flask, code: str) -> None:
    half_in(sqlite_app).submit("/sign-in/code", status=422, code=code)


def test_what_is_no_text_is_no_code(phone: Phone, sqlite_app: Flask) -> None:
    half_in(sqlite_app).submit("/sign-in/code", status=400, code="\x00")


def test_the_session_between_the_steps_opens_nothing(phone: Phone, sqlite_app: Flask, house: House) -> None:
    browser = half_in(sqlite_app)
    token = browser.last.form("/sign-in/code") if browser.last else {}
    for path in ("/account", "/participants", "/account/second-factor", "/account/second-factor/picture.svg"):
        browser.get(path, status=302)
    for path in ("/account/second-factor/begin", "/account/password", f"/participants/{house.eva}/release"):
        browser.post(path, token, status=302)
