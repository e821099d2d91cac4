"""Stands between the worker and a sandbox, and meets the chosen calls of one provider as badly as it is told to."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable
from typing import Self

from tests.support.rude_server import Manners, RudeServer, read_request
from tests.support.sandbox import SandboxServer

_OPERATIONS = (
    (rb"GET /v1/account", "readAccount"),
    (rb"POST /v1/deliveries ", "openDelivery"),
    (rb"PUT /v1/deliveries/[^/]+/parts/", "putPart"),
    (rb"POST /v1/deliveries/[^/]+/commit", "commitDelivery"),
    (rb"GET /v1/deliveries/[^/]+/acknowledgements", "readAcknowledgements"),
    (rb"DELETE /v1/deliveries/", "abandonDelivery"),
)


class Middle:
    """A network that a test may break, for one provider alone or for all; else it is the sandbox behind it."""

    def __init__(self, sandbox: SandboxServer | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.sandbox = sandbox
        self.server = RudeServer(self._meet, tls, listens=False)
        self.receipts: list[bytes] = []
        """The sandbox's answers to commits, whole."""
        self._rules: dict[bytes, tuple[str, Manners, bool]] = {}
        self._met: dict[bytes, int] = {}
        self._undo: list[Callable[[], object]] = []

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__()

    def misbehave(self, token: str, operation: str, manners: Manners, *, taken_in: bool) -> None:
        """Meet this provider's calls so, from now on; `taken_in` says whether the sandbox hears of them."""
        self._rules[token.encode()] = (operation, manners, taken_in)

    def met(self, token: str) -> int:
        """How many calls of this provider were met badly."""
        return self._met.get(token.encode(), 0)

    def refuse(self) -> None:
        """Let nobody connect."""
        self.server.refuse()
        self._undo.append(self.server.admit)

    def lose_name(self) -> None:
        """Have nobody know where we are."""
        look_up, port = socket.getaddrinfo, self.server.port

        def unknown(host: object, service: object, *more: object, **options: object) -> object:
            if service == port:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return look_up(host, service, *more, **options)  # type: ignore[arg-type]

        socket.getaddrinfo = unknown  # type: ignore[assignment]
        self._undo.append(lambda: setattr(socket, "getaddrinfo", look_up))

    def show(self, tls: ssl.SSLContext) -> None:
        """Show another certificate."""
        before, self.server.tls = self.server.tls, tls
        self._undo.append(lambda: setattr(self.server, "tls", before))

    def behave(self) -> None:
        """Be the sandbox again."""
        self._rules = {}
        while self._undo:
            self._undo.pop()()

    def _meet(self, connection: socket.socket) -> None:
        request = read_request(connection)
        if not request:
            return
        token = token_of(request)
        operation, manners, taken_in = self._rules.get(token, ("", None, False))
        if manners is None or operation != operation_of(request):
            connection.sendall(self._pass_on(request))
            return
        self._met[token] = self._met.get(token, 0) + 1
        if taken_in:
            self._pass_on(request)
        manners(connection)

    def _pass_on(self, request: bytes) -> bytes:
        assert self.sandbox is not None
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [it for it in head.split(b"\r\n") if not it.lower().startswith(b"connection:")]
        with socket.create_connection(("127.0.0.1", self.sandbox.port), timeout=30) as onward:
            onward.sendall(b"\r\n".join([*lines, b"Connection: close", b"", body]))
            answer = b"".join(iter(lambda: onward.recv(65536), b""))
        if operation_of(request) == "commitDelivery":
            self.receipts.append(answer)
        return answer


def token_of(request: bytes) -> bytes:
    """Whose call it is."""
    found = re.search(rb"\r\nAuthorization: Bearer ([^\r]*)\r\n", request)
    return found[1] if found else b""


def operation_of(request: bytes) -> str:
    """The contract's name of a call."""
    return next((name for pattern, name in _OPERATIONS if re.match(pattern, request)), "")


def say_nothing(server: RudeServer) -> Manners:
    """Keep the connection open in silence, until the test is over."""
    return lambda _: server.wait(20) and None


def trickle(server: RudeServer) -> Manners:
    """An answer that comes a byte at a time, and would go on for days."""

    def speak(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n")
        while not server.wait(0.1):
            connection.sendall(b" ")

    return speak
