"""Signing in by an identity provider: a real one in a process of its own, honest and otherwise."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from flask import Flask
from pydantic import SecretStr

from portal.accounts import bounded
from portal.cli.checks import run_checks
from portal.core.database import commit, db, utcnow
from portal.core.settings import Settings, current_settings
from portal.domain.accounts import Account, LinkedIdentity, Role
from portal.domain.audit import AuditEntry
from tests.support.database import make_settings
from tests.support.factories import House, looking, make_account
from tests.support.oidc_provider import CLIENT, SECRET, OidcProvider, running_provider
from tests.support.pages import PASSWORD, Browser, Page
from tests.support.second_factor import Phone

SignedIn = Callable[[str], Browser]


@pytest.fixture(scope="module")
def process() -> Iterator[OidcProvider]:
    with running_provider() as running:
        yield running


@pytest.fixture
def provider(process: OidcProvider, sqlite_app: Flask, house: House) -> OidcProvider:
    """The provider, honest, and the application set to it."""
    process.control(
        person={"sub": "s-1", "email": "caseworker@example.org", "email_verified": True}, mischief=""
    )
    use(sqlite_app, process.issuer)
    return process


def use(app: Flask, issuer: str, **more: object) -> None:
    app.extensions["jobbruecke_settings"] = current_settings().model_copy(
        update={
            "public_url": "http://127.0.0.1:5000",
            "oidc_issuer": issuer,
            "oidc_client_id": CLIENT,
            "oidc_client_secret": SecretStr(SECRET),
            "oidc_name": "Haus-Anmeldung",
            **more,
        }
    )
    app.extensions.pop("jobbruecke_provider", None)


def leave(browser: Browser, address: str = "/sign-in") -> str:
    """Off to the provider: its address."""
    browser.get(address)
    return browser.submit("/sign-in/provider").location


def come_back(browser: Browser, provider: OidcProvider, status: int = 303, address: str = "/sign-in") -> Page:
    back = provider.sign_in(leave(browser, address))
    assert back.startswith("http://127.0.0.1:5000/sign-in/provider/back?")
    return browser.get(back.removeprefix("http://127.0.0.1:5000"), status=status)


def is_in(browser: Browser) -> bool:
    return browser.ask("GET", "/account").status_code == 200


# --- the honest way ----------------------------------------------------------------------------------------------


def test_somebody_known_gets_in_and_back_to_where_they_were(
    provider: OidcProvider, sqlite_app: Flask
) -> None:
    browser = Browser(sqlite_app)
    browser.get("/participants?status=online", status=302)
    assert "Haus-Anmeldung" in browser.follow().text
    address = browser.submit("/sign-in/provider").location
    asked = parse_qs(urlsplit(address).query)
    assert asked["redirect_uri"] == ["http://127.0.0.1:5000/sign-in/provider/back"]
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    before = browser.client.get_cookie("session")
    back = provider.sign_in(address).removeprefix("http://127.0.0.1:5000")
    assert browser.get(back, status=303).location == "/participants?status=online"
    after = browser.client.get_cookie("session")
    assert before is not None and after is not None and before.value != after.value
    assert is_in(browser)
    with looking():
        events = [entry.event.value for entry in db.session.query(AuditEntry).order_by(AuditEntry.id)]
    assert events[-2:] == ["identity-linked", "signed-in"]


def test_the_page_may_send_its_form_to_the_provider_and_others_may_not(
    provider: OidcProvider, browser: Browser
) -> None:
    policy = browser.get("/sign-in").response.headers["Content-Security-Policy"]
    assert f"form-action 'self' {provider.issuer};" in policy
    assert provider.issuer not in browser.get("/accessibility").response.headers["Content-Security-Policy"]


def test_the_subject_counts_once_linked_whatever_the_address_says(
    provider: OidcProvider, sqlite_app: Flask
) -> None:
    come_back(Browser(sqlite_app), provider)
    provider.control(person={"email": "new-name@example.org", "email_verified": False})
    browser = Browser(sqlite_app)
    come_back(browser, provider)
    assert "Caseworker" in browser.get("/account").text


def test_another_person_with_the_same_address_is_nobody(provider: OidcProvider, sqlite_app: Flask) -> None:
    come_back(Browser(sqlite_app), provider)
    provider.control(person={"sub": "s-2"})
    browser = Browser(sqlite_app)
    assert "kein offenes Konto" in come_back(browser, provider, status=403).text
    assert not is_in(browser)


@pytest.mark.parametrize(
    "person",
    [
        {"email": "nobody@example.org"},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": None},
        {"email": "casewor\u212aer@example.org"},
        {"email": ["caseworker@example.org"]},
    ],
)
def test_accounts_are_never_made_and_unverified_addresses_prove_nothing(
    provider: OidcProvider, sqlite_app: Flask, person: dict[str, object]
) -> None:
    provider.control(person=person)
    with looking():
        before = db.session.query(Account).count()
    browser = Browser(sqlite_app)
    assert "kein offenes Konto" in come_back(browser, provider, status=403).text
    assert not is_in(browser)
    with looking():
        assert db.session.query(Account).count() == before
        assert db.session.query(LinkedIdentity).count() == 0


def test_a_disabled_account_stays_shut_and_is_linked_anew_when_opened(
    provider: OidcProvider, sqlite_app: Flask, signed_in: SignedIn
) -> None:
    come_back(Browser(sqlite_app), provider)
    administrator = signed_in("administrator")
    with looking():
        number = db.session.query(Account).filter_by(email="caseworker@example.org").one().id
    administrator.get(f"/accounts/{number}")
    administrator.submit(f"/accounts/{number}/disable")
    come_back(Browser(sqlite_app), provider, status=403)
    administrator.get(f"/accounts/{number}")
    administrator.submit(f"/accounts/{number}/enable")
    provider.control(person={"sub": "s-9"})
    browser = Browser(sqlite_app)
    come_back(browser, provider)
    assert is_in(browser)


def test_the_second_factor_is_asked_for_here_too(provider: OidcProvider, sqlite_app: Flask) -> None:
    with time_machine.travel(utcnow(), tick=False) as clock:
        known = Browser(sqlite_app)
        known.sign_in("caseworker@example.org")
        phone = Phone.set_up(known, clock)
        browser = Browser(sqlite_app)
        assert come_back(browser, provider).location == "/sign-in/code"
        assert not is_in(browser)
        browser.follow()
        browser.submit("/sign-in/code", code=phone.next_code())
        assert is_in(browser)


# --- the provider lies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mischief",
    [
        *(
            "nonce",
            "no-nonce",
            "audience",
            "audiences",
            "issuer",
            "expired",
            "future",
            "no-expiry",
            "no-subject",
        ),
        *("alg-none", "alg-secret", "alg-public-key", "signature", "rubbish", "token-none"),
    ],
)
def test_a_token_that_proves_nothing_lets_nobody_in(
    provider: OidcProvider, sqlite_app: Flask, mischief: str
) -> None:
    provider.control(mischief=mischief)
    browser = Browser(sqlite_app)
    assert "beweist nicht, wer Sie sind" in come_back(browser, provider, status=403).text
    assert not is_in(browser)


def test_clocks_may_be_apart_by_a_little(provider: OidcProvider, sqlite_app: Flask) -> None:
    provider.control(mischief="clock")
    browser = Browser(sqlite_app)
    come_back(browser, provider)
    assert is_in(browser)


@pytest.mark.parametrize("kid", ["two", "one"])
def test_the_provider_changes_its_keys(provider: OidcProvider, sqlite_app: Flask, kid: str) -> None:
    come_back(Browser(sqlite_app), provider)
    provider.control(rotate=kid)
    browser = Browser(sqlite_app)
    come_back(browser, provider)
    assert is_in(browser)


@pytest.mark.parametrize("mischief", ["token-redirect", "token-huge", "token-500", "token-slow"])
def test_an_answer_that_cannot_be_used_is_said_plainly(
    provider: OidcProvider, sqlite_app: Flask, mischief: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if mischief == "token-slow":
        monkeypatch.setattr(bounded, "SECONDS", 1)
    browser = Browser(sqlite_app)
    address = leave(browser)
    provider.control(mischief=mischief)
    back = provider.sign_in(address).removeprefix("http://127.0.0.1:5000")
    assert "antwortet gerade nicht" in browser.get(back, status=503).text
    assert "/elsewhere" not in provider.calls()
    assert not is_in(browser)


@pytest.mark.parametrize(
    "mischief",
    [
        *("metadata-issuer", "metadata-rubbish", "metadata-500", "metadata-redirect"),
        *("metadata-foreign-token", "metadata-foreign-keys"),
    ],
)
def test_what_the_provider_publishes_must_be_its_own(
    provider: OidcProvider, sqlite_app: Flask, mischief: str
) -> None:
    provider.control(mischief=mischief)
    browser = Browser(sqlite_app)
    browser.get("/sign-in")
    if "foreign" in mischief:  # found out when it is needed
        address = browser.submit("/sign-in/provider").location
        browser.get(provider.sign_in(address).removeprefix("http://127.0.0.1:5000"), status=503)
    else:
        page = browser.submit("/sign-in/provider", status=503)
        assert "Mit E-Mail und Passwort" in page.text
    assert not is_in(browser)


def test_a_provider_that_is_away_keeps_nobody_from_their_password(sqlite_app: Flask, house: House) -> None:
    use(sqlite_app, "http://127.0.0.1:9")
    browser = Browser(sqlite_app)
    browser.get("/sign-in")
    assert "antwortet gerade nicht" in browser.submit("/sign-in/provider", status=503).text
    browser.sign_in("caseworker@example.org")
    assert is_in(browser)


# --- somebody between ------------------------------------------------------------------------------------------------


def test_a_way_back_counts_once(provider: OidcProvider, sqlite_app: Flask) -> None:
    browser = Browser(sqlite_app)
    back = provider.sign_in(leave(browser)).removeprefix("http://127.0.0.1:5000")
    browser.get(back, status=303)
    browser.get(back, status=403)


def test_a_way_back_counts_only_in_the_browser_that_left(provider: OidcProvider, sqlite_app: Flask) -> None:
    """Nobody is signed in by a link that somebody else made (login CSRF)."""
    attacker, victim = Browser(sqlite_app), Browser(sqlite_app)
    back = provider.sign_in(leave(attacker)).removeprefix("http://127.0.0.1:5000")
    victim.get("/sign-in")
    assert "gehört nicht hierher" in victim.get(back, status=403).text
    leave(victim)
    victim.get(back, status=403)
    assert not is_in(victim)


def test_a_stolen_code_is_worth_nothing_elsewhere(provider: OidcProvider, sqlite_app: Flask) -> None:
    """The code of one sign-in under the state of another: PKCE and nonce are the first one's."""
    victim, attacker = Browser(sqlite_app), Browser(sqlite_app)
    stolen = parse_qs(urlsplit(provider.sign_in(leave(victim))).query)["code"][0]
    state = parse_qs(urlsplit(leave(attacker)).query)["state"][0]
    attacker.get(f"/sign-in/provider/back?state={state}&code={stolen}", status=403)
    assert not is_in(attacker)


