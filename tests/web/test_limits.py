"""Limits count on while Redis takes nothing, and by the address alone, in whatever form a proxy hands it on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from flask import Flask

from portal.webkit.callers import caller_key, plain_address
from portal.webkit.limit_storage import CountedTwice
from tests.support.database import make_settings, running_app
from tests.support.pages import Browser
from tests.support.services import RedisServer, make_trouble


def guess(app: Flask, times: int, address: str = "", email: str = "caseworker@example.org") -> Counter[int]:
    """So many wrong passwords; what was answered."""
    browser, answers = Browser(app), Counter[int]()
    form = browser.get("/sign-in").form("/sign-in")
    for number in range(times):
        sent = {"X-Forwarded-For": address.format(number + 1024)} if address else {}
        answer = browser.client.post(
            "/sign-in", data=form | {"email": email.format(number), "password": "wrong"}, headers=sent
        )
        answers[answer.status_code] += 1
    return answers


@pytest.mark.sampled(3)
@pytest.mark.parametrize("before", [0, 3])
@pytest.mark.parametrize("trouble", ["away", "hanging", "read-only", "full"])
def test_guessing_is_slowed_while_redis_takes_nothing(
    sqlite_url: str, tmp_path: Path, own_redis_server: RedisServer, trouble: str, before: int
) -> None:
    """Also what was counted before the trouble began goes on counting."""
    with running_app(make_settings(sqlite_url, tmp_path, redis_url=own_redis_server.url)) as app:
        answers = guess(app, before)
        make_trouble(own_redis_server, trouble)
        answers += guess(app, 40 - before)
        assert answers == {422: 5, 429: 35}
        if trouble == "hanging":
            own_redis_server.thaw()


def test_once_redis_is_back_it_counts_for_all(own_redis_server: RedisServer) -> None:
    first, second = (CountedTwice("", redis_url=own_redis_server.url) for _ in range(2))
    assert all(first.acquire_entry("key", 2, 60) for _ in range(2))
    assert not second.acquire_entry("key", 2, 60)
    assert second.get_moving_window("key", 2, 60)[1] == 2


def test_a_processs_own_counts_do_not_grow_for_ever(
    own_redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.webkit.limit_storage._KEYS", 10)
    storage = CountedTwice("", redis_url=own_redis_server.url)
    for number in range(100):
        assert storage.acquire_entry(f"key {number}", 1, 60)
    assert len(storage._own.events) <= 11
    assert not storage.acquire_entry("key 1", 1, 60), "Redis has counted it"


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("address", "answers"),
    [
        ("198.51.100.7:{}", {422: 60, 429: 5}),
        ("[2001:db8::7]:{}", {422: 60, 429: 5}),
        ("2001:db8:1:2:{}::1", {422: 60, 429: 5}),
        ("::ffff:198.51.100.7", {422: 60, 429: 5}),
        ("unknown{}", {422: 60, 429: 5}),
        ("2001:db8:1:{}::1", {422: 65}),
    ],
)
def test_the_limit_of_an_address_is_not_passed_by_its_port(
    sqlite_url: str, tmp_path: Path, address: str, answers: dict[int, int]
) -> None:
    """Nor by the many addresses of one IPv6 connection. Whatever a proxy says that is no address counts together."""
    with running_app(make_settings(sqlite_url, tmp_path, trusted_proxies=1)) as app:
        assert guess(app, 65, address, "person{}@example.org") == answers


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:443", "192.0.2.1"),
        (" 192.0.2.1 ", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.256", None),
        ("unknown", None),
        ("", None),
    ],
)
def test_an_address_is_read_in_each_form(said: str, address: str | None) -> None:
    assert plain_address(said) == address


def test_an_ipv6_address_counts_by_its_network(sqlite_app: Flask) -> None:
    with sqlite_app.test_request_context(environ_base={"REMOTE_ADDR": "2001:db8:1:2:3::4"}):
        assert caller_key() == "2001:db8:1:2::/64"
