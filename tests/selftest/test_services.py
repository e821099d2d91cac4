"""The servers that tests lean on do what they say."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy import create_engine, text

from demo import redis_server as embedded
from tests.conftest import OutsideNetworkError
from tests.support.services import PostgresServer, RedisServer

pytestmark = pytest.mark.conformance


def test_redis_forgets_everything_on_flush(redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.set("name", "value")
        redis_server.flush()
        assert client.get("name") is None


def test_redis_comes_back_empty_on_the_same_address_after_a_kill(own_redis_server: RedisServer) -> None:
    with own_redis_server.client() as client:
        client.set("name", "value")
        own_redis_server.kill()
        with pytest.raises(RedisConnectionError):
            client.ping()
        own_redis_server.start()
        assert client.get("name") is None


def test_a_frozen_redis_takes_connections_and_does_not_answer(own_redis_server: RedisServer) -> None:
    own_redis_server.freeze()
    with own_redis_server.client() as client:
        client.connection_pool.connection_kwargs["socket_timeout"] = 0.2
        with pytest.raises(RedisTimeoutError):
            client.ping()
        own_redis_server.thaw()
        assert client.ping()


def test_redis_leaves_a_folder_whose_path_is_too_long_for_a_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    server = RedisServer(deep)
    server.start()
    used = server.socket
    assert deep not in used.parents
    assert embedded.answers(used)
    server.close()
    assert not used.parent.exists()


@pytest.mark.postgres
def test_postgres_serves_databases(postgres_server: PostgresServer) -> None:
    engine = create_engine(postgres_server.url)
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW server_encoding")) == "UTF8"
        assert connection.scalar(text("SHOW timezone")) == "Europe/Berlin"
    engine.dispose()


@pytest.mark.postgres
def test_a_closed_postgres_leaves_nothing_behind() -> None:
    server = PostgresServer()
    server.start()
    server.close()
    assert not server.folder.exists()


@pytest.mark.parametrize("address", ["192.0.2.1", "example.org"])
def test_tests_do_not_reach_out(address: str) -> None:
    began = time.monotonic()
    with pytest.raises(OutsideNetworkError):
        socket.create_connection((address, 80), timeout=1)
    assert time.monotonic() - began < 1
