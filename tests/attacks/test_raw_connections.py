"""What is sent to the port without being a request: a clear refusal, a page of ours, nothing of it in the log."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.door import new_token
from tests.support.pages import check_html
from tests.support.services import RedisServer
from tests.support.web_server import WebServer, running_web

pytestmark = pytest.mark.processes
HEAD_SECONDS = 2
CANARY = "Kanari-65170839J003"
FORM = "Content-Type: application/x-www-form-urlencoded"
CHUNKED = "Transfer-Encoding: chunked"
POST = "POST /sign-in HTTP/1.1"
HIDDEN = "GET /account HTTP/1.1\r\nHost: x\r\n\r\n"
SECOND = "0\r\n\r\n" + HIDDEN
"""Where the chunks of a first request end, a second one begins."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("raw")


@pytest.fixture(scope="module")
def server(folder: Path, redis_server: RedisServer) -> Iterator[WebServer]:
    """One that waits shortly for the head of a request."""
    redis_server.flush()
    words = ("--head-seconds", str(HEAD_SECONDS), "--threads", "4")
    with running_web(folder, f"sqlite:///{folder}/main.db", redis_server, *words) as running:
        yield running


def connect(server: WebServer) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), 60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def read_all(connection: socket.socket) -> bytes:
    """What is answered until the server closes."""
    answer = b""
    try:
        while piece := connection.recv(65536):
            answer += piece
    except ConnectionResetError:
        pass
    return answer


def say(server: WebServer, sent: str | bytes, *, end: bool = True) -> bytes:
    """All that is answered; `end` says that nothing more will be sent."""
    with connect(server) as connection:
        try:
            connection.sendall(sent.encode("latin-1") if isinstance(sent, str) else sent)
            if end:
                connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return read_all(connection)


def head(*lines: str, start: str = "GET /sign-in HTTP/1.1") -> str:
    return "\r\n".join([start, "Host: 127.0.0.1", *lines, "", ""])


def status_of(answer: bytes) -> int:
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    assert found, answer[:200]
    return int(found[1])


def log_of(folder: Path) -> str:
    return (folder / "web.log").read_text()


UNREADABLE: dict[str, tuple[str, int]] = {
    "nonsense bytes": ("\x00\xff\xfe" * 50 + "\r\n\r\n", 400),
    "TLS where none is": ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "x" * 500 + "\r\n\r\n", 400),
    "no method": (f" / {CANARY}\r\n\r\n", 400),
    "another protocol": (f"SSH-2.0-{CANARY}\r\n\r\n", 400),
    "an unknown version": (head(start=f"GET /{CANARY} HTTP/9.9"), 400),
    "an endless address": (head(start=f"GET /{CANARY}{'x' * 20_000} HTTP/1.1"), 414),
    "an endless header": (head(f"X-Long: {CANARY}{'x' * 20_000}"), 431),
    "a thousand headers": (head(*(f"X-{number}: {CANARY}" for number in range(1000))), 431),
    "a header without a colon": (head(f"Nonsense {CANARY}"), 400),
    "a header with a space in its name": (head(f"Bad Name: {CANARY}"), 400),
    "a folded header": (head("X-One: 1", f" folded {CANARY}"), 400),
    "NUL in a header": (head(f"X-Nul: a\0{CANARY}"), 400),
    "two lengths": (head("Content-Length: 5", "Content-Length: 6", start=POST) + "email", 400),
    "a length that is none": (head("Content-Length: -5", start=POST), 400),
    "length and chunks": (head("Content-Length: 4", CHUNKED, start=POST) + SECOND, 400),
    "chunks and length": (head(CHUNKED, "Content-Length: 4", start=POST) + SECOND, 400),
    "chunks by another name": (
        head("Transfer-Encoding: xchunked", "Content-Length: 4", start=POST) + HIDDEN,
        400,
    ),
    "chunks twice": (head("Transfer-Encoding: chunked, chunked", start=POST) + SECOND, 400),
    "chunks with a space before the colon": (head("Transfer-Encoding : chunked", start=POST) + SECOND, 400),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_is_no_request_gets_our_page_and_is_in_no_log(
    server: WebServer, folder: Path, kind: str
) -> None:
    """One answer alone, however much stands behind it; with every protection that pages have."""
    sent, status = UNREADABLE[kind]
    answer = say(server, sent)
    assert status_of(answer) == status
    assert answer.count(b"HTTP/1.1 ") == 1, "one request, two answers: something was smuggled"
    top, _, body = answer.partition(b"\r\n\r\n")
    page = body.decode()
    check_html(page)
    assert "Es ist nichts verloren gegangen" in page and re.search(r"[0-9A-F]{8}", page)
    assert CANARY not in page and "<form" not in page  # there is no session that a form could belong to
    for name in (b"Content-Security-Policy", b"X-Content-Type-Options: nosniff", b"Cache-Control: no-store"):
        assert name in top
    assert b"Connection: close" in top and b"Set-Cookie" not in top
    said = log_of(folder)
    assert CANARY not in said and "Traceback" not in said
    assert server.visitor().get("/sign-in").status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\r\n",
        b"GET /sign-in HTT",
        b"GET /sign-in HTTP/1.1\r\nHost: x\r\nCookie: session=",
        b"GET /sign-in HTTP/1.1\r\nHost: x",
    ],
)
def test_half_a_head_is_no_request(server: WebServer, folder: Path, sent: bytes) -> None:
    assert say(server, sent) == b""
    assert "Traceback" not in log_of(folder)
    assert server.visitor().get("/sign-in").status_code == 200


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        (["Content-Length: 5000"], "email=a&password=b"),
        ([CHUNKED], "7\r\nemail=a\r\n"),
        ([CHUNKED], "zz\r\nemail=a\r\n"),
        ([CHUNKED], "7\r\nemail=aXX0\r\n\r\n"),
        ([CHUNKED], "ffffffffffffffff\r\nemail"),
    ],
)
@pytest.mark.parametrize("kind", [FORM, "Content-Type: multipart/form-data; boundary=x"])
def test_half_a_body_is_refused_in_words(
    server: WebServer, folder: Path, kind: str, lines: list[str], body: str
) -> None:
    """Cut between two fields it would look whole: nothing of it counts."""
    answer = say(server, head(kind, *lines, start=POST) + body)
    assert (status_of(answer), answer.count(b"HTTP/1.1 ")) == (400, 1)
    assert "Nichts davon wurde übernommen" in answer.decode()
    assert "Traceback" not in log_of(folder)


