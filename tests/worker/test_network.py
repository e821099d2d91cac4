"""The client against servers that behave in every wrong way: what it says of each, how long it waits, what it shows."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import socket
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from portal.networks.protocol import client as network
from portal.networks.protocol.client import Call, NetworkClient
from portal.networks.protocol.errors import (
    Garbled,
    NetworkError,
    Refused,
    Throttled,
    Unauthorised,
    Unavailable,
)
from portal.networks.protocol.transport import read_retry_after
from tests.support.rude_server import (
    Manners,
    RudeServer,
    answer,
    closed_port,
    make_certificate,
    reset,
    tls_context,
)

TOKEN = "token-4711-secret"
NAME = "Mustermann-4711"
"""Stands for whatever personal data the network may repeat."""
RECEIPT = {
    "receipt_id": "r1",
    "delivery_id": "d1",
    "sequence": 1,
    "received_at": "2026-03-02T10:00:00+01:00",
}
ACCOUNT = {
    "provider_id": "p",
    "name": "Provider",
    "network": "jobnetzwerk",
    "licensed_until": None,
    "last_sequence": 0,
    "encodings": ["gzip"],
    "max_part_bytes": 1000,
}
SECONDS = 0.6
"""Overall limit of the clients here."""


class Noting(NetworkClient):
    """Keeps what it is told of each call."""

    def __init__(self, url: str, seconds: float, ca_file: Path | None) -> None:
        self.calls: list[Call] = []
        path = str(ca_file) if ca_file else None
        super().__init__(url, TOKEN, read_seconds=seconds, ca_file=path, on_call=self.calls.append)


def client_of(url: str, seconds: float = SECONDS, ca_file: Path | None = None) -> Noting:
    return Noting(url, seconds, ca_file)


def commit(client: NetworkClient) -> NetworkError:
    """The error of a commit, the call for which it matters most."""
    with pytest.raises(NetworkError) as raised:
        client.commit_delivery("d1", ["sha-256=:x:"], {"participant": 1})
    return raised.value


def met_with(manners: Manners, **options: object) -> NetworkError:
    with RudeServer(manners) as server, client_of(server.url) as client:
        error = commit(client)
        _check_shown(client, error)
        return error


def _check_shown(client: Noting, error: NetworkError) -> None:
    """One call noted, with the error's word; neither token nor personal data anywhere."""
    (call,) = client.calls
    assert (call.name, call.problem, call.http_status) == ("commitDelivery", error.word, error.http_status)
    shown = f"{error} {error!r} {call} {error.__cause__}"
    assert error.__suppress_context__ or error.__context__ is None
    assert TOKEN not in shown
    assert NAME not in shown


def problem(word: str, status: str, **more: object) -> Manners:
    body = {"type": f"https://network.example/problems/{word}", "title": NAME, "status": 1, "detail": NAME}
    return answer(json.dumps(body | more).encode(), status, Content_Type="application/problem+json")


ELSEWHERE = (
    "400 No",
    "401 Who",
    "403 No",
    "404 No",
    "408 Late",
    "409 No",
    "413 Much",
    "422 No",
    "451 No",
    "499 ?",
)
"""What gateways say on their own account, maybe after the network has taken a request in."""


def page_of_something_else(status: str) -> Manners:
    return answer(b"<html>" + NAME.encode(), status, Content_Type="text/html")


def problem_as(content_type: str) -> Manners:
    return answer(b'{"type": "x/licence-expired", "title": "No"}', "403 No", Content_Type=content_type)


def problem_of(body: bytes) -> Manners:
    return answer(body, "404 No", Content_Type="application/problem+json")


# --- whether the request may have had its effect -----------------------------------------------------------


def test_a_refused_connection_took_nothing_in() -> None:
    with closed_port() as url, client_of(url) as client:
        error = commit(client)
    assert isinstance(error, Unavailable)
    assert (error.word, error.maybe_taken_in) == ("no-connection", False)


def test_a_name_that_nobody_knows_took_nothing_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with client_of("https://network.invalid") as client:
        error = commit(client)
    assert (error.word, error.maybe_taken_in) == ("no-connection", False)


def end_at_once(connection: socket.socket) -> None:
    connection.close()


def speak_half(connection: socket.socket) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"receipt')


def speak_half_and_reset(connection: socket.socket) -> None:
    speak_half(connection)
    reset(connection)


