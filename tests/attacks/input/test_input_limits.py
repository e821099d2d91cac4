"""Whatever is sent to whichever address: a clear refusal, in words, and never an error of ours."""

from __future__ import annotations

import contextvars
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from portal.core.paths import ROOT
from tests.imports.exports import zipped
from tests.support.factories import House
from tests.support.pages import Browser

SignedIn = Callable[[str], Browser]
_FOR_PROGRAMS = ("/api/", "/health/", "/metrics")
"""The HTTP door has tests of its own; what says how the system is does so by its status."""
_NAMES = re.compile(r'\.(?:get|getlist)\("([a-z_-]+)"')
NONSENSE = {
    "NUL": "a\0b",
    "beyond 64 bit": "9" * 30,
    "beyond 32 bit": "2147483648",
    "beyond an index": "999999999999999999",
    "negative": "-1",
    "other digits": "\u0663\u0663",
    "long": "x" * 900,
    "odd": "\u202e<script>'\"%_\\{{7*7}}\U0001f600",
}


def field_names() -> list[str]:
    """Every name that any view or form reads, found in the code."""
    files = [
        *(ROOT / "portal").rglob("views.py"),
        *(ROOT / "portal").rglob("*views.py"),
        *(ROOT / "portal").rglob("forms.py"),
        ROOT / "portal" / "releases" / "list_address.py",
    ]
    return sorted({name for path in files for name in _NAMES.findall(path.read_text())} - {"csrf_token"})


def send(browser: Browser, method: str, path: str, **options: Any) -> TestResponse:
    return contextvars.Context().run(browser.client.open, path, method=method, buffered=True, **options)


