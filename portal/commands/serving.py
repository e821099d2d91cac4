"""Gunicorn's threads, bounded: nobody keeps one by sending slowly, and what is no request gets a page of ours."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import Any

import structlog
from gunicorn.http import errors  # type: ignore[import-untyped]
from gunicorn.workers.gthread import _DEFER, TConn, ThreadWorker  # type: ignore[import-untyped]
from werkzeug.test import create_environ
from werkzeug.wrappers import Response

from portal.commands.options import HEAD_SECONDS
from portal.log import describe_error
from portal.web.limits import REFUSED

SLOWEST = 20_000
"""Bytes a second: so fast a body has to come at least."""
UNSAID_BYTES = 10_000_000
"""How long a body is taken for that does not say."""
_FIRST_BYTE_SECONDS = 0.1
"""After that a silent connection waits where it costs no thread."""
_ANSWER_SECONDS = 2.0
_STATUSES = {errors.LimitRequestLine: 414, errors.LimitRequestHeaders: 431, errors.ExpectationFailed: 417}
_OURS = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)
log = structlog.get_logger()


class BoundedWorker(ThreadWorker):  # type: ignore[misc]
    """A process of the web server, with deadlines for reading and our own words for what cannot be read."""

    head_seconds = HEAD_SECONDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadlines: dict[TConn, float] = {}
        self._lock = threading.Lock()

    def notify(self) -> None:
        """Once a second, from the thread that hands out work."""
        super().notify()
        now = time.monotonic()
        with self._lock:
            late = [conn for conn, deadline in self._deadlines.items() if deadline < now]
            for conn in late:
                del self._deadlines[conn]
        for conn in late:
            log.info("request_too_slow")
            with suppress(OSError):  # closed meanwhile
                conn.sock.shutdown(socket.SHUT_RD)  # whoever reads sees an end; an answer still goes out

    def handle(self, conn: TConn) -> Any:
        if not conn.initialized and not conn.wait_for_data(_FIRST_BYTE_SECONDS):
            return _DEFER
        self._give(conn, self.head_seconds)
        try:
            return super().handle(conn)
        finally:
            with self._lock:
                self._deadlines.pop(conn, None)

    def handle_request(self, req: Any, conn: TConn) -> Any:
        self._give(conn, 3 * self.head_seconds + _length(req) / SLOWEST)
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:  # noqa: ARG002
        """What is no request: a page as any other refusal. Nothing of it is logged, since it may hold anything."""
        status = 500
        if isinstance(exc, errors.ParseException) and not isinstance(exc, _OURS):
            status = _STATUSES.get(type(exc), 400)
            log.info("request_unreadable", status=status, error=type(exc).__name__)
        else:
            log.error("request_broke", **describe_error(exc))
        with suppress(OSError):  # nobody there any more
            client.settimeout(_ANSWER_SECONDS)
            client.sendall(_answer(self.wsgi, status))

    def _give(self, conn: TConn, seconds: float) -> None:
        with self._lock:
            self._deadlines[conn] = time.monotonic() + seconds


def bounded_worker(head_seconds: float) -> type[BoundedWorker]:
    """The class of gunicorn's processes that wait this long for the head of a request."""
    return type("Worker", (BoundedWorker,), {"head_seconds": head_seconds})


def _length(req: Any) -> int:
    """Bytes of the body that the request speaks of."""
    said = next((value for name, value in req.headers if name == "CONTENT-LENGTH"), None)
    if said is not None and said.isdigit():
        return int(said)
    return UNSAID_BYTES if any(name == "TRANSFER-ENCODING" for name, _ in req.headers) else 0


def _answer(app: Any, status: int) -> bytes:
    """The application's own page for a status, as bytes for the wire."""
    response = Response.from_app(app, create_environ("/") | {REFUSED: status}, buffered=True)
    head = [f"HTTP/1.1 {response.status}"]
    head += [f"{name}: {value}" for name, value in response.headers if name.lower() != "connection"]
    return "\r\n".join([*head, "Connection: close", "", ""]).encode("latin-1") + response.get_data()
