"""Guessing passwords, and which accounts there are: slowed, never locked for ever, and the same answer for all."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from flask import Flask
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from portal.accounts import passwords
from portal.core.database import commit, db, utcnow
from portal.domain.accounts import Account
from tests.support.factories import House
from tests.support.pages import PASSWORD, Browser
from tests.support.web_server import WebServer

WRONG = "E-Mail und Passwort passen nicht zusammen."


def guess(
    server: WebServer, address: str, tries: Iterable[dict[str, str]], hands: int = 4
) -> tuple[Counter[int], int]:
    """Send all of these to the form of signing in, several at a time; what was answered, and in how many minutes."""
    start, waiting, answers = time.monotonic(), iter(list(tries)), Counter[int]()
    lock = threading.Lock()

    def one_hand() -> None:
        attacker = server.visitor(address)
        form = attacker.form("/sign-in", "/sign-in")
        while True:
            with lock:
                typed = next(waiting, None)
            if typed is None:
                return
            status = attacker.post("/sign-in", form | typed).status_code
            with lock:
                answers[status] += 1

    with ThreadPoolExecutor(hands) as pool:
        for done in [pool.submit(one_hand) for _ in range(hands)]:
            done.result()
    return answers, int((time.monotonic() - start) // 60)


@pytest.mark.processes
@pytest.mark.parametrize(
    ("many", "name", "address"),
    [
        (100, "caseworker0", "198.51.100.1"),
        pytest.param(1000, "caseworker4", "198.51.100.2", marks=pytest.mark.thorough),
    ],
)
def test_many_passwords_on_one_account_from_one_address(
    server: WebServer, many: int, name: str, address: str
) -> None:
    """All but the first few are not even looked at, and the owner, elsewhere, notices nothing."""
    tries = [{"email": f"{name}@example.org", "password": f"guess {number}"} for number in range(many)]
    answers, minutes = guess(server, address, tries)
    assert set(answers) == {422, 429} and answers.total() == many
    assert (
        5 <= answers[422] <= 5 * (minutes + 1) + 3
    )  # who is let through at the same moment is counted after it
    assert server.visitor("192.0.2.1").sign_in(name).status_code == 303


@pytest.mark.processes
def test_passwords_from_many_addresses_are_slowed_together_and_for_minutes_only(server: WebServer) -> None:
    answers: Counter[int] = Counter()
    for number in range(36):
        attacker = server.visitor(f"198.51.100.{number + 10}")
        answer = attacker.sign_in("caseworker1", f"guess {number}")
        answers[answer.status_code] += 1
    assert answers == {422: 30, 429: 6}
    assert 0 < int(answer.headers["Retry-After"]) <= 600
    assert server.visitor().sign_in("caseworker2").status_code == 303


@pytest.mark.processes
@pytest.mark.thorough
@pytest.mark.parametrize(("many", "address"), [(100, "198.51.100.200"), (500, "198.51.100.201")])
def test_one_password_on_many_accounts(server: WebServer, many: int, address: str) -> None:
    """Each has its first try; together they are too many for one address. Nobody's own sign-in suffers."""
    tries = ({"email": f"person{number}@example.org", "password": "Sommer2026!!"} for number in range(many))
    answers, _ = guess(server, address, tries)
    assert set(answers) == {422, 429} and answers.total() == many
    assert 60 <= answers[422] <= 63
    assert server.visitor("192.0.2.2").sign_in("caseworker3").status_code == 303


def test_the_limit_ends_by_itself(sqlite_app: Flask, house: House) -> None:
    """However long somebody guesses: a quiet while later the right password is let in."""
    browser, start = Browser(sqlite_app), utcnow()
    with time_machine.travel(start, tick=False) as clock:
        for _ in range(8):
            form = browser.get("/sign-in").form("/sign-in")
            for _ in range(6):
                browser.ask("POST", "/sign-in", form | {"email": "caseworker@example.org", "password": "no"})
            clock.shift(dt.timedelta(seconds=61))
        clock.shift(dt.timedelta(minutes=10))
        browser.sign_in("caseworker@example.org")
        browser.get("/account")


