"""Sessions that somebody stole, planted or kept: they live on the server, and die there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from flask import Flask

from portal.core.database import db, utcnow
from portal.domain.accounts import Account, LoginSession
from tests.support.factories import House, looking
from tests.support.pages import PASSWORD, Browser
from tests.support.web_server import Visitor, WebServer

SignedIn = Callable[[str], Browser]
NEW = "Dreizehn Kraniche im Nebel"


def number_of(name: str) -> int:
    with looking():
        found: int = db.session.query(Account).filter_by(email=f"{name}@example.org").one().id
    return found


def thief_of(server: WebServer, victim: Visitor) -> Visitor:
    """Somebody else with the victim's cookie."""
    thief = server.visitor("198.51.100.66")
    thief.cookie = victim.cookie
    return thief


@pytest.mark.processes
def test_a_planted_number_is_not_taken_over(server: WebServer) -> None:
    """Fixation: neither one that the attacker made up, nor one that he got from us."""
    attacker = server.visitor("198.51.100.66")
    attacker.get("/sign-in")
    for planted in ("a" * 43, attacker.cookie):
        victim = server.visitor()
        victim.cookie = planted
        assert victim.sign_in("caseworker4").status_code == 303
        assert victim.is_in() and victim.cookie != planted
        attacker.cookie = planted
        assert not attacker.is_in()


@pytest.mark.processes
def test_a_cookie_is_dead_after_sign_out(server: WebServer) -> None:
    victim = server.visitor()
    victim.sign_in("caseworker5")
    thief = thief_of(server, victim)
    assert thief.is_in()
    assert victim.submit("/account", "/sign-out").status_code == 303
    assert not thief.is_in()


@pytest.mark.processes
def test_a_cookie_is_dead_after_a_password_change(server: WebServer) -> None:
    victim = server.visitor()
    victim.sign_in("caseworker6")
    thief = thief_of(server, victim)
    assert thief.is_in()
    victim.submit("/account", "/account/password", old=PASSWORD, new=NEW)
    assert victim.is_in() and not thief.is_in()


@pytest.mark.processes
@pytest.mark.parametrize(("name", "change"), [("caseworker7", "disable"), ("caseworker8", "role")])
def test_a_cookie_is_dead_once_the_account_is_disabled_or_gets_another_role(
    server: WebServer, name: str, change: str
) -> None:
    victim, administrator = server.visitor(), server.visitor("192.0.2.9")
    victim.sign_in(name)
    assert victim.is_in()
    administrator.sign_in("administrator")
    page = f"/accounts/{number_of(name)}"
    if change == "disable":
        administrator.submit(page, f"{page}/disable")
    else:
        administrator.submit(page, page, name="N", initials=name[-6:], role="supervisor", mediator="")
    assert not victim.is_in()


@pytest.mark.processes
def test_a_cookie_says_nothing_and_is_not_for_scripts(server: WebServer) -> None:
    answer = server.visitor().get("/sign-in")
    (cookie,) = [item for item in answer.raw.headers.getlist("Set-Cookie") if item.startswith("session=")]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert "Domain" not in cookie and "Max-Age" not in cookie and "Expires" not in cookie
    value = cookie.removeprefix("session=").split(";")[0]
    assert len(value) == 43 and "." not in value  # 256 random bits, and nothing signed or readable


@pytest.mark.parametrize(
    ("minutes", "busy", "alive"), [(59, False, True), (61, False, False), (12 * 60 + 1, True, False)]
)
def test_sessions_end_by_idling_and_for_good(
    sqlite_app: Flask, house: House, minutes: int, busy: bool, alive: bool
) -> None:
    start, browser = utcnow(), Browser(sqlite_app)
    with time_machine.travel(start, tick=False) as clock:
        browser.sign_in("caseworker@example.org")
        for passed in range(50, minutes, 50) if busy else ():
            clock.move_to(start + dt.timedelta(minutes=passed))
            browser.get("/account")
        clock.move_to(start + dt.timedelta(minutes=minutes))
        browser.get("/account", status=200 if alive else 302)


def test_the_list_of_sessions_shows_nothing_of_others(signed_in: SignedIn) -> None:
    here, other = signed_in("caseworker"), signed_in("colleague")
    with looking():
        theirs = {
            row.id for row in db.session.query(LoginSession).filter_by(account_id=number_of("colleague"))
        }
    page = here.get("/account")
    actions = {form.get("action") or "" for form in page.find_all("form")}
    assert not {f"/account/sessions/{number}/end" for number in theirs} & actions
    token = page.form("/account/password")
    for number in theirs:
        here.post(f"/account/sessions/{number}/end", token, status=404)
    here.post("/account/sessions/end-others", token)
    other.get("/account")


def test_a_session_of_nobody_holds_no_rights(browser: Browser, house: House) -> None:
    browser.get("/sign-in")
    for path in ("/participants", "/account", "/accounts", "/operations", "/audit"):
        browser.get(path, status=302)
        browser.get(path, fragment=True, status=401)


def test_the_table_of_sessions_is_worth_nothing_to_a_thief(signed_in: SignedIn, browser: Browser) -> None:
    """Whoever reads the database finds hashes, and a hash lets nobody in."""
    signed_in("caseworker")
    with looking():
        hashes = [row.token_hash.hex() for row in db.session.query(LoginSession)]
    for value in hashes:
        browser.client.set_cookie("session", value)
        browser.get("/account", status=302)