def test_half_a_body_at_the_http_door_changes_nothing(server: WebServer, folder: Path) -> None:
    """Cut at the end of a line it would look whole, and everybody in the rest would be gone."""
    lines = '{"tn_id": "T1", "nachname": "Adam"}\n'
    start = "PUT /api/v1/participants?mode=full HTTP/1.1"
    asked = (f"Authorization: Bearer {new_token(server.cast.alpha)}", "Content-Type: application/x-ndjson")
    cut = {
        f"Content-Length: {len(lines) + 50}": lines,
        CHUNKED: f"{len(lines):x}\r\n{lines}\r\n",
    }
    for length, body in cut.items():
        answer = say(server, head(*asked, length, start=start) + body)
        assert status_of(answer) == 400 and b"urn:jobbruecke:problem:body-cut" in answer
    whole = say(server, head(*asked, f"Content-Length: {len(lines)}", start=start) + lines)
    assert status_of(whole) in (200, 202)
    assert "Traceback" not in log_of(folder)


def test_a_form_that_lost_its_end_changes_nothing(server: WebServer) -> None:
    """With a token that is good, of somebody who may: cut after a field, and nothing is changed."""
    visitor = server.visitor()
    visitor.sign_in("caseworker1")
    token = visitor.form(f"/participants/{server.eva}", f"/participants/{server.eva}/release")["csrf_token"]
    form, path = f"csrf_token={quote(token)}&theme=dark", "POST /preferences HTTP/1.1"
    kept = (f"Cookie: session={visitor.cookie}", f"Content-Length: {len(form) + 20}")
    assert status_of(say(server, head(FORM, *kept, start=path) + form)) == 400
    assert 'data-kern-theme="dark"' not in visitor.get("/account").text
    whole = (kept[0], f"Content-Length: {len(form)}")
    assert status_of(say(server, head(FORM, *whole, start=path) + form)) == 303


def test_requests_in_one_go_are_answered_in_their_order(server: WebServer) -> None:
    """Pipelined, as HTTP allows: each is one request, and none gets another's answer."""
    asked = head() + head(start="GET /nowhere HTTP/1.1") + head("Connection: close")
    answer = say(server, asked, end=False)
    assert [int(it) for it in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)] == [200, 404, 200]


def test_slow_heads_keep_no_thread(server: WebServer, folder: Path) -> None:
    """More of them than there are threads, a byte at a time: whoever asks properly is served, and they are let go."""
    slow = [connect(server) for _ in range(24)]
    try:
        for connection in slow:
            connection.sendall(b"GET /sign-in HTTP/1.1\r\nX-Slow: ")
        waiting, deadline = list(slow), time.monotonic() + 60
        while waiting and time.monotonic() < deadline:
            waiting = [connection for connection in waiting if _still_takes(connection)]
            time.sleep(0.05)
        assert waiting == []
    finally:
        for connection in slow:
            connection.close()
    assert server.visitor().get("/sign-in").status_code == 200
    assert "request_too_slow" in log_of(folder)


def _still_takes(connection: socket.socket) -> bool:
    """Whether the server still reads; one more byte keeps it from thinking that we fell asleep."""
    try:
        connection.sendall(b"x")
        connection.setblocking(False)
        try:
            return connection.recv(1) != b""
        except BlockingIOError:
            return True
        finally:
            connection.setblocking(True)
    except (BrokenPipeError, ConnectionResetError):
        return False


def test_silent_connections_keep_no_thread(server: WebServer) -> None:
    silent = [connect(server) for _ in range(60)]
    try:
        assert server.visitor().get("/sign-in").status_code == 200
    finally:
        for connection in silent:
            connection.close()


def test_a_slow_body_is_cut_off_and_told(server: WebServer, folder: Path) -> None:
    with connect(server) as connection:
        connection.sendall(head(FORM, "Content-Length: 5000", start=POST).encode() + b"email=")
        answer = read_all(connection)
    assert status_of(answer) == 400
    assert "Traceback" not in log_of(folder)


def test_the_log_is_lines_of_json_after_all_that(server: WebServer, folder: Path) -> None:
    lines = log_of(folder).splitlines()
    assert lines and all(json.loads(line)["level"] in ("info", "warning") for line in lines if line)