def addresses(app: Flask, value: str) -> Iterator[tuple[str, str]]:
    """Method and path of every route, with `value` wherever a text stands in it."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint in ("static", "accounts.sign_out") or rule.rule.startswith(_FOR_PROGRAMS):
            continue
        method = "POST" if "POST" in (rule.methods or set()) else "GET"
        yield method, _fill(app, rule, value)


def _fill(app: Flask, rule: Rule, value: str) -> str:
    path = rule.rule
    for name in rule.arguments:
        converter = rule._converters[name]
        filled = (
            quote(value, safe="") if type(converter).__name__ == "UnicodeConverter" else "999999999999999999"
        )
        path = re.sub(rf"<(?:[^:<>]+:)?{name}>", filled, path)
    return path


@pytest.mark.sampled(3)
@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense_in_every_field_of_every_address_is_no_error_of_ours(
    app: Flask, house: House, signed_in: SignedIn, kind: str
) -> None:
    browser = signed_in("administrator")
    token = browser.get("/account").form("/account/password")["csrf_token"]
    values = dict.fromkeys(field_names(), NONSENSE[kind])
    assert len(values) > 25
    tried = 0
    for method, path in addresses(app, NONSENSE[kind]):
        data = values | {"csrf_token": token} if method == "POST" else None
        query = "&".join(f"{name}={quote(value)}" for name, value in list(values.items())[:60])
        query = query if method == "GET" and len(query) < 3900 else f"before={quote(NONSENSE[kind])}"
        response = send(browser, method, f"{path}?{query}", data=data)
        assert response.status_code < 500, (method, path)
        if kind == "NUL":
            assert response.status_code == 400, (method, path)
        tried += 1
    assert tried > 50


@pytest.mark.parametrize(
    "raw", ["%FF%FE", "%ED%A0%80", "%C0%80", "%F5%80%80%80", "%00", "%1B[31m", "%7F", "%C2%85"]
)
def test_what_is_no_text_in_an_address_or_form(
    sqlite_app: Flask, house: House, signed_in: SignedIn, raw: str
) -> None:
    browser = signed_in("caseworker")
    token = browser.get("/participants").form("/participants/search")["csrf_token"]
    for path in (
        f"/participants?number={raw}&{raw}=1",
        f"/participants/{raw}",
        f"/set-password/{raw}",
        f"/{raw}",
    ):
        assert send(browser, "GET", path).status_code < 500, path
    form = f"csrf_token={quote(token)}&text={raw}&{raw}=x"
    kind = "application/x-www-form-urlencoded"
    answer = send(browser, "POST", "/participants/search", data=form, content_type=kind)
    assert answer.status_code < 500
    if raw in ("%00", "%1B[31m", "%7F", "%C2%85"):
        assert answer.status_code == 400
        assert "Steuerzeichen" in answer.text


def test_a_form_of_bytes_that_are_no_utf8_at_all(
    sqlite_app: Flask, house: House, signed_in: SignedIn
) -> None:
    kind = "application/x-www-form-urlencoded"
    answer = send(
        signed_in("caseworker"), "POST", "/participants/search", data=b"text=\xff\xfe", content_type=kind
    )
    assert answer.status_code == 403  # no token could be read


def test_ten_thousand_fields_are_too_many(sqlite_app: Flask, house: House, signed_in: SignedIn) -> None:
    browser = signed_in("caseworker")
    many = "&".join(f"f{number}=" for number in range(10_000))
    kind = "application/x-www-form-urlencoded"
    answer = send(browser, "POST", "/participants/search", data=many, content_type=kind)
    assert (answer.status_code, "zu groß" in answer.text) == (413, True)
    fields = {f"f{number}": (io.BytesIO(b"x"), "x") for number in range(2000)}
    answer = send(browser, "POST", "/participants/search", data=fields)
    assert answer.status_code == 413


@pytest.mark.parametrize("size", [600_000, 20_000_000])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_long_field_is_too_large(
    sqlite_app: Flask, house: House, signed_in: SignedIn, size: int, kind: str
) -> None:
    long = b"x" * size
    part = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n' + long + b"\r\n--x--\r\n"
    body = part if "boundary" in kind else b"text=" + long
    answer = send(signed_in("caseworker"), "POST", "/participants/search", data=body, content_type=kind)
    assert (answer.status_code, "zu groß" in answer.text) == (413, True)


def test_an_address_and_headers_have_an_end(sqlite_app: Flask, house: House, signed_in: SignedIn) -> None:
    browser = signed_in("caseworker")
    assert send(browser, "GET", f"/participants?number={'1' * 4100}").status_code == 414
    many = "&".join("order=1" for _ in range(500))
    assert send(browser, "GET", f"/participants?{many}").status_code == 200
    answer = send(browser, "GET", "/participants", headers={"X-Long": "x" * 33_000})
    assert (answer.status_code, "Cookies" in answer.text) == (431, True)


@pytest.mark.parametrize("address", ["http://[", "http://[::1", "//[", "\u2100", "http://a\\@b", ""])
def test_headers_that_are_no_address(
    sqlite_app: Flask, house: House, signed_in: SignedIn, address: str
) -> None:
    browser = signed_in("caseworker")
    token = browser.get("/participants").form("/preferences")["csrf_token"]
    odd = {
        "Referer": address.encode().decode("latin-1"),
        "HX-Current-URL": address.encode().decode("latin-1"),
    }
    answer = send(browser, "POST", "/preferences", data={"csrf_token": token, "theme": "dark"}, headers=odd)
    assert answer.status_code == 303
    nobody = Browser(sqlite_app)
    answer = send(nobody, "GET", "/participants", headers=odd | {"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"].startswith("/sign-in")) == (401, True)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\x", "a\0b.zip", "/x", "x" * 5000, "", "\u202egpj.zip"]
)
def test_the_name_of_an_upload_leads_nowhere(
    sqlite_app: Flask, house: House, signed_in: SignedIn, tmp_path: Path, name: str
) -> None:
    browser = signed_in("supervisor")
    token = browser.get("/imports").form("/imports")["csrf_token"]
    export = zipped({"vermittler.csv": "vermittler_id;kuerzel;nachname;vorname\nV9;XX;X;Y\n"})
    answer = send(browser, "POST", "/imports", data={"csrf_token": token, "export": (export, name)})
    assert answer.status_code in (303, 422)
    inside = [path.name for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert all(re.fullmatch(r"[0-9a-f]{32}", found) for found in inside)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("POST", "/help", 405),
        ("GET", "/participants", 401),
        ("GET", f"/x?{'y' * 5000}", 414),
    ],
)
def test_whoever_asks_for_problem_details_gets_them(
    sqlite_app: Flask, house: House, method: str, path: str, status: int
) -> None:
    headers = {"Accept": "application/problem+json"}
    with_token = {"csrf_token": "x"} if method == "POST" else None
    answer = send(Browser(sqlite_app), method, path, headers=headers, data=with_token)
    assert answer.mimetype == "application/problem+json"
    found = json.loads(answer.get_data())
    assert (answer.status_code, found["status"]) == (status, status)
    assert found["detail"]
    assert answer.headers["Content-Language"] == "de"
