"""Redis is away, or hangs: people go on working, quickly, and are told that transfers are delayed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from redis.connection import AbstractConnection, UnixDomainSocketConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from portal.core.database import commit, db, utcnow
from portal.core.queue import QUEUE, enqueue
from portal.domain.deliveries import Delivery
from portal.domain.tenants import Connection
from tests.support.database import make_settings, running_app
from tests.support.factories import House, looking, registration_of
from tests.support.pages import Browser
from tests.support.services import RedisServer, make_trouble

DELAYED = "Die Übertragung verzögert sich."


@pytest.fixture
def sqlite_app(sqlite_url: str, tmp_path: Path, own_redis_server: RedisServer) -> Iterator[Flask]:
    """The application with a Redis of its own."""
    with running_app(make_settings(sqlite_url, tmp_path, redis_url=own_redis_server.url)) as app:
        yield app


@pytest.fixture
def browser(signed_in: Callable[[str], Browser], house: House) -> Browser:
    """Eva has a mediator, so that nothing hinders her."""
    found = signed_in("supervisor")
    found.get(f"/participants/{house.eva}/mediator")
    found.submit(f"/participants/{house.eva}/mediator", mediator=str(house.mediator))
    return found


def release_and_transfer(browser: Browser, house: House) -> None:
    browser.get(f"/participants/{house.eva}")
    browser.submit(f"/participants/{house.eva}/release")
    browser.get("/participants")
    browser.submit("/deliveries")


class Asked:
    """What this process asks of Redis: how often, and for how long at most in vain. No clock of a busy machine."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.in_vain = 0.0
        """Seconds, if each question without an answer waited until it was given up."""
        for owner, name in ((UnixDomainSocketConnection, "_connect"), (AbstractConnection, "read_response")):
            monkeypatch.setattr(owner, name, self._counting(name, getattr(owner, name)))

    def _counting(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def counted(connection: UnixDomainSocketConnection, *args: Any, **options: Any) -> Any:
            patience = connection.socket_connect_timeout if name == "_connect" else connection.socket_timeout
            assert patience is not None, "Redis may hang, and the page with it"
            self.count += 1
            try:
                return original(connection, *args, **options)
            except (OSError, RedisTimeoutError, RedisConnectionError):
                self.in_vain += patience
                raise

        return counted


@pytest.mark.parametrize("trouble", ["away", "hanging", "read-only", "full"])
def test_people_go_on_working_and_are_told(
    browser: Browser,
    house: House,
    own_redis_server: RedisServer,
    trouble: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person = f"/participants/{house.eva}"
    page = browser.get(person)
    assert DELAYED not in page.text
    make_trouble(own_redis_server, trouble)
    asked = Asked(monkeypatch)
    browser.submit(f"{person}/release")
    browser.follow()
    assert asked.count == 0, "deciding asks nobody"
    browser.submit(f"{person}/transfer")
    assert asked.count > 0
    assert asked.in_vain <= 1.5, "asked once, and not again"
    asked.count = 0
    page = browser.follow()
    assert asked.count == 0, "looking asks nobody"
    assert DELAYED in page.text
    assert "wird übertragen" in page.text_of("phase")
    registration = registration_of(house.eva)
    assert registration is not None and registration.released
    if trouble == "hanging":
        own_redis_server.thaw()


def test_once_it_is_back_all_is_well(browser: Browser, house: House, own_redis_server: RedisServer) -> None:
    own_redis_server.kill()
    release_and_transfer(browser, house)
    assert DELAYED in browser.follow().text
    own_redis_server.start()
    with looking():
        found = db.session.query(Delivery).one().id
    assert enqueue(own_redis_server.url, Delivery, found)
    assert DELAYED not in browser.get("/participants").text
    with own_redis_server.client() as client:
        assert client.llen(f"rq:queue:{QUEUE}") == 1


@pytest.mark.parametrize(
    ("due", "leased", "paused", "said"),
    [(60, False, False, True), (5, False, False, False), (60, True, False, False), (60, False, True, False)],
)
def test_a_step_that_nobody_takes_up_is_told(
    browser: Browser, house: House, due: int, leased: bool, paused: bool, said: bool
) -> None:
    release_and_transfer(browser, house)
    now = utcnow()
    delivery = db.session.query(Delivery).one()
    delivery.next_step_at = now - dt.timedelta(seconds=due)
    delivery.lease_until = now + dt.timedelta(seconds=30) if leased else None
    connection = db.session.query(Connection).filter_by(tenant_id=house.tenant_id).one()
    connection.paused_until = now + dt.timedelta(seconds=30) if paused else None
    commit()
    assert (DELAYED in browser.get("/participants").text) is said
