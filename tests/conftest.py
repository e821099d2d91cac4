"""What every test has: real servers, no network but loopback, and under CI nothing skipped."""

from __future__ import annotations

import gc
import ipaddress
import os
import socket
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from portal.accounts import passwords
from tests.support.services import PostgresServer, RedisServer, running_postgres, running_redis

pytest_plugins = [
    "tests.support.database",
    "tests.support.bridged",
    "tests.support.tiers",
]

CI = os.environ.get("CI") == "true"


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis for the whole run; call `flush()` to have it empty, and never stop it."""
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def own_redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis for one test, which may stop, kill, freeze and start it."""
    folder = tmp_path / "redis"
    folder.mkdir()
    with running_redis(folder) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL for the whole run; its `url` is that of the server's own database."""
    with running_postgres() as server:
        yield server


@pytest.fixture(autouse=True, scope="session")
def quick_passwords() -> None:
    """Hashes made in the test's own process are cheap ones: a sign-in costs a quarter of a second otherwise.

    What they cost in truth is held by tests/attacks/test_passwords.py, and real servers have the real ones.
    """
    passwords._hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: the search for garbage need not go through them again and again."""
    gc.set_threshold(50_000, 20, 20)
    gc.collect()
    gc.freeze()


class OutsideNetworkError(AssertionError):
    """A test reached out to something that is not this machine."""


@pytest.fixture(autouse=True)
def no_outside_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections go to this machine or nowhere, and names are not looked up."""
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: object) -> None:
        _check(self.family, address)
        connect(self, address)  # type: ignore[arg-type]

    def guarded_connect_ex(self: socket.socket, address: object) -> int:
        _check(self.family, address)
        return connect_ex(self, address)  # type: ignore[arg-type]

    def guarded_look_up(host: object, *args: object, **options: object) -> object:
        if host is not None:
            _check(socket.AF_INET, (host,))
        return look_up(host, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)


def _check(family: int, address: object) -> None:
    if family not in {socket.AF_INET, socket.AF_INET6}:
        return
    host = address[0] if isinstance(address, tuple) else address
    text = host.decode() if isinstance(host, bytes) else str(host)
    if text != "localhost" and not _is_loopback(text):
        raise OutsideNetworkError(f"Tests do not reach out: {text}")


def _is_loopback(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under CI a skipped test is a failed one: there everything has to be there."""
    report = yield
    if CI and report.skipped and not hasattr(report, "wasxfail"):
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"Skipped, which CI=true does not allow: {why}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole file that is skipped."""
    report = yield
    if CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"Skipped, which CI=true does not allow: {report.longrepr}"
    return report
