"""Bounding a request in total time: the library's time-outs start anew with every byte that trickles in."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any, Self

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class TrackingAdapter(HTTPAdapter):
    """An adapter that notes the sockets it opens, so that a watch can close them."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        self._opened = sockets
        super().__init__(max_retries=0, pool_maxsize=2)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        opened = self._opened

        class Plain(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                opened[:] = [self.sock]

        class Tls(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                opened[:] = [self.sock]

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
