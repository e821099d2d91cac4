"""The second factor: set up, asked for in a second step, each code once, lost and reset, demanded by the operator."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pyotp
import pytest
import time_machine
from flask import Flask

from portal.accounts.codes import matching_step, new_secret
from portal.core.database import db, utcnow
from portal.core.settings import current_settings
from portal.domain.accounts import Account, RecoveryCode, SecondFactor
from portal.domain.audit import AuditEntry
from tests.support.database import make_settings, running_app
from tests.support.factories import House, looking
from tests.support.pages import PASSWORD, Browser, Page
from tests.support.second_factor import Phone

SignedIn = Callable[[str], Browser]
PATH = "/account/second-factor"


def rows(kind: type[SecondFactor | RecoveryCode]) -> list[SecondFactor | RecoveryCode]:
    with looking():
        return list(db.session.query(kind).order_by(kind.id))


def events() -> list[str]:
    with looking():
        return [entry.event.value for entry in db.session.query(AuditEntry).order_by(AuditEntry.id)]


@pytest.fixture
def phone(signed_in: SignedIn) -> Iterator[Phone]:
    """The caseworker's device, set up; time stands still, and goes on when the device waits for its next code."""
    with time_machine.travel(utcnow(), tick=False) as clock:
        yield Phone.set_up(signed_in("caseworker"), clock)


def first_step(app: Flask, name: str = "caseworker", **more: str) -> Browser:
    browser = Browser(app)
    browser.get("/sign-in")
    answer = browser.submit("/sign-in", email=f"{name}@example.org", password=PASSWORD, **more)
    assert answer.location == "/sign-in/code"
    browser.follow()
    return browser


def code(browser: Browser, typed: str, status: int = 303) -> Page:
    return browser.submit("/sign-in/code", status=status, code=typed)


# --- set up ---------------------------------------------------------------------------------------------------


def test_setting_up_wants_the_password_and_a_first_code(signed_in: SignedIn) -> None:
    browser = signed_in("caseworker")
    browser.get(PATH)
    page = browser.submit(f"{PATH}/begin", status=422, password="wrong")
    assert "autofocus" in page.by_id("password").attrib  # where it is to be mended
    assert "Passwort stimmt nicht" in page.text
    browser.submit(f"{PATH}/begin", password=PASSWORD)
    page = browser.follow()
    secret = page.text_of("secret").replace(" ", "")
    assert len(secret) == 32
    browser.submit(f"{PATH}/confirm", status=422, code="000000")
    Browser(browser.client.application).sign_in("caseworker@example.org")  # nothing is asked for yet
    browser.get(PATH)
    page = browser.submit(f"{PATH}/confirm", status=200, code=pyotp.TOTP(secret).now())
    assert len(page.text_of("codes").split()) == 10
    assert "Eingerichtet" in browser.get(PATH).text
    assert "Geheimnis" not in browser.last.text if browser.last else False
    assert "second-factor-set" in events()


def test_the_picture_carries_the_secret_and_is_kept_nowhere(signed_in: SignedIn) -> None:
    browser = signed_in("caseworker")
    browser.get(f"{PATH}/picture.svg", status=404)
    browser.get(PATH)
    browser.submit(f"{PATH}/begin", password=PASSWORD)
    answer = browser.get(f"{PATH}/picture.svg").response
    assert answer.mimetype == "image/svg+xml"
    assert answer.headers["Cache-Control"] == "no-store"
    assert b"<svg" in answer.data and b"style=" not in answer.data
    browser.get(PATH)
    secret = browser.last.text_of("secret").replace(" ", "") if browser.last else ""
    browser.submit(f"{PATH}/confirm", status=200, code=pyotp.TOTP(secret).now())
    browser.get(f"{PATH}/picture.svg", status=404)  # once confirmed, nobody sees it again


