"""Who is there in tests of pages: a fixed cast of accounts, some people, a browser for each."""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update

from portal.core.database import commit, db, utcnow
from portal.domain.accounts import Role
from portal.domain.participants import Order
from portal.domain.tenants import Heartbeat
from tests.support.database import Cast
from tests.support.factories import House, connection_token, make_account, make_mediator, make_person
from tests.support.pages import Browser


@pytest.fixture
def web_app(request: pytest.FixtureRequest) -> Flask:
    """The application of the test: on both databases if it asks for `app`, else on SQLite alone."""
    found: Flask = request.getfixturevalue("app" if "app" in request.fixturenames else "sqlite_app")
    return found


class Furnished:
    """SQLite databases with a house in them, one for each day: made once by a process, and copied by its tests."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: dict[dt.date, tuple[Path, House]] = {}

    def house(self, cast: Cast) -> House:
        """Furnish the current database."""
        today = utcnow().date()
        if today not in self._found:
            house = _furnish(cast)
            self._found[today] = self._folder / f"{today}.db", house
            _copy(db.engine.url.database, self._found[today][0])
            return house
        path, house = self._found[today]
        db.session.rollback()
        _copy(path, db.engine.url.database)
        db.session.execute(update(Heartbeat).values(started_at=utcnow(), seen_at=utcnow()))
        commit()
        return house


def _copy(source: str | Path | None, target: str | Path | None) -> None:
    """Copy a whole database, whoever has it open."""
    with (
        contextlib.closing(sqlite3.connect(str(source))) as full,
        contextlib.closing(sqlite3.connect(str(target))) as empty,
    ):
        full.backup(empty)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    """The houses of a process."""
    return Furnished(tmp_path_factory.mktemp("houses"))


@pytest.fixture
def house(web_app: Flask, cast: Cast, furnished: Furnished) -> House:
    """Two tenants with people in them, committed."""
    is_plain = db.engine.dialect.name == "sqlite" and not time_machine.escape_hatch.is_travelling()
    return furnished.house(cast) if is_plain else _furnish(cast)


def _furnish(cast: Cast) -> House:
    connection_token(cast.alpha)
    connection_token(cast.beta)
    mediator = make_mediator(cast.alpha, "V-1", "Vogel", "Vera")
    order = Order(
        tenant_id=cast.alpha, number="A-1", title="Neustart", responsible=["KK"], has_responsible=True
    )
    db.session.add(order)
    db.session.flush()
    eva = make_person(cast.alpha, "1001", "Adam", "Eva", order=order, consent=True)
    ben = make_person(cast.alpha, "1002", "Zorn", "Ben", order=order)
    stranger = make_person(cast.beta, "2001", "Fremd", "Fritz")
    for email, role, tenant_id in (
        ("caseworker", Role.CASEWORKER, cast.alpha),
        ("colleague", Role.CASEWORKER, cast.alpha),
        ("supervisor", Role.SUPERVISOR, cast.alpha),
        ("administrator", Role.ADMINISTRATOR, cast.alpha),
        ("support", Role.SUPPORT, None),
        ("stranger", Role.SUPERVISOR, cast.beta),
    ):
        make_account(email, role, tenant_id)
    db.session.add(Heartbeat(name="worker:here:1", kind="worker", started_at=utcnow(), seen_at=utcnow()))
    commit()
    return House(cast.alpha, cast.beta, eva, ben, mediator, stranger)


@pytest.fixture
def browser(web_app: Flask) -> Browser:
    """Nobody's browser."""
    return Browser(web_app)


@pytest.fixture
def signed_in(web_app: Flask, house: House) -> Callable[[str], Browser]:
    """A browser in which the named account is signed in; support has chosen the house's tenant."""

    def open_browser(name: str) -> Browser:
        browser = Browser(web_app)
        browser.enter(f"{name}@example.org")
        if name == "support":
            browser.get("/tenants")
            browser.submit("/tenants/alpha")
        return browser

    return open_browser
