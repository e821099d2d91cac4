"""Numbers as the language of the page writes them."""

from __future__ import annotations

from flask import Flask
from flask_babel import force_locale

from portal.webkit.languages import ngettext, number


def test_numbers_have_the_groups_of_the_language(sqlite_app: Flask) -> None:
    for language, written, counted in (
        ("de", "12.345", "12.345 Personen freigegeben"),
        ("en", "12,345", "12,345 people released"),
    ):
        with (
            sqlite_app.test_request_context(headers={"Cookie": f"language={language}"}),
            force_locale(language),
        ):
            assert number(12345) == written
            assert ngettext("%(num)s Person freigegeben", "%(num)s Personen freigegeben", 12345) == counted


def test_one_is_one(sqlite_app: Flask) -> None:
    with sqlite_app.test_request_context(), force_locale("en"):
        assert (
            ngettext("%(num)s Person freigegeben", "%(num)s Personen freigegeben", 1) == "1 person released"
        )
