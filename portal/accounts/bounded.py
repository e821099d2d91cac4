"""Calls that end: an adapter of requests with a limit on the whole time and on the size of an answer."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

SECONDS = 8
"""For a whole answer; the library's own time-outs start anew with every byte."""
BYTES = 256_000
_PIECE = 16_384


class Bounded(HTTPAdapter):
    """Follows nothing, keeps nothing open, and reads no more than it should. One call for each connection."""

    def __init__(self) -> None:
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        plain = type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": _Plain})
        tls = type("TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": _Tls})
        self.poolmanager.pool_classes_by_scheme = {"http": plain, "https": tls}

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        """The answer with its body read. Raises requests' errors."""
        until = time.monotonic() + SECONDS
        request.headers["Connection"] = "close"
        response = super().send(
            request, **(options | {"stream": True, "timeout": SECONDS / 2, "proxies": {}})
        )
        if response.is_redirect or "Content-Encoding" in response.headers:
            response.close()
            raise requests.RequestException("an answer that is not read")
        response._content = _read(response, until)  # noqa: SLF001 - where requests keeps it
        return response


def _read(response: requests.Response, until: float) -> bytes:
    body = bytearray()
    try:
        while piece := response.raw.read1(_PIECE):
            body += piece
            if len(body) > BYTES or time.monotonic() > until:
                raise requests.RequestException("too much, or too slow")
    except HTTPError:
        raise requests.RequestException("cut off") from None
    finally:
        response.close()
    return bytes(body)


class _Ending:
    """A connection that is shut when its time is over, whatever still trickles in."""

    sock: Any
    _end: threading.Timer | None = None

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self._end = threading.Timer(SECONDS, _shut, [self.sock])
        self._end.daemon = True
        self._end.start()

    def close(self) -> None:
        if self._end is not None:
            self._end.cancel()
        super().close()  # type: ignore[misc]


class _Plain(_Ending, HTTPConnection):
    pass


class _Tls(_Ending, HTTPSConnection):
    pass


def _shut(opened: socket.socket) -> None:
    with suppress(OSError):  # closed meanwhile
        socket.socket.shutdown(opened, socket.SHUT_RDWR)