def stop_in_a_chunk(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{")


@pytest.mark.parametrize(
    "manners",
    [end_at_once, reset, speak_half, speak_half_and_reset, stop_in_a_chunk],
    ids=lambda it: it.__name__,
)
def test_a_connection_that_breaks_proves_nothing(manners: Manners) -> None:
    error = met_with(manners)
    assert isinstance(error, Unavailable)
    assert (error.word, error.maybe_taken_in) == ("connection-lost", True)


def reset_when_spoken_to(connection: socket.socket) -> None:
    """Break the connection at the first byte, which stays unread; before it there would be none to speak over."""
    connection.recv(1, socket.MSG_PEEK)
    reset(connection)


def test_a_connection_that_breaks_while_we_speak_proves_nothing() -> None:
    with RudeServer(reset_when_spoken_to, listens=False) as server, client_of(server.url) as client:
        assert commit(client).maybe_taken_in


@pytest.mark.parametrize(
    ("manners", "kind", "word", "maybe"),
    [
        (answer(b"", "500 Oh"), Unavailable, "server-error", True),
        (answer(b"", "502 Oh"), Unavailable, "server-error", True),
        (answer(b"", "504 Oh"), Unavailable, "server-error", True),
        (answer(b"", "599 Oh"), Unavailable, "server-error", True),
        (answer(b"", "503 Later", Retry_After="7"), Throttled, "throttled", True),
        (problem("unavailable", "503 Later"), Throttled, "throttled", True),
        (problem("too-many-requests", "429 Slower"), Throttled, "throttled", False),
        (answer(b"", "429 Slower"), Throttled, "throttled", True),
        (problem("quota", "429 Slower"), Throttled, "throttled", True),
        (problem("unauthorised", "401 No"), Unauthorised, "unauthorised", False),
        (problem("licence-expired", "403 No"), Refused, "licence-expired", False),
        (problem("base-mismatch", "409 No", last_sequence=4), Refused, "base-mismatch", False),
        (problem("a-new-word", "418 No"), Garbled, "not-the-contract", True),
        (problem("unavailable", "404 No"), Garbled, "not-the-contract", True),
        (problem(NAME, "422 No"), Garbled, "not-the-contract", True),
        *((page_of_something_else(status), Garbled, "not-the-contract", True) for status in ELSEWHERE),
        (problem_as("application/json"), Garbled, "not-the-contract", True),
        (problem_as("text/html; application/problem+json"), Garbled, "not-the-contract", True),
        (problem_as("Application/Problem+JSON; charset=utf-8"), Refused, "licence-expired", False),
        (problem_of(b"[" * 100_000), Garbled, "not-the-contract", True),
        (problem_of(b'{"type": 5}'), Garbled, "not-the-contract", True),
        (problem_of(b'{"title": "No"}'), Garbled, "not-the-contract", True),
        (problem_of(b'{"type": "x/not-found", "type": "x/too-large"}'), Garbled, "not-the-contract", True),
        (problem_of(b'\xff{"type": "x/not-found"}'), Garbled, "not-the-contract", True),
        (answer(b"", "302 There", Location="http://127.0.0.1:1/"), Garbled, "redirect", True),
        (answer(b"", "304 Same"), Garbled, "redirect", True),
        (answer(b"", "999 What"), Unavailable, "server-error", True),  # RFC 9110, section 15
        (answer(b"<html>" + NAME.encode()), Garbled, "not-the-contract", True),
        (answer(b""), Garbled, "not-the-contract", True),
        (answer(b"null"), Garbled, "not-the-contract", True),
        (answer(b"\xff\xfe"), Garbled, "not-the-contract", True),
        (answer(b"[" * 100_000), Garbled, "not-the-contract", True),
        (answer(b"not gzip", Content_Encoding="gzip"), Garbled, "not-decodable", True),
        (lambda it: it.sendall(b"\x16\x03\x01" * 99), Garbled, "not-http", True),
        (lambda it: it.sendall(b"NewConnectionError\r\n\r\n"), Garbled, "not-http", True),
        (
            lambda it: it.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n"),
            Garbled,
            "not-http",
            True,
        ),
        (
            lambda it: it.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 99_999 + b"\r\n\r\n"),
            Garbled,
            "not-http",
            True,
        ),
    ],
)
def test_every_answer_has_its_word(
    manners: Manners, kind: type[NetworkError], word: str, maybe: bool
) -> None:
    error = met_with(manners)
    assert type(error) is kind
    assert (error.word, error.maybe_taken_in) == (word, maybe)


@pytest.mark.parametrize(
    "changes",
    [
        {"sequence": "x"},
        {"sequence": None},
        {"delivery_id": "d" * 65},
        {"delivery_id": ""},
        {"receipt_id": "a\x00b"},
        {"received_at": "2026-03-02T10:00:00"},  # whose time?
        {"received_at": "9999-12-31T23:59:59-12:00"},
        {"received_at": "yesterday"},
    ],
)
def test_a_receipt_that_could_not_be_stored_is_none(changes: dict[str, object]) -> None:
    assert met_with(answer(json.dumps(RECEIPT | changes).encode())).word == "not-the-contract"


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(RECEIPT)[:-1] + ', "sequence": 2}',
        json.dumps(RECEIPT)[:-1] + ', "new": {"a": 1, "a": 1}}',
        json.dumps(RECEIPT)[:-1] + ', "seq\\u0075ence": 2}',
        json.dumps(RECEIPT)[:-1] + ', "new": NaN}',
    ],
)
def test_what_can_be_read_in_two_ways_is_not_read(body: str) -> None:
    assert met_with(answer(body.encode())).word == "not-the-contract"