@pytest.mark.parametrize("mischief", ["denied", "authorize-issuer"])
def test_what_comes_back_otherwise_lets_nobody_in(
    provider: OidcProvider, sqlite_app: Flask, mischief: str
) -> None:
    provider.control(mischief=mischief)
    browser = Browser(sqlite_app)
    come_back(browser, provider, status=403)
    assert not is_in(browser)


@pytest.mark.parametrize("query", ["", "?code=x", "?code=x&state=", "?state=x&code=y"])
def test_nobody_comes_back_who_never_left(provider: OidcProvider, browser: Browser, query: str) -> None:
    browser.get(f"/sign-in/provider/back{query}", status=403)


@pytest.mark.parametrize("address", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_nobody_is_sent_off_to_another_site(provider: OidcProvider, sqlite_app: Flask, address: str) -> None:
    browser = Browser(sqlite_app)
    token = browser.get("/sign-in").form("/sign-in/provider")
    left = browser.post("/sign-in/provider", token | {"next": address}).location
    back = provider.sign_in(left).removeprefix("http://127.0.0.1:5000")
    assert browser.get(back, status=303).location == "/"


def test_leaving_wants_the_form_token(provider: OidcProvider, browser: Browser) -> None:
    browser.post("/sign-in/provider", {}, status=403)


# --- settings ------------------------------------------------------------------------------------------------------


def test_without_a_provider_there_is_no_button_and_no_way(browser: Browser, house: House) -> None:
    page = browser.get("/sign-in")
    assert page.buttons().count("Anmelden") == 1
    browser.post("/sign-in/provider", page.form("/sign-in"), status=404)
    browser.get("/sign-in/provider/back", status=404)


def test_passwords_may_be_switched_off(provider: OidcProvider, sqlite_app: Flask) -> None:
    use(sqlite_app, provider.issuer, password_sign_in=False)
    browser = Browser(sqlite_app)
    page = browser.get("/sign-in")
    assert not page.find_all("input", type="password")
    token = page.form("/sign-in/provider")
    browser.post("/sign-in", token | {"email": "caseworker@example.org", "password": PASSWORD}, status=403)
    come_back(browser, provider)
    assert is_in(browser)


@pytest.mark.parametrize(
    ("values", "wants"),
    [
        ({"oidc_issuer": "http://id.example.org"}, "oidc_issuer"),
        ({"oidc_issuer": "http://localhost:1"}, "oidc_issuer"),
        ({"oidc_issuer": "https://id.example.org"}, "oidc_issuer"),
        ({"oidc_issuer": "https://id.example.org", "public_url": "https://x.example"}, "oidc_client_id"),
        ({"password_sign_in": False}, "password_sign_in"),
    ],
)
def test_half_a_provider_is_said_when_a_process_starts(
    sqlite_url: str, tmp_path: Path, values: dict[str, object], wants: str
) -> None:
    with pytest.raises(ValueError, match=wants):
        make_settings(sqlite_url, tmp_path, **values)


def test_without_the_extra_everything_starts_and_says_what_is_missing(
    sqlite_app: Flask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(sqlite_app, "https://id.example.org")
    monkeypatch.setattr("portal.accounts.provider.find_spec", lambda _: None)
    page = Browser(sqlite_app).get("/sign-in")
    assert "Haus-Anmeldung" in page.text and "nicht installiert" in page.text
    assert all(form.get("action") != "/sign-in/provider" for form in page.find_all("form"))
    (found,) = [check for check in run_checks() if check.name == "oidc"]
    assert found.level.value == "fail" and "jobbruecke[oidc]" in found.advice
    Browser(sqlite_app).sign_in("caseworker@example.org")


def test_the_portal_loads_the_extra_only_when_it_is_used() -> None:
    """Production without it starts."""
    code = "import sys; import portal, portal.shell, portal.accounts.provider_views; print('authlib' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert answer.stdout.strip() == "False"


def test_support_comes_the_same_way(provider: OidcProvider, sqlite_app: Flask) -> None:
    make_account("reader", Role.SUPPORT_READER, None)
    commit()
    provider.control(person={"email": "reader@example.org"})
    browser = Browser(sqlite_app)
    come_back(browser, provider)
    browser.get("/operations")


def test_the_settings_are_these() -> None:
    assert {name for name in Settings.model_fields if name.startswith("oidc_")} == {
        *("oidc_issuer", "oidc_client_id", "oidc_client_secret", "oidc_name"),
    }