def test_the_secret_is_encrypted_for_its_row_and_codes_are_hashed(phone: Phone) -> None:
    (factor,) = rows(SecondFactor)
    assert isinstance(factor, SecondFactor)
    assert phone.secret.encode() not in factor.secret_encrypted
    assert len(rows(RecoveryCode)) == 10
    for kept in rows(RecoveryCode):
        assert isinstance(kept, RecoveryCode)
        assert not any(shown.replace("-", "").encode() in kept.code_hash for shown in phone.recovery)


def test_setting_up_ends_other_sessions_and_renews_this_one(signed_in: SignedIn) -> None:
    here, elsewhere = signed_in("caseworker"), signed_in("caseworker")
    before = here.client.get_cookie("session")
    with time_machine.travel(utcnow(), tick=False) as clock:
        Phone.set_up(here, clock)
        elsewhere.get("/account", status=302)
        here.get("/account")
    after = here.client.get_cookie("session")
    assert before is not None and after is not None and before.value != after.value


# --- two steps ------------------------------------------------------------------------------------------------


def test_signing_in_takes_two_steps_and_leads_where_one_wanted(phone: Phone, sqlite_app: Flask) -> None:
    browser = Browser(sqlite_app)
    browser.get("/participants?status=online", status=302)
    browser.follow()
    browser.submit("/sign-in", email="caseworker@example.org", password=PASSWORD)
    page = browser.follow()
    field = page.by_id("code")
    assert (field.get("autocomplete"), field.get("inputmode")) == ("one-time-code", "numeric")
    browser.get("/participants", status=302)  # half in is not in
    browser.get("/sign-in/code")
    assert code(browser, phone.next_code()).location == "/participants?status=online"
    browser.follow()


def test_each_step_gets_a_session_of_its_own(phone: Phone, sqlite_app: Flask) -> None:
    browser = Browser(sqlite_app)
    seen = set()
    for step in (
        lambda: browser.get("/sign-in"),
        lambda: browser.submit("/sign-in", email="caseworker@example.org", password=PASSWORD),
        lambda: (browser.follow(), code(browser, phone.next_code())),
    ):
        step()
        cookie = browser.client.get_cookie("session")
        assert cookie is not None
        seen.add(cookie.value)
    assert len(seen) == 3


def test_codes_may_be_typed_with_spaces(phone: Phone, sqlite_app: Flask) -> None:
    typed = phone.next_code()
    assert code(first_step(sqlite_app), f" {typed[:3]} {typed[3:]} ").location == "/"


def test_the_second_step_alone_leads_to_the_first(browser: Browser, house: House) -> None:
    assert browser.get("/sign-in/code", status=303).location == "/sign-in"
    token = browser.get("/sign-in").form("/sign-in")
    assert browser.post("/sign-in/code", token | {"code": "123456"}).location == "/sign-in"


def test_a_code_counts_once(phone: Phone, sqlite_app: Flask) -> None:
    typed = phone.next_code()
    code(first_step(sqlite_app), typed)
    page = code(first_step(sqlite_app), typed, status=422)
    assert "jeder gilt nur einmal" in page.text


def test_the_code_of_the_set_up_is_used_up_too(phone: Phone, sqlite_app: Flask) -> None:
    code(first_step(sqlite_app), pyotp.TOTP(phone.secret).at(utcnow()), status=422)


def test_codes_of_the_neighbouring_steps_count_and_no_others() -> None:
    secret, now = new_secret(), dt.datetime(2026, 3, 2, 9, 0, 15, tzinfo=dt.UTC)
    step = int(now.timestamp()) // 30
    for away in range(-3, 4):
        typed = pyotp.TOTP(secret).at(now + dt.timedelta(seconds=30 * away))
        assert matching_step(secret, typed, now, None) == (step + away if abs(away) <= 1 else None)
    assert matching_step(secret, pyotp.TOTP(secret).at(now), now, step) is None


