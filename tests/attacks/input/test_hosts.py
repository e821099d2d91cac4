"""Host headers that name no host: refused in words, on every kind of address, and never an error of ours."""

from __future__ import annotations

import contextvars
import json

import pytest
from flask import Flask
from werkzeug.test import create_environ, run_wsgi_app
from werkzeug.wrappers import Response

from tests.support.factories import House

ADDRESSES = (
    "/sign-in",
    "/",
    "/participants",
    "/health/live",
    "/api/v1/imports/1",
    "/static/app.css",
    "/nowhere",
)


def ask(app: Flask, host: str | None, path: str, **more: str) -> Response:
    environ = create_environ(path)
    del environ["HTTP_HOST"]
    environ |= more
    if host is not None:
        environ["HTTP_HOST"] = host
    body, status, headers = contextvars.Context().run(run_wsgi_app, app, environ, buffered=True)
    return Response(body, status, headers)


@pytest.mark.parametrize(
    "host",
    [
        "x" * 64,
        f"{'x' * 64}.example.org",
        "a..b",
        ".",
        "..",
        ".example.org",
        f"{'a.' * 130}org",
        "x" * 10_000,
        "a b",
        "-",
        "-a.example.org",
        "a-.example.org",
        "[::1",
        "::1",
        "[fe80::1%25eth0]",
        "[]",
        "example.org:",
        "example.org:abc",
        "example.org:999999",
        "example.org:\u0661".encode().decode("latin-1"),
        ":80",
        "user@example.org",
        "example.org, example.com",
        "example.org/x",
        "a\\b",
        "a%00b",
        "höst.example.org".encode().decode("latin-1"),
        "\uff45xample.org".encode().decode("latin-1"),
        "xn--a",
        "xn--\u00fc",
        "example.org\u00a0",
    ],
)
def test_what_names_no_host_is_refused(sqlite_app: Flask, house: House, host: str) -> None:
    for path in ADDRESSES:
        assert ask(sqlite_app, host, path).status_code == 400, path
    page = ask(sqlite_app, host, "/sign-in").get_data(as_text=True)
    assert "Die Anfrage war nicht verständlich" in page
    answer = ask(sqlite_app, host, "/sign-in", HTTP_ACCEPT="application/problem+json")
    assert json.loads(answer.get_data())["status"] == 400


@pytest.mark.parametrize(
    "host",
    ["localhost", "example.org:5000", "a_b.example.org", "127.0.0.1:8000", "[::1]", "[::1]:5000",
     "xn--mller-kva.de", "EXAMPLE.org.", "x" * 63, None, ""],
)  # fmt: skip
def test_a_host_is_answered(sqlite_app: Flask, house: House, host: str | None) -> None:
    assert ask(sqlite_app, host, "/sign-in").status_code == 200
