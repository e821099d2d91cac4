"""One sandbox process for all tests of this folder; each test has providers of its own."""

from collections.abc import Iterator

import pytest

from tests.sandbox.provider import Provider
from tests.support.sandbox import SandboxServer


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """Give a running sandbox that answers at once."""
    with SandboxServer(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def jobnetzwerk(server: SandboxServer) -> Provider:
    """Give a fresh provider at Jobnetzwerk."""
    return Provider(server, "jobnetzwerk")


@pytest.fixture
def job4you(server: SandboxServer) -> Provider:
    """Give a fresh provider at Job4You."""
    return Provider(server, "job4you")


@pytest.fixture
def behaving(server: SandboxServer) -> Iterator[SandboxServer]:
    """Give the sandbox to misbehave with; every rule ends with the test."""
    yield server
    server.behave()
    server.set_answer_delay(None)


@pytest.fixture
def stranger(server: SandboxServer) -> Provider:
    """Give another provider at Jobnetzwerk."""
    return Provider(server, "jobnetzwerk")