def test_a_good_answer_is_read_and_what_is_new_in_it_passed_over() -> None:
    body = gzip.compress(json.dumps(RECEIPT | {"new": 1}).encode())
    with RudeServer(answer(body, Content_Encoding="gzip")) as server, client_of(server.url) as client:
        receipt = client.commit_delivery("d1", [], {})
    assert receipt.received_at == dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
    assert [(call.http_status, call.problem) for call in client.calls] == [(200, None)]


# --- how long, how much ------------------------------------------------------------------------------------


def drip(*pieces: bytes) -> Callable[[RudeServer], Manners]:
    """One piece at once, then a byte every now and then, without end."""

    def manners_of(server: RudeServer) -> Manners:
        def speak(connection: socket.socket) -> None:
            connection.sendall(pieces[0])
            while not server.wait(0.1):
                connection.sendall(pieces[1])

        return speak

    return manners_of


def say_nothing(server: RudeServer) -> Manners:
    """Keep the connection open in silence, until the test is over."""
    return lambda _: server.wait(20) and None


SLOW = {
    "nothing": drip(b"", b""),
    "in the status line": drip(b"HTTP/1.1 2", b"0"),
    "in the head": drip(b"HTTP/1.1 200 OK\r\n", b"x"),
    "head after head": drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "go on, go on": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "in the body": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b" "),
    "in chunks": drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "without a length": drip(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b" "),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("way", SLOW)
def test_an_answer_that_trickles_in_is_bounded_in_total(way: str) -> None:
    with RudeServer.with_manners(SLOW[way]) as server, client_of(server.url) as client:
        started = time.monotonic()
        error = commit(client)
        taken = time.monotonic() - started
    assert error.maybe_taken_in
    assert error.word in {"too-slow", "no-answer"}
    assert SECONDS * 0.9 <= taken < SECONDS + 1.5


def test_silence_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "STALL_SECONDS", 0.3)
    with RudeServer.with_manners(say_nothing) as server, client_of(server.url, seconds=20) as client:
        error = commit(client)
    assert isinstance(error, Unavailable)
    assert (error.word, error.maybe_taken_in) == ("no-answer", True)


def read_late(server: RudeServer) -> Manners:
    """Read a request to its end, but only after a while."""

    def listen(connection: socket.socket) -> None:
        server.wait(0.9)
        while connection.recv(1 << 20)[-3:] != b"end":
            pass
        connection.sendall(b"HTTP/1.1 204 Good\r\n\r\n")

    return listen


def test_a_part_may_take_longer_to_send_than_a_connection_to_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "CONNECT_SECONDS", 0.3)
    with (
        RudeServer.with_manners(read_late, listens=False) as server,
        client_of(server.url, seconds=20) as client,
    ):
        client.put_part("d1", 1, b"x" * (8 << 20) + b"end", "sha-256=:x:")
    assert [call.problem for call in client.calls] == [None]


def test_two_hundred_megabytes_out_of_two_hundred_kilobytes_are_not_unpacked() -> None:
    bomb = gzip.compress(b" " * (200 << 20), compresslevel=9)
    assert len(bomb) < 300 << 10
    with RudeServer(answer(bomb, Content_Encoding="gzip")) as server, client_of(server.url, 20) as client:
        tracemalloc.start()
        error = commit(client)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (error.word, error.maybe_taken_in) == ("too-long", True)
    assert most < 80 << 20


def test_an_answer_without_end_is_left() -> None:
    def speak(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b" " * 65536)

    with RudeServer(speak) as server, client_of(server.url, 20) as client:
        assert commit(client).word == "too-long"


# --- where it goes, and what it carries there --------------------------------------------------------------


