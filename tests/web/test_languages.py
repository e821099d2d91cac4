"""Which language an answer has: the one chosen in the browser; for programs the one that their request prefers."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.webkit.languages import find_language

ODD = [
    "",
    ";",
    ",,,",
    "q=1",
    "en;q=viel",
    "en;q=-1",
    "en;q=0",
    "xx, *;q=0.5",
    "*",
    "\xff",
    "e" * 5000,
    "a," * 5000,
]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("en-US, de;q=0.9", "en"),
        ("en-US,en;q=0.9,de;q=0.8", "en"),
        ("de-AT, en;q=0.9", "de"),
        ("de;q=0.5, en;q=0.7", "en"),
        ("fr-FR, fr;q=0.9, en-GB;q=0.3, de;q=0.2", "en"),
        ("fr, de-CH;q=0.1", "de"),
        ("EN", "en"),
        ("en;q=0, de;q=0.1", "de"),
        ("*;q=0.9, en;q=0.1", "en"),
        ("fr", "de"),
    ],
)
def test_a_program_gets_the_language_that_it_likes_best(
    sqlite_app: Flask, header: str, language: str
) -> None:
    with sqlite_app.test_request_context("/api/v1/participants", headers={"Accept-Language": header}):
        assert find_language() == language


@pytest.mark.parametrize("header", ODD)
def test_what_cannot_be_read_is_german(sqlite_app: Flask, header: str) -> None:
    with sqlite_app.test_request_context("/api/v1/participants", headers={"Accept-Language": header}):
        assert find_language() == "de"
    answer = sqlite_app.test_client().put("/api/v1/participants", headers={"Accept-Language": header})
    assert answer.status_code == 401


def test_a_page_has_the_language_that_was_chosen_whatever_the_browser_prefers(sqlite_app: Flask) -> None:
    prefers = {"Accept-Language": "en-US, de;q=0.9"}
    with sqlite_app.test_request_context("/sign-in", headers=prefers):
        assert find_language() == "de"
    with sqlite_app.test_request_context("/sign-in", headers=prefers | {"Cookie": "language=en"}):
        assert find_language() == "en"
