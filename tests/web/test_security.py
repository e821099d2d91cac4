"""Headers, tokens, limits, errors, languages: what holds for every page."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from portal.core.database import db
from portal.core.log import configure_logs
from tests.support.database import make_settings, running_app
from tests.support.factories import House
from tests.support.pages import Browser

SignedIn = Callable[[str], Browser]


@pytest.mark.parametrize("path", ["/sign-in", "/nowhere", "/static/app.css"])
def test_every_answer_is_protected(browser: Browser, path: str) -> None:
    with browser.client.get(path) as answer:
        headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "same-origin"


def test_cookies_over_tls_cannot_be_set_from_elsewhere(sqlite_url: str, tmp_path: Path) -> None:
    settings = make_settings(sqlite_url, tmp_path, secure_cookies=True)
    with running_app(settings) as app:
        answer = Browser(app).client.get("/sign-in", base_url="https://localhost")
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-session=")
    assert all(part in cookie for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"]


def test_static_files_are_kept_for_good_under_their_version(browser: Browser) -> None:
    page = browser.get("/sign-in")
    for link in page.find_all("link", rel="stylesheet"):
        with browser.client.get(link.get("href") or "") as answer:
            assert answer.status_code == 200
            assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("token", [None, "", "forged"])
def test_a_form_without_our_token_is_refused(signed_in: SignedIn, house: House, token: str | None) -> None:
    browser = signed_in("caseworker")
    data = {} if token is None else {"csrf_token": token}
    page = browser.post(f"/participants/{house.eva}/release", data, status=403)
    assert "Das Formular gilt nicht mehr" in page.text


def test_another_sessions_token_is_foreign(signed_in: SignedIn, house: House) -> None:
    path = f"/participants/{house.eva}/release"
    foreign = signed_in("colleague").get(f"/participants/{house.eva}").form(path)
    signed_in("caseworker").post(path, foreign, status=403)


def test_a_form_of_20_mb_is_too_large(signed_in: SignedIn) -> None:
    page = signed_in("caseworker").post("/participants/search", {"text": "x" * 20_000_000}, status=413)
    assert "zu groß" in page.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("get", "/nowhere", 404), ("get", "/sign-out", 405), ("get", "/participants/99999999999999999999", 404)],
)
def test_errors_say_what_happened_and_a_number(
    signed_in: SignedIn, method: str, path: str, status: int
) -> None:
    page = getattr(signed_in("caseworker"), method)(path, status=status)
    assert "nichts verloren" in page.text
    assert f"Fehler {status}, Nummer" in page.text


def test_our_own_error_is_in_the_log_by_its_number_and_without_its_text(
    sqlite_app: Flask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> str:
        raise RuntimeError("Eva Geheim")

    monkeypatch.setitem(sqlite_app.view_functions, "general.start", fail)
    log = io.StringIO()
    configure_logs()
    with redirect_stderr(log):
        page = Browser(sqlite_app).get("/", status=500)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    (said,) = [line for line in lines if line["event"] == "request_failed"]
    assert said["number"] in page.text
    assert said["error"] == "builtins.RuntimeError"
    assert "Geheim" not in log.getvalue() + page.html
    assert "wurde nicht gespeichert" in page.text


def test_logs_know_no_names(signed_in: SignedIn, house: House) -> None:
    log = io.StringIO()
    configure_logs()
    with redirect_stderr(log):
        browser = signed_in("caseworker")
        browser.get("/participants")
        browser.submit("/participants/search", text="Adam")
        browser.follow()
        browser.get(f"/participants/{house.eva}")
        browser.get("/participants/999", status=404)
    assert '"event": "request"' in log.getvalue()
    for word in ("Adam", "caseworker@", "a good long password", "q="):
        assert word not in log.getvalue()


def test_a_database_that_is_away_is_no_sign_out(signed_in: SignedIn, sqlite_app: Flask) -> None:
    browser = signed_in("caseworker")
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE login_session RENAME TO away"))
    page = browser.get("/participants", status=503)
    assert "Gerade nicht erreichbar" in page.text
    assert page.response.headers["Retry-After"]
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO login_session"))
    browser.get("/participants")


def test_language_and_theme_are_remembered(browser: Browser) -> None:
    assert browser.get("/sign-in").find("html").get("lang") == "de"
    browser.submit("/preferences", language="en", theme="dark")
    page = browser.follow()
    assert page.find("html").get("lang") == "en"
    assert page.find("html").get("data-kern-theme") == "dark"
    assert "Sign in" in page.buttons()
    browser.submit("/preferences", language="klingon", theme="<script>")
    assert browser.follow().find("html").get("lang") == "en"


def test_the_page_says_who_may_embed_it_and_that_it_varies(signed_in: SignedIn, house: House) -> None:
    answer = signed_in("caseworker").get(f"/participants/{house.eva}").response
    assert {"HX-Request", "Cookie"} <= set(answer.vary)