def test_the_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B: the last six of its eight digits for SHA-1."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for seconds, typed in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        at = dt.datetime.fromtimestamp(seconds, dt.UTC)
        assert matching_step(secret, typed, at, None) == seconds // 30


def test_after_five_wrong_codes_one_begins_anew(phone: Phone, sqlite_app: Flask) -> None:
    browser = first_step(sqlite_app)
    for _ in range(4):
        code(browser, "000000", status=422)
    assert "zu viele falsche Codes" in code(browser, "000000", status=422).text
    assert browser.get("/sign-in/code", status=303).location == "/sign-in"


def test_half_a_sign_in_is_void_after_ten_minutes(phone: Phone, sqlite_app: Flask) -> None:
    browser = first_step(sqlite_app)
    phone.clock.shift(dt.timedelta(minutes=11))
    token = browser.last.form("/sign-in/code") if browser.last else {}
    assert browser.post("/sign-in/code", token | {"code": phone.next_code()}).location == "/sign-in"
    browser.get("/account", status=302)


@pytest.mark.parametrize("change", ["disable", "link"])
def test_half_a_sign_in_is_void_once_the_account_changes(
    phone: Phone, sqlite_app: Flask, signed_in: SignedIn, change: str
) -> None:
    browser, administrator = first_step(sqlite_app), signed_in("administrator")
    with looking():
        number = db.session.query(Account).filter_by(email="caseworker@example.org").one().id
    administrator.get(f"/accounts/{number}")
    page = administrator.submit(f"/accounts/{number}/{change}", status=200 if change == "link" else 303)
    if change == "link":
        link = page.text_of("link").removeprefix("http://localhost")
        other = Browser(sqlite_app)
        other.get(link)
        other.submit(link, password="Dreizehn Kraniche im Nebel")
    assert code(browser, phone.next_code()).location == "/sign-in"
    browser.get("/account", status=302)


# --- lost -----------------------------------------------------------------------------------------------------


def test_a_recovery_code_lets_in_once(phone: Phone, sqlite_app: Flask) -> None:
    typed = phone.recovery[3].upper()
    browser = first_step(sqlite_app)
    assert code(browser, typed).location == "/"
    assert "Noch 9 Wiederherstellungscodes übrig" in browser.get("/account").text
    code(first_step(sqlite_app), typed, status=422)
    assert "recovery-code-used" in events()


def test_renewed_recovery_codes_void_the_old_ones(phone: Phone, sqlite_app: Flask) -> None:
    phone.browser.get(PATH)
    page = phone.browser.submit(f"{PATH}/codes", status=200, password=PASSWORD, code=phone.next_code())
    fresh = page.text_of("codes").split()
    assert not set(fresh) & set(phone.recovery)
    code(first_step(sqlite_app), phone.recovery[0], status=422)
    assert code(first_step(sqlite_app), fresh[0]).location == "/"


@pytest.mark.parametrize(("password", "typed"), [("wrong", None), (PASSWORD, "000000")])
def test_turning_off_wants_password_and_code(phone: Phone, password: str, typed: str | None) -> None:
    phone.browser.get(PATH)
    token = phone.browser.last.form(f"{PATH}/codes") if phone.browser.last else {}
    data = token | {"password": password, "code": typed or phone.next_code()}
    phone.browser.post(f"{PATH}/off", data, status=422)
    assert rows(SecondFactor)


def test_turned_off_the_password_is_enough_again(phone: Phone, sqlite_app: Flask) -> None:
    phone.browser.get(PATH)
    token = phone.browser.last.form(f"{PATH}/codes") if phone.browser.last else {}
    phone.browser.post(f"{PATH}/off", token | {"password": PASSWORD, "code": phone.next_code()})
    assert "ausgeschaltet" in phone.browser.follow().text
    Browser(sqlite_app).sign_in("caseworker@example.org")
    assert rows(RecoveryCode) == []
    assert "second-factor-removed" in events()


