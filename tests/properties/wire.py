"""The sandbox in a thread of this process, served over real HTTP, with a tap that notes what reaches it.

In a thread it shares the travelled clock, and a call can meet something on its way: a reset connection, or another
worker who overtakes.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from sandbox import create_app
from tests.support.sandbox import SandboxServer

Record = dict[str, Any]
_PATH = re.compile(
    r"/v1/deliveries(?:/(?P<id>[^/]+)(?:/(?P<what>parts|commit|acknowledgements))?(?:/(?P<number>\d+))?)?"
)
_CALLS = {
    ("GET", None): "readDelivery",
    ("DELETE", None): "abandonDelivery",
    ("PUT", "parts"): "putPart",
    ("POST", "commit"): "commitDelivery",
    ("GET", "acknowledgements"): "readAcknowledgements",
}


class Fault(StrEnum):
    """What befalls one call."""

    LOST = "lost"
    """It never arrives."""
    UNANSWERED = "unanswered"
    """It is taken in; its answer never arrives."""
    UNAVAILABLE = "unavailable"
    """503."""


@dataclass
class Opened:
    """A delivery as the network came to know it."""

    key: str
    sequence: int
    mode: str
    base: int | None
    parts: dict[int, bytes] = field(default_factory=dict)

    @property
    def records(self) -> list[Record]:
        """All records of its parts, in order."""
        parts = (gzip.decompress(part) for _, part in sorted(self.parts.items()))
        return [json.loads(line) for part in parts for line in part.splitlines()]


@dataclass
class Tap:
    """Reads along on the wire. What must never be seen there goes into `wrong`, in words."""

    on_commit: Callable[[Opened], None] = lambda _: None
    opened: dict[str, Opened] = field(default_factory=dict)
    committed: dict[int, Opened] = field(default_factory=dict)
    """What counts, by sequence."""
    faults: dict[str, Fault] = field(default_factory=dict)
    """What befalls the next call of each kind."""
    given_up: set[str] = field(default_factory=set)
    """Keys of deliveries that were given up."""
    on_the_way: dict[str, Callable[[], None]] = field(default_factory=dict)
    """What is done once while the answer to a call is on its way."""
    wrong: list[str] = field(default_factory=list)

    def note(
        self, call: str, place: re.Match[str] | None, key: str, body: bytes, status: int, answer: bytes
    ) -> None:
        if call == "abandonDelivery" and status < 300 and place and place["id"] in self.opened:
            self.given_up.add(self.opened[place["id"]].key)
        if 400 <= status < 500 and not self._is_rightly_refused(call, place, key):
            self.wrong.append(f"the network refuses {call} with {status}: {answer.decode()}")
        if status >= 400 or place is None:
            return
        if call == "openDelivery":
            self._note_opening(key, json.loads(body), json.loads(answer)["delivery_id"])
        elif call == "putPart":
            self._note_part(self.opened[place["id"]], int(place["number"]), body)
        elif call == "commitDelivery":
            self._note_commit(self.opened[place["id"]])

    def _is_rightly_refused(self, call: str, place: re.Match[str] | None, key: str) -> bool:
        """What a restored backup opens again was given up; whether a commit counts is asked by giving it up."""
        if call == "openDelivery":
            return key in self.given_up
        named = self.opened.get(place["id"]) if place else None
        counts = named is not None and self.committed.get(named.sequence) is named
        return call == "abandonDelivery" and counts

    def _note_opening(self, key: str, order: Record, name: str) -> None:
        now = Opened(key, order["sequence"], order["mode"], order.get("base_sequence"))
        before = self.opened.setdefault(name, now)
        if (before.key, before.sequence, before.mode, before.base) != (key, now.sequence, now.mode, now.base):
            self.wrong.append(f"delivery {now.sequence} is opened twice, differently")

    def _note_part(self, delivery: Opened, number: int, body: bytes) -> None:
        if delivery.parts.setdefault(number, body) != body:
            self.wrong.append(
                f"part {number} of delivery {delivery.sequence} is sent twice, with other bytes"
            )

    def _note_commit(self, delivery: Opened) -> None:
        known = self.committed.get(delivery.sequence)
        if known is None:
            self.committed[delivery.sequence] = delivery
            self.on_commit(delivery)
        elif known is not delivery:
            self.wrong.append(f"sequence {delivery.sequence} is committed twice")


class TappedSandbox(SandboxServer):
    """A sandbox in a thread; for all else as in a process of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.tap = Tap()
        self._server: BaseWSGIServer | None = None

    def start(self) -> TappedSandbox:
        app = create_app(self.database, answer_delay_seconds=0)
        inner = app.wsgi_app
        self._server = make_server(
            "127.0.0.1",
            0,
            lambda environ, start_response: self._serve(inner, environ, start_response),
            threaded=True,
            request_handler=_Quiet,
        )
        self.port = self._server.port
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
        self._server = None

    def _serve(self, inner: Any, environ: Any, start_response: Any) -> Iterable[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if not path.startswith("/v1/"):
            return inner(environ, start_response)  # type: ignore[no-any-return]
        place = _PATH.fullmatch(path)
        call = _name(method, path, place)
        fault = self.tap.faults.pop(call, None)
        if fault is Fault.LOST:
            return _reset(environ["werkzeug.socket"])
        if fault is Fault.UNAVAILABLE:
            start_response("503 Unavailable", [("Content-Type", "application/problem+json")])
            return [b'{"type": "unavailable", "title": "Sp\\u00e4ter", "status": 503}']
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        announced: list[Any] = []
        answer = b"".join(inner(environ, lambda *words: announced.extend(words)))
        self.tap.note(
            call, place, environ.get("HTTP_IDEMPOTENCY_KEY", ""), body, int(announced[0].split()[0]), answer
        )
        meanwhile = self.tap.on_the_way.pop(call, None)
        if meanwhile:
            meanwhile()
        if fault is Fault.UNANSWERED:
            return _reset(environ["werkzeug.socket"])
        start_response(*announced[:2])
        return [answer]


def _name(method: str, path: str, place: re.Match[str] | None) -> str:
    if place is None:
        return "readAccount"
    if path == "/v1/deliveries":
        return "openDelivery" if method == "POST" else "listDeliveries"
    return _CALLS[method, place["what"]]


def _reset(connection: socket.socket) -> list[bytes]:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object, **__: object) -> None:
        """Nothing: the tap has seen it."""