def test_a_redirect_is_not_followed() -> None:
    with RudeServer(answer(b"")) as elsewhere:
        location = answer(b"", "307 There", Location=elsewhere.url)
        with RudeServer(location) as server, client_of(server.url) as client:
            assert commit(client).word == "redirect"
    assert elsewhere.requests == []


def test_neither_proxies_nor_netrc_of_the_environment_are_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with RudeServer(answer(b"")) as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        good = answer(json.dumps(ACCOUNT).encode())
        with RudeServer(good) as server, client_of(server.url) as client:
            assert client.read_account().network == "jobnetzwerk"
    assert proxy.requests == []
    assert f"Authorization: Bearer {TOKEN}".encode() in server.requests[0]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"))


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    with RudeServer(answer(b""), tls_context(certificate)) as server, client_of(server.url) as client:
        error = commit(client)
    assert isinstance(error, Unavailable)
    assert (error.word, error.maybe_taken_in) == ("certificate-refused", False)
    assert server.requests == []


def test_not_even_the_environment_can_vouch_for_it(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(certificate))
    with RudeServer(answer(b""), tls_context(certificate)) as server, client_of(server.url) as client:
        assert commit(client).word == "certificate-refused"


def test_a_certificate_that_the_operator_vouches_for_is_taken(certificate: Path) -> None:
    good = answer(json.dumps(RECEIPT).encode())
    with (
        RudeServer(good, tls_context(certificate)) as server,
        client_of(server.url, ca_file=certificate) as client,
    ):
        assert client.commit_delivery("d1", [], {}).receipt_id == "r1"


def speak_plainly(connection: socket.socket) -> None:
    """In the middle of a secured answer."""
    with socket.socket(fileno=connection.detach()) as plain:
        plain.sendall(b"\x17\x03\x03\x00\x20" + b"x" * 32)


def end_after_request(connection: socket.socket) -> None:
    with socket.socket(fileno=connection.detach()):
        pass


@pytest.mark.parametrize("manners", [speak_plainly, end_after_request, reset], ids=lambda it: it.__name__)
def test_a_secured_connection_that_breaks_after_the_request_proves_nothing(
    certificate: Path, manners: Manners
) -> None:
    with (
        RudeServer(manners, tls_context(certificate)) as server,
        client_of(server.url, ca_file=certificate) as client,
    ):
        error = commit(client)
    assert server.requests
    assert error.maybe_taken_in
    assert error.word in {"tls-failed", "connection-lost"}


def test_a_secured_answer_that_trickles_in_is_bounded_and_proves_nothing(certificate: Path) -> None:
    slow = SLOW["in the body"]
    with (
        RudeServer.with_manners(slow, tls_context(certificate)) as server,
        client_of(server.url, ca_file=certificate) as client,
    ):
        error = commit(client)
    assert (error.word, error.maybe_taken_in) == ("too-slow", True)


# --- Retry-After -------------------------------------------------------------------------------------------

NOW = dt.datetime(2026, 10, 21, 7, 28, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("9" * 300, 10**9),
        ("Wed, 21 Oct 2026 07:30:00 GMT", 120),
        ("Wed, 21 Oct 2026 07:30:00 -0000", 120),
        ("Wed, 21 Oct 2026 09:30:00 +0200", 120),
        ("Wed, 21 Oct 2026 07:00:00 GMT", 0),
        ("Wed, 21 Oct 99999 07:30:00 GMT", None),
        ("Wed, 21 Oct 2026 07:30:00 +999999", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("5, 5", None),
        ("", None),
        (None, None),
    ],
)
def test_the_time_to_wait_is_read(value: str | None, seconds: float | None) -> None:
    with time_machine.travel(NOW, tick=False):
        assert read_retry_after(value) == seconds


@given(st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+(:\d+)? [-+]?\w+"))
def test_no_nonsense_breaks_the_reading(value: str) -> None:
    seconds = read_retry_after(value)
    assert seconds is None or seconds >= 0


def test_the_time_to_wait_comes_with_the_error() -> None:
    error = met_with(answer(b"", "429 Slower", Retry_After="17"))
    assert isinstance(error, Throttled)
    assert error.retry_after == 17


def test_problems_carry_what_the_contract_gives() -> None:
    error = met_with(problem("invalid-record", "422 No", line=7, last_sequence=9))
    assert isinstance(error, Refused)
    assert (error.problem.line, error.problem.last_sequence, error.problem.detail) == (7, 9, NAME)


# --- nothing in the log ------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(0)
    yield
    assert TOKEN not in caplog.text
    assert NAME not in caplog.text
