"""A bridge for every test that asks: both databases, one sandbox for all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.networks.registry import Network
from tests.support.bridge import Bridge, build_bridge
from tests.support.database import make_settings, running_app
from tests.support.sandbox import SandboxServer


@pytest.fixture(scope="session")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path_factory.mktemp("sandbox")) as server:
        yield server


@pytest.fixture
def sandbox(shared_sandbox: SandboxServer) -> Iterator[SandboxServer]:
    """The sandbox, well-behaved before and after, answering at once."""
    yield shared_sandbox
    shared_sandbox.behave()
    shared_sandbox.set_answer_delay(None)


@pytest.fixture
def bridge(database_url: str, tmp_path: Path, sandbox: SandboxServer) -> Iterator[Bridge]:
    """A Jobnetzwerk tenant."""
    with running_app(_settings(database_url, tmp_path, sandbox)):
        yield build_bridge(sandbox)


@pytest.fixture
def job4you(database_url: str, tmp_path: Path, sandbox: SandboxServer) -> Iterator[Bridge]:
    """A Job4You tenant."""
    with running_app(_settings(database_url, tmp_path, sandbox)):
        yield build_bridge(sandbox, Network.JOB4YOU)


def _settings(database_url: str, folder: Path, sandbox: SandboxServer):  # type: ignore[no-untyped-def]
    return make_settings(
        database_url,
        folder,
        network_jobnetzwerk_url=sandbox.url,
        network_job4you_url=sandbox.url,
        poll_seconds=0.05,
        poll_limit_seconds=0.2,
    )
