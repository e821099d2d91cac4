"""Administrators manage accounts; one-time links set passwords; one's own password and sessions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from flask import Flask

from portal.accounts.links import VALID_HOURS
from portal.core.database import commit, db, utcnow
from portal.domain.accounts import Account, LoginSession, OneTimeLink, Role
from portal.domain.permissions import GRANTED
from tests.support.factories import House, looking, make_account
from tests.support.pages import PASSWORD, Browser, Page

SignedIn = Callable[[str], Browser]
NEW = "Dreizehn Kraniche im Nebel"
TYPED = {
    "email": "neu@example.org",
    "name": "Nora Neu",
    "initials": "NN",
    "role": "caseworker",
    "mediator": "",
}


def account_of(name: str) -> Account:
    with looking():
        return db.session.query(Account).filter_by(email=f"{name}@example.org").one()


def link_on(page: Page) -> str:
    return page.text_of("link").removeprefix("http://localhost")


@pytest.fixture
def administrator(signed_in: SignedIn) -> Browser:
    return signed_in("administrator")


def create(administrator: Browser, **values: str) -> Page:
    administrator.get("/accounts/new")
    return administrator.submit("/accounts", status=200, **(TYPED | values))


def test_the_list_has_the_tenants_accounts_alone(administrator: Browser, house: House) -> None:
    text = administrator.get("/accounts").text
    assert "caseworker@example.org" in text
    assert "stranger@example.org" not in text
    assert "support@example.org" not in text


def test_a_new_account_gets_in_by_its_link_and_a_password(administrator: Browser, sqlite_app: Flask) -> None:
    link = link_on(create(administrator))
    assert "Link offen" in administrator.get("/accounts").text
    person = Browser(sqlite_app)
    assert "Nora Neu" in person.get(link).text
    person.get(link)  # looking does not use it up
    assert person.submit(link, password=NEW).location == "/sign-in"
    person.sign_in("neu@example.org", NEW)
    assert person.get("/participants")
    assert "Dieser Link gilt nicht mehr" in person.get(link, status=409).text
    assert "Zuletzt angemeldet" in administrator.get("/accounts").text
    assert account_of("neu").signed_in_at is not None


def test_nobody_signs_in_before_a_password_is_set(administrator: Browser, browser: Browser) -> None:
    create(administrator)
    browser.get("/sign-in")
    browser.submit("/sign-in", status=422, email="neu@example.org", password="")
    browser.submit("/sign-in", status=422, email="neu@example.org", password=NEW)


def test_a_newer_link_makes_the_older_void_and_time_does(administrator: Browser, browser: Browser) -> None:
    first = link_on(create(administrator))
    number = account_of("neu").id
    administrator.get(f"/accounts/{number}")
    second = link_on(administrator.submit(f"/accounts/{number}/link", status=200))
    browser.get(first, status=409)
    browser.get(second)
    with time_machine.travel(utcnow() + dt.timedelta(hours=VALID_HOURS, minutes=1)):
        browser.get(second, status=409)


def test_a_link_that_never_was_says_no_more(browser: Browser, house: House) -> None:
    assert "Dieser Link gilt nicht mehr" in browser.get("/set-password/x", status=409).text


def test_only_the_hash_of_a_link_is_kept(administrator: Browser) -> None:
    token = link_on(create(administrator)).rpartition("/")[2]
    with looking():
        kept = db.session.query(OneTimeLink).one()
    assert token.encode() not in kept.token_hash
    assert len(kept.token_hash) == 32


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"email": "caseworker@example.org"}, "E-Mail-Adresse gibt es schon"),
        ({"email": "stranger@example.org"}, "E-Mail-Adresse gibt es schon"),
        ({"email": "nobody"}, "keine E-Mail-Adresse"),
        ({"email": "eva@-bücher-.example"}, "keine E-Mail-Adresse"),
        ({"email": f"eva@{'ü' * 64}.example"}, "keine E-Mail-Adresse"),
        ({"email": "jörg@bücher.example"}, "Vor dem @ dürfen keine Umlaute stehen"),
        ({"name": " "}, "1 bis 200 Zeichen"),
        ({"initials": "CAS"}, "Kürzel gibt es hier schon"),
        ({"initials": "x" * 21}, "1 bis 20 Zeichen"),
        ({"role": "support"}, "Diese Rolle gibt es nicht"),
        ({"role": "boss"}, "Diese Rolle gibt es nicht"),
        ({"mediator": "V-9"}, "Vermittler/in"),
    ],
)
def test_what_does_not_fit_is_said_and_what_was_typed_stays(
    administrator: Browser, values: dict[str, str], sentence: str
) -> None:
    administrator.get("/accounts/new")
    page = administrator.submit("/accounts", status=422, **(TYPED | values))
    assert sentence in page.text
    wanted = (TYPED | values)["email"]
    assert page.find("input", id="email").get("value") == wanted


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("eva@bücher.example", "EVA@xn--bcher-kva.example"),
        ("eva@xn--bcher-kva.example", "eva@Bücher.example"),
    ],
)
def test_an_address_is_the_same_however_its_domain_is_written(
    administrator: Browser, first: str, second: str
) -> None:
    """Browsers make xn-- of an umlaut that is typed into a field for addresses, others send it as it is."""
    create(administrator, email=first)
    administrator.get("/accounts/new")
    page = administrator.submit("/accounts", status=422, **(TYPED | {"email": second, "initials": "XX"}))
    assert "E-Mail-Adresse gibt es schon" in page.text


def test_a_role_and_a_mediator_are_given(administrator: Browser, house: House, signed_in: SignedIn) -> None:
    colleague, number = signed_in("colleague"), account_of("colleague").id
    colleague.get("/settings", status=403)
    administrator.get(f"/accounts/{number}")
    administrator.submit(
        f"/accounts/{number}", name="Karla", initials="KK", role="administrator", mediator="V-1"
    )
    changed = account_of("colleague")
    assert (changed.name, changed.initials, changed.role, changed.mediator_id) == (
        *("Karla", "KK", Role.ADMINISTRATOR),
        house.mediator,
    )
    colleague.get("/settings", status=302)  # another role wants another sign-in
    colleague.sign_in("colleague@example.org")
    colleague.get("/settings")


def test_another_name_ends_no_session(administrator: Browser, signed_in: SignedIn) -> None:
    colleague, number = signed_in("colleague"), account_of("colleague").id
    administrator.get(f"/accounts/{number}")
    administrator.submit(f"/accounts/{number}", name="Karla", initials="KK", role="caseworker", mediator="")
    assert "Karla" in colleague.get("/account").text


def test_disabling_ends_sessions_and_links_at_once(
    administrator: Browser, signed_in: SignedIn, browser: Browser
) -> None:
    caseworker, number = signed_in("caseworker"), account_of("caseworker").id
    administrator.get(f"/accounts/{number}")
    link = link_on(administrator.submit(f"/accounts/{number}/link", status=200))
    administrator.get(f"/accounts/{number}")
    administrator.submit(f"/accounts/{number}/disable")
    caseworker.get("/participants", status=302)
    browser.get(link, status=409)
    browser.get("/sign-in")
    browser.submit("/sign-in", status=422, email="caseworker@example.org", password=PASSWORD)
    administrator.get(f"/accounts/{number}")
    administrator.submit(f"/accounts/{number}/enable")
    browser.sign_in("caseworker@example.org")
    caseworker.get("/participants", status=302)  # a session that ended stays ended


def test_the_last_administrator_stays_and_nobody_locks_themselves_out(
    administrator: Browser, signed_in: SignedIn
) -> None:
    number = account_of("administrator").id
    page = administrator.get(f"/accounts/{number}")
    assert "Sperren" not in page.buttons()
    token = page.form(f"/accounts/{number}")
    said = administrator.post(f"/accounts/{number}/disable", token, status=409)
    assert "eigene Konto" in said.text
    values = {"name": "A", "initials": "ADM", "role": "caseworker"}
    administrator.get(f"/accounts/{number}")
    assert "eigene Rolle" in administrator.submit(f"/accounts/{number}", status=422, **values).text
    support = signed_in("support")
    token = support.get(f"/accounts/{number}").form(f"/accounts/{number}")
    assert (
        "letzte offene Administration" in support.post(f"/accounts/{number}/disable", token, status=409).text
    )
    assert account_of("administrator").role is Role.ADMINISTRATOR


@pytest.mark.parametrize("action", ["", "/disable", "/enable", "/link"])
def test_another_tenants_accounts_do_not_exist(administrator: Browser, action: str) -> None:
    number, token = account_of("stranger").id, administrator.get("/accounts/new").form("/accounts")
    administrator.post(f"/accounts/{number}{action}", token | TYPED, status=404)
    administrator.get(f"/accounts/{account_of('support').id}", status=404)


@pytest.mark.parametrize("role", ["caseworker", "supervisor"])
def test_others_manage_no_accounts(signed_in: SignedIn, role: str) -> None:
    signed_in(role).get("/accounts", status=403)


# --- one's own ----------------------------------------------------------------------------------------------


def test_another_password_ends_every_other_session_and_renews_this_one(
    signed_in: SignedIn, browser: Browser
) -> None:
    here, elsewhere = signed_in("caseworker"), signed_in("caseworker")
    before = here.client.get_cookie("session")
    here.get("/account")
    here.submit("/account/password", old=PASSWORD, new=NEW)
    assert "Das Passwort ist geändert" in here.follow().text
    after = here.client.get_cookie("session")
    assert before is not None and after is not None and before.value != after.value
    elsewhere.get("/account", status=302)
    here.client.set_cookie("session", before.value)
    here.get("/account", status=302)
    browser.get("/sign-in")
    browser.submit("/sign-in", status=422, email="caseworker@example.org", password=PASSWORD)
    browser.sign_in("caseworker@example.org", NEW)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("wrong", NEW, "Das bisherige Passwort stimmt nicht"),
        (PASSWORD, "zu kurz!", "mindestens"),
        (PASSWORD, "x" * 1001, "höchstens"),
        (PASSWORD, "123456789012", "leicht zu erraten"),
        (PASSWORD, "Passwort2026!", "leicht zu erraten"),
        (PASSWORD, "Caseworker2026", "leicht zu erraten"),
        (PASSWORD, "Sommerferien26", "leicht zu erraten"),
        (PASSWORD, "caseworker@example.org", "leicht zu erraten"),
        (PASSWORD, "Alpha-Alpha-26", "leicht zu erraten"),
    ],
)
def test_a_password_that_does_not_do_is_refused(
    signed_in: SignedIn, old: str, new: str, sentence: str
) -> None:
    browser = signed_in("caseworker")
    browser.get("/account")
    page = browser.submit("/account/password", status=422, old=old, new=new)
    assert sentence in page.text
    assert new not in page.html
    browser.get("/account")


def test_support_keeps_its_tenant_through_another_password(signed_in: SignedIn) -> None:
    support = signed_in("support")
    support.get("/account")
    support.submit("/account/password", old=PASSWORD, new=NEW)
    assert "Adam, Eva" in support.get("/participants").text


def test_sessions_are_listed_and_ended_one_by_one(signed_in: SignedIn) -> None:
    here, elsewhere = signed_in("caseworker"), signed_in("caseworker")
    page = here.get("/account")
    assert "diese hier" in page.text
    with looking():
        number = account_of("caseworker").id
        rows = (
            db.session.query(LoginSession)
            .filter_by(account_id=number, ended_at=None)
            .order_by(LoginSession.id)
        )
        other = [row.id for row in rows][1]
    here.submit(f"/account/sessions/{other}/end")
    elsewhere.get("/account", status=302)
    here.get("/account")


def test_all_other_sessions_are_ended_at_once(signed_in: SignedIn) -> None:
    here, others = signed_in("caseworker"), [signed_in("caseworker") for _ in range(2)]
    here.get("/account")
    here.submit("/account/sessions/end-others")
    for other in others:
        other.get("/account", status=302)
    assert "Alle anderen beenden" not in here.get("/account").buttons()


def test_somebody_elses_session_cannot_be_ended(signed_in: SignedIn) -> None:
    here, victim = signed_in("caseworker"), signed_in("colleague")
    with looking():
        number = account_of("colleague").id
        session = db.session.query(LoginSession).filter_by(account_id=number, ended_at=None).one().id
    token = here.get("/account").form("/account/password")
    here.post(f"/account/sessions/{session}/end", token, status=404)
    victim.get("/account")


def test_the_browser_of_a_session_is_named(sqlite_app: Flask, house: House) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    browser = Browser(sqlite_app)
    browser.client.environ_base["HTTP_USER_AGENT"] = agent
    browser.sign_in("caseworker@example.org")
    assert "Firefox, Linux" in browser.get("/account").text


def test_the_table_of_roles_is_the_one_that_decides(signed_in: SignedIn) -> None:
    page = signed_in("caseworker").get("/roles")
    assert page.text.count("ja") >= sum(len(granted) for granted in GRANTED.values())


def test_who_only_reads_reads_all_tenants_and_changes_nothing(sqlite_app: Flask, house: House) -> None:
    make_account("reader", Role.SUPPORT_READER, None)
    commit()
    reader = Browser(sqlite_app)
    reader.sign_in("reader@example.org")
    reader.get("/tenants")
    reader.submit("/tenants/alpha")
    page = reader.get(f"/participants/{house.eva}")
    assert "Für das Jobnetzwerk freigeben" not in page.buttons()
    token = reader.get("/account").form("/account/password")
    reader.post(f"/participants/{house.eva}/release", token, status=403)
    reader.get("/operations")
    reader.get("/accounts", status=403)
    reader.get("/audit")