def test_an_administrator_resets_it_for_others(phone: Phone, signed_in: SignedIn, sqlite_app: Flask) -> None:
    administrator = signed_in("administrator")
    with looking():
        number = db.session.query(Account).filter_by(email="caseworker@example.org").one().id
    administrator.get(f"/accounts/{number}")
    administrator.submit(f"/accounts/{number}/reset-second-factor")
    phone.browser.get("/account", status=302)
    Browser(sqlite_app).sign_in("caseworker@example.org")
    with looking():
        entry = db.session.query(AuditEntry).filter_by(event="second-factor-reset").one()
    assert (entry.subject, entry.subject_id, entry.by) == ("account", number, "ADM")


def test_nobody_resets_their_own(signed_in: SignedIn) -> None:
    administrator = signed_in("administrator")
    with time_machine.travel(utcnow(), tick=False) as clock:
        Phone.set_up(administrator, clock)
        with looking():
            number = db.session.query(Account).filter_by(email="administrator@example.org").one().id
        page = administrator.get(f"/accounts/{number}")
        assert "Zweiten Faktor zurücksetzen" not in page.buttons()
        token = page.form(f"/accounts/{number}")
        administrator.post(f"/accounts/{number}/reset-second-factor", token, status=409)
    assert rows(SecondFactor)


def test_another_password_does_not_go_past_it(phone: Phone, signed_in: SignedIn, sqlite_app: Flask) -> None:
    phone.browser.get("/account")
    phone.browser.submit("/account/password", old=PASSWORD, new="Dreizehn Kraniche im Nebel")
    browser = Browser(sqlite_app)
    browser.get("/sign-in")
    answer = browser.submit("/sign-in", email="caseworker@example.org", password="Dreizehn Kraniche im Nebel")
    assert answer.location == "/sign-in/code"


# --- demanded -------------------------------------------------------------------------------------------------


@pytest.fixture
def strict_app(sqlite_app: Flask) -> Flask:
    """The operator demands a second factor of support."""
    settings = current_settings().model_copy(update={"second_factor_for": "support"})
    sqlite_app.extensions["jobbruecke_settings"] = settings
    return sqlite_app


def test_who_must_have_one_sets_it_up_first_and_sees_nothing_before(strict_app: Flask, house: House) -> None:
    browser = Browser(strict_app)
    browser.get("/operations", status=302)
    browser.sign_in("support@example.org")
    for path in ("/operations", "/tenants", "/account", "/roles", f"/participants/{house.eva}"):
        assert browser.get(path, status=302).location == PATH
        answer = browser.get(path, fragment=True, status=403).response
        assert answer.headers["HX-Redirect"] == PATH
    page = browser.get(PATH)
    assert "vorgeschrieben" in page.text
    token = page.form(f"{PATH}/begin")
    assert browser.post("/tenants/alpha", token, status=302).location == PATH
    with time_machine.travel(utcnow(), tick=False) as clock:
        phone = Phone.set_up(browser, clock)
        assert phone.onward == f"/participants/{house.eva}"
        browser.get("/operations")


def test_the_demand_counts_in_sessions_that_are_open(signed_in: SignedIn, sqlite_app: Flask) -> None:
    support, caseworker = signed_in("support"), signed_in("caseworker")
    support.get("/participants")
    settings = current_settings().model_copy(update={"second_factor_for": "support"})
    sqlite_app.extensions["jobbruecke_settings"] = settings
    assert support.get("/participants", status=302).location == PATH
    caseworker.get("/participants")
    sqlite_app.extensions["jobbruecke_settings"] = settings.model_copy(
        update={"second_factor_for": "everybody"}
    )
    assert caseworker.get("/participants", status=302).location == PATH


def test_the_setting_knows_three_words(sqlite_url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="second_factor_for"):
        make_settings(sqlite_url, tmp_path, second_factor_for="some")
    with running_app(make_settings(sqlite_url, tmp_path, second_factor_for="support")):
        assert current_settings().second_factor_for == "support"