@pytest.fixture
def disabled(house: House) -> None:
    db.session.query(Account).filter_by(email="colleague@example.org").one().disabled_at = utcnow()
    commit()


EMAILS = ("caseworker@example.org", "nobody@example.org", "colleague@example.org")


def test_the_answer_is_the_same_to_the_letter(sqlite_app: Flask, disabled: None) -> None:
    """For an account that is there, one that is not, and one that is disabled."""
    pages = set()
    for email in EMAILS:
        browser = Browser(sqlite_app)
        browser.get("/sign-in")
        page = browser.submit("/sign-in", status=422, email=email, password="wrong password")
        assert WRONG in page.text
        pages.add(re.sub(r'name="csrf_token" value="[^"]*"', "", page.html).replace(email, "EMAIL"))
    assert len(pages) == 1


def test_the_work_is_the_same(sqlite_app: Flask, disabled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """One Argon2id of the same size for each: what takes the time does not tell accounts apart."""
    done: list[str] = []
    check = passwords._hasher.verify_and_update

    def noted(password: str, stored: str) -> tuple[bool, str | None]:
        done.append(stored.rsplit("$", 2)[0])
        return check(password, stored)

    monkeypatch.setattr(passwords._hasher, "verify_and_update", noted)
    for email in EMAILS:
        browser = Browser(sqlite_app)
        browser.get("/sign-in")
        browser.submit("/sign-in", status=422, email=email, password="wrong password")
    assert len(done) == 3 and len(set(done)) == 1
    assert done[0].startswith("$argon2id$")


def test_a_hash_costs_the_thief_what_owasp_asks_for() -> None:
    """Argon2id with 19 MiB and two passes at least, in a process as it runs: in this one tests made it cheaper."""
    code = "from portal.accounts.passwords import hash_password; print(hash_password('a password'))"
    stored = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    found = re.match(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=\d+\$", stored)
    assert found is not None and int(found[1]) >= 19 * 1024 and int(found[2]) >= 2


def test_an_older_hash_is_made_anew_at_the_next_sign_in(sqlite_app: Flask, house: House) -> None:
    weak = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=1024),)).hash(PASSWORD)
    account = db.session.query(Account).filter_by(email="caseworker@example.org").one()
    account.password_hash = weak
    commit()
    Browser(sqlite_app).sign_in("caseworker@example.org")
    db.session.rollback()
    db.session.refresh(account)
    assert account.password_hash != weak and "m=1024" not in account.password_hash
    db.session.rollback()
    Browser(sqlite_app).sign_in("caseworker@example.org")


def test_an_umlaut_is_the_same_however_the_keyboard_composes_it() -> None:
    stored = passwords.hash_password("Bru\u0308cken u\u0308ber Flu\u0308sse")
    assert passwords.verify_password("Br\u00fccken \u00fcber Fl\u00fcsse", stored)
    assert not passwords.verify_password("Brucken uber Flusse", stored)


def test_the_old_password_is_not_guessed_in_a_stolen_session(sqlite_app: Flask, house: House) -> None:
    browser = Browser(sqlite_app)
    browser.sign_in("caseworker@example.org")
    form = browser.get("/account").form("/account/password") | {"new": "Dreizehn Kraniche im Nebel"}
    for number in range(10):
        browser.post("/account/password", form | {"old": f"guess {number}"}, status=422)
    browser.post("/account/password", form | {"old": PASSWORD}, status=429)


def test_a_one_time_link_is_not_found_by_trying(sqlite_app: Flask, house: House) -> None:
    browser = Browser(sqlite_app)
    answers = Counter(
        browser.ask("GET", f"/set-password/{'x' * 42}{number % 10}").status_code for number in range(65)
    )
    assert answers == {409: 60, 429: 5}
    form = browser.get("/sign-in").form("/sign-in") | {"password": "Dreizehn Kraniche im Nebel"}
    answers = Counter(browser.ask("POST", "/set-password/nothing", form).status_code for _ in range(25))
    assert answers == {409: 20, 429: 5}
