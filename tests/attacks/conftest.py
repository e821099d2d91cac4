"""Who is attacked: the house of the page tests, and a real server in processes of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.services import RedisServer
from tests.support.web_server import WebServer, running_web
from tests.web.conftest import browser, furnished, house, signed_in, web_app

__all__ = ["browser", "furnished", "house", "signed_in", "web_app"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer) -> Iterator[WebServer]:
    """A server for the tests of a file; each takes an account of its own."""
    redis_server.flush()
    folder = tmp_path_factory.mktemp("attacked")
    with running_web(folder, f"sqlite:///{folder}/main.db", redis_server) as running:
        yield running
