"""What the library leaves to us: bounding a request in total time, since its time-outs start anew with every byte
that trickles in; looking behind its errors; reading Retry-After."""

from __future__ import annotations

import datetime as dt
import email.utils
import socket
import threading
from contextlib import suppress
from typing import Any, Self

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class TrackingAdapter(HTTPAdapter):
    """An adapter that notes the sockets it opens, so that a watch can close them.

    A part may take `send_seconds` to go out: the library would allow no more than it does for connecting.
    """

    def __init__(self, sockets: list[socket.socket], send_seconds: float) -> None:
        self._opened = sockets
        self._send_seconds = send_seconds
        super().__init__(max_retries=0, pool_maxsize=2)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        opened, send_seconds = self._opened, self._send_seconds

        def note(sock: socket.socket) -> None:
            sock.settimeout(send_seconds)
            opened[:] = [sock]

        class Plain(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                note(self.sock)

        class Tls(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                note(self.sock)

        plain = type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": Plain})
        tls = type("TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": Tls})
        self.poolmanager.pool_classes_by_scheme = {"http": plain, "https": tls}


class Watch:
    """Ends the connection after `seconds`, whatever still trickles in; `expired` says whether it did."""

    def __init__(self, sockets: list[socket.socket], seconds: float) -> None:
        self._sockets = sockets
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True
        self.expired = False

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _expire(self) -> None:
        self.expired = True
        for opened in self._sockets:
            with suppress(OSError):  # closed meanwhile
                # the plain socket's own: an SSL socket's shutdown is not safe beside a reader
                socket.socket.shutdown(opened, socket.SHUT_RDWR)


def causes(error: BaseException) -> list[BaseException]:
    """Return the error and those wrapped in it: the library's own three layers, then what the system said."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        item = waiting.pop()
        if isinstance(item, BaseException) and item not in found:
            found.append(item)
            waiting += [*item.args, getattr(item, "reason", None), item.__cause__]
    return found


def read_retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header, given as seconds or as a date; None where there is none or it is nonsense."""
    if not value:
        return None
    if value.isdecimal():
        return float(min(int(value[:12]), 10**9))
    try:
        at = email.utils.parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if at.tzinfo is None:  # "-0000": in UTC, says RFC 5322
        at = at.replace(tzinfo=dt.UTC)
    return max(0.0, (at - dt.datetime.now(dt.UTC)).total_seconds())
