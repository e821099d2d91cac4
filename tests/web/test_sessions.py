"""Sessions live on the server: what ends them, and that nothing of them can be stolen or kept."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
import time_machine
from flask import Flask

from portal.accounts.sessions import end_sessions, forget_sessions
from portal.core.database import commit, db, utcnow
from portal.domain.accounts import Account, LoginSession
from tests.support.factories import House, looking
from tests.support.pages import Browser


def sessions() -> list[LoginSession]:
    with looking():
        return list(db.session.query(LoginSession).order_by(LoginSession.id))


def cookie(browser: Browser) -> str:
    found = browser.client.get_cookie("session")
    assert found is not None
    return found.value


@pytest.fixture
def caseworker(sqlite_app: Flask, house: House) -> Browser:
    browser = Browser(sqlite_app)
    browser.sign_in("caseworker@example.org")
    return browser


def test_the_browser_holds_a_number_and_the_table_its_hash(caseworker: Browser) -> None:
    token = cookie(caseworker)
    newest = sessions()[-1]
    assert newest.token_hash == hashlib.sha256(token.encode()).digest()
    assert newest.account_id is not None


def test_sign_in_gives_a_number(browser: Browser, house: House) -> None:
    browser.get("/sign-in")
    before = cookie(browser)
    browser.submit("/sign-in", email="caseworker@example.org", password="a good long password")
    assert cookie(browser) != before
    assert [item.ended_at is None for item in sessions()] == [True]


def test_strangers_write_no_rows(sqlite_app: Flask, house: House) -> None:
    """The token of their form follows from the number in their browser, and holds from one page to the next."""
    for path in ("/", "/sign-in", "/sign-in/code", "/nowhere"):
        stranger = Browser(sqlite_app)
        stranger.ask("GET", path)
        stranger.get("/sign-in")
        stranger.submit("/sign-in", status=422, email="nobody@example.org", password="wrong")
    assert sessions() == []


@pytest.mark.parametrize("number", ["", "x" * 43])
def test_a_strangers_form_belongs_to_the_strangers_number(
    sqlite_app: Flask, house: House, number: str
) -> None:
    stranger = Browser(sqlite_app)
    form = stranger.get("/sign-in").form("/sign-in")
    assert len(cookie(stranger)) == 43 and cookie(stranger) not in form["csrf_token"]
    stranger.client.set_cookie("session", number)
    stranger.post("/sign-in", form | {"email": "x@example.org", "password": "x"}, status=403)


def test_a_number_that_was_planted_becomes_nobodys_session(sqlite_app: Flask, house: House) -> None:
    browser = Browser(sqlite_app)
    browser.client.set_cookie("session", "x" * 43)
    browser.sign_in("caseworker@example.org")
    assert cookie(browser) != "x" * 43
    thief = Browser(sqlite_app)
    thief.client.set_cookie("session", "x" * 43)
    thief.get("/participants", status=302)


def test_a_cookie_kept_from_before_sign_out_is_dead(caseworker: Browser) -> None:
    token = cookie(caseworker)
    caseworker.get("/participants")
    caseworker.submit("/sign-out")
    assert "Sie sind abgemeldet" in caseworker.follow().text
    caseworker.client.set_cookie("session", token)
    caseworker.get("/participants", status=302)


def test_an_idle_session_ends(caseworker: Browser) -> None:
    with time_machine.travel(utcnow() + dt.timedelta(minutes=59), tick=False):
        caseworker.get("/participants")
    with time_machine.travel(utcnow() + dt.timedelta(minutes=59 + 61), tick=False):
        caseworker.get("/participants", status=302)


def test_a_session_ends_however_busy(caseworker: Browser) -> None:
    start = utcnow()
    for minutes in range(50, 12 * 60, 50):
        with time_machine.travel(start + dt.timedelta(minutes=minutes), tick=False):
            caseworker.get("/help")
    with time_machine.travel(start + dt.timedelta(hours=12, minutes=1), tick=False):
        caseworker.get("/help", status=302)


def test_an_open_page_that_asks_by_itself_keeps_no_session_alive(caseworker: Browser, house: House) -> None:
    start = utcnow()
    for minutes in (20, 40, 59):
        with time_machine.travel(start + dt.timedelta(minutes=minutes), tick=False):
            caseworker.get("/transfer-status", fragment=True)
    with time_machine.travel(start + dt.timedelta(minutes=62), tick=False):
        caseworker.get("/transfer-status", fragment=True, status=401)


def test_being_seen_is_written_once_a_minute(caseworker: Browser) -> None:
    start = utcnow()
    for seconds, seen in ((30, 0), (70, 70), (100, 70), (140, 140)):
        at = start + dt.timedelta(seconds=seconds)
        with time_machine.travel(at, tick=False):
            caseworker.get("/help")
        assert (sessions()[-1].seen_at - start).total_seconds() == pytest.approx(seen, abs=2)


def test_disabling_an_account_ends_what_it_is_doing(caseworker: Browser) -> None:
    account = db.session.query(Account).filter_by(email="caseworker@example.org").one()
    account.disabled_at = utcnow()
    commit()
    caseworker.get("/participants", status=302)


def test_all_sessions_of_an_account_can_be_ended(caseworker: Browser) -> None:
    account_id = sessions()[-1].account_id
    assert account_id is not None
    end_sessions(account_id, utcnow())
    commit()
    caseworker.get("/participants", status=302)


def test_old_sessions_are_forgotten(caseworker: Browser) -> None:
    assert forget_sessions(utcnow() + dt.timedelta(hours=13), limit_hours=12) == 1
    commit()
    assert sessions() == []


def test_reading_writes_nothing(caseworker: Browser) -> None:
    before = [(item.id, item.seen_at) for item in sessions()]
    caseworker.get("/participants")
    assert [(item.id, item.seen_at) for item in sessions()] == before
