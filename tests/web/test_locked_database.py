"""A process that was stopped in the middle of writing SQLite: pages are read, and who wants to write is told (503)."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
import time_machine
from flask import Flask

from portal.core import database
from portal.core.database import db, utcnow
from tests.support.factories import House, registration_of
from tests.support.pages import Browser


@pytest.fixture
def impatient(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second of patience instead of thirty."""
    monkeypatch.setattr(database, "PATIENCE_MS", 500)
    db.engine.dispose()


@pytest.mark.usefixtures("impatient")
def test_pages_are_read_and_who_writes_is_told_that_nothing_was_saved(
    house: House, signed_in: Callable[[str], Browser]
) -> None:
    browser = signed_in("supervisor")
    person = f"/participants/{house.eva}"
    browser.get(f"{person}/release")
    file = db.engine.url.database
    assert file
    with closing(sqlite3.connect(file, isolation_level=None)) as stopped:
        stopped.execute("BEGIN IMMEDIATE")
        with time_machine.travel(utcnow() + dt.timedelta(minutes=5)):  # it is to be noted that she is there
            for path in (person, "/participants", "/deliveries", "/notices"):
                browser.get(path)
        browser.get(f"{person}/release")
        page = browser.submit(f"{person}/release", status=503)
        assert "Die Datenbank antwortet nicht" in page.text and "wurde nicht gespeichert" in page.text
        assert page.response.headers["Retry-After"] == "30"
        fragment = browser.ask("POST", f"{person}/release", page_token(browser, person), fragment=True)
        assert fragment.status_code == 503 and "nicht gespeichert" in fragment.text
        stopped.execute("ROLLBACK")
    assert registration_of(house.eva) is None
    browser.get(f"{person}/release")
    browser.submit(f"{person}/release")
    registration = registration_of(house.eva)
    assert registration is not None and registration.released


def page_token(browser: Browser, person: str) -> dict[str, str]:
    return browser.get(f"{person}/release").form(f"{person}/release")
