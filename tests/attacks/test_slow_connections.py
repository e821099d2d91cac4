"""Connections that trickle or say nothing: whoever asks properly is served meanwhile."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from benchmarks.slow_connections import KINDS, measure
from portal.cli.serving import SLOWEST, Metered, Reading, to_cut
from tests.support.services import RedisServer
from tests.support.web_server import WebServer, running_web

FORM = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer) -> Iterator[WebServer]:
    """One as it is set up by default."""
    folder = tmp_path_factory.mktemp("slow")
    with running_web(folder, f"sqlite:///{folder}/main.db", redis_server) as running:
        yield running


@pytest.mark.processes
@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (32, "bodies"),
        *(pytest.param(32, kind, marks=pytest.mark.thorough) for kind in KINDS if kind != "bodies"),
        pytest.param(150, "bodies", marks=pytest.mark.thorough),
    ],
)
def test_pages_are_served_meanwhile(server: WebServer, number: int, kind: str) -> None:
    """Fewer than there are threads, and more. 32 stopped everybody for 62 s before."""
    pages, slowest, _ = measure(server.url, kind, number, seconds=8)
    assert slowest < (5 if number == 32 else 20), f"{pages} pages"


@pytest.mark.processes
def test_a_slow_body_holds_no_transaction(server: WebServer) -> None:
    """On SQLite one would keep everybody from writing. The number in its cookie need not even be good."""
    slow, fast = server.visitor("198.51.100.1"), server.visitor("198.51.100.2")
    slow.sign_in("caseworker1")
    kept = fast.form("/sign-in", "/sign-in")
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname or "", where.port or 80)) as connection:
        head = f"POST /preferences HTTP/1.1\r\nHost: {where.netloc}\r\nCookie: session={slow.cookie}\r\n{FORM}\r\n\r\n"
        connection.sendall(head.encode() + b"csrf_token=")
        for number in range(
            10
        ):  # by the last of them the slow one is being read; it would be for ten seconds
            sent = kept | {"email": f"person{number}@example.org", "password": "wrong"}
            began = time.monotonic()
            assert fast.post("/sign-in", sent).status_code == 422
            assert time.monotonic() - began < 6, "each writes into the audit"


def test_the_slow_are_cut_when_their_time_is_over_and_the_oldest_when_too_many_are() -> None:
    def reading(seconds: float, taken: int = 0) -> Reading:
        sock = Metered()
        sock.taken = taken
        return Reading(sock, 100 - seconds, 0)

    late, older, younger, quick, fresh = (
        reading(*it) for it in ((11,), (9,), (2,), (9, 9 * SLOWEST), (0.5,))
    )
    among = [fresh, quick, younger, older, late]
    assert to_cut(among, 100, 10, most=2) == [late]
    assert to_cut(among, 100, 10, most=1) == [late, older]
    assert to_cut(among, 100, 10, most=0) == [late, older, younger]
    for it in among:
        it.sock.close()
