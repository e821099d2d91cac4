"""Gunicorn's threads, bounded: slow senders cannot keep one; what is no request gets a page of ours (ADR 051)."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from gunicorn.http import errors  # type: ignore[import-untyped]
from gunicorn.workers import gthread  # type: ignore[import-untyped]
from werkzeug.test import create_environ
from werkzeug.wrappers import Response

from portal.cli.options import HEAD_SECONDS
from portal.core.log import describe_error
from portal.webkit.limits import REFUSED

SLOWEST = 20_000
"""Bytes a second: so fast a request has to come on average, once its time for the head is over."""
_AT_ONCE_SECONDS = 1.0
"""So long a request may take that comes slower, when a quarter of the threads are held by such."""
_FIRST_BYTE_SECONDS = 0.1
"""After that a silent connection waits where it costs no thread."""
_ANSWER_SECONDS = 2.0
_STATUSES = {errors.LimitRequestLine: 414, errors.LimitRequestHeaders: 431, errors.ExpectationFailed: 417}
_OURS = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)
gthread.DEFAULT_WORKER_DATA_TIMEOUT = _FIRST_BYTE_SECONDS
log = structlog.get_logger()


class Metered(socket.socket):
    """A connection that counts what came by it."""

    taken = 0

    def recv(self, *args: Any) -> bytes:
        found = super().recv(*args)
        self.taken += len(found)
        return found


@dataclass(frozen=True)
class Reading:
    """A request that holds a thread and has not come whole yet, as far as is known."""

    sock: Metered
    began: float
    taken_before: int

    def is_slow(self, now: float, patience: float) -> bool:
        """Return whether it had so many seconds, and those that its bytes were worth."""
        return now - self.began > patience + (self.sock.taken - self.taken_before) / SLOWEST


def to_cut(readings: Collection[Reading], now: float, patience: float, most: int) -> list[Reading]:
    """Those that had their time; and of the slow ones the oldest, where more than `most` hold a thread."""
    late = [it for it in readings if it.is_slow(now, patience)]
    slow = [it for it in readings if it.is_slow(now, _AT_ONCE_SECONDS) and it not in late]
    return late + sorted(slow, key=lambda it: it.began)[: max(0, len(slow) - most)]


class BoundedWorker(gthread.ThreadWorker):  # type: ignore[misc]
    """A process of the web server with bounded threads, and our own words for requests that cannot be read."""

    head_seconds = HEAD_SECONDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._readings: dict[gthread.TConn, Reading] = {}
        self._lock = threading.Lock()

    def notify(self) -> None:
        """Once a second at least, from the thread that hands out work."""
        super().notify()
        with self._lock:
            cut = to_cut(self._readings.values(), time.monotonic(), self.head_seconds, self.cfg.threads // 4)
            self._readings = {conn: it for conn, it in self._readings.items() if it not in cut}
        for reading in cut:
            log.info("request_too_slow")
            with suppress(OSError):  # closed meanwhile
                reading.sock.shutdown(
                    socket.SHUT_RD
                )  # the reading thread sees the end; an answer still goes out

    def handle(self, conn: gthread.TConn) -> Any:
        if not isinstance(conn.sock, Metered):
            blocking = conn.sock.getblocking()
            conn.sock = Metered(fileno=conn.sock.detach())
            conn.sock.setblocking(blocking)
        with self._lock:
            self._readings[conn] = Reading(conn.sock, time.monotonic(), conn.sock.taken)
        try:
            return super().handle(conn)
        finally:
            self._is_read(conn)

    def handle_request(self, req: Any, conn: gthread.TConn) -> Any:
        if not any(name in ("CONTENT-LENGTH", "TRANSFER-ENCODING") for name, _ in req.headers):
            self._is_read(conn)
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:  # noqa: ARG002
        """What is no request: a page as any other refusal. Nothing of it is logged, since it may hold anything."""
        status = 500
        if isinstance(exc, errors.ParseException) and not isinstance(exc, _OURS):
            status = _STATUSES.get(type(exc), 400)
            log.info("request_unreadable", status=status, error=type(exc).__name__)
        else:
            log.error("request_broke", **describe_error(exc))
        with suppress(OSError):  # the client has gone
            client.settimeout(_ANSWER_SECONDS)
            client.sendall(_answer(self.wsgi, status))

    def _is_read(self, conn: gthread.TConn) -> None:
        with self._lock:
            self._readings.pop(conn, None)


def bounded_worker(head_seconds: float) -> type[BoundedWorker]:
    """The class of gunicorn's processes that wait this long for the head of a request."""
    return type("Worker", (BoundedWorker,), {"head_seconds": head_seconds})


def _answer(app: Any, status: int) -> bytes:
    """Return the application's own page for a status, as bytes for the wire."""
    response = Response.from_app(app, create_environ("/") | {REFUSED: status}, buffered=True)
    head = [f"HTTP/1.1 {response.status}"]
    head += [f"{name}: {value}" for name, value in response.headers if name.lower() != "connection"]
    return "\r\n".join([*head, "Connection: close", "", ""]).encode("latin-1") + response.get_data()
