"""A server that may do anything with a connection: for faults that no well-written server can have."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Manners = Callable[[socket.socket], None]
"""What the server does with a connection, once the request has arrived."""


class RudeServer:
    """Listens on loopback; every connection is met with `manners`. `requests` holds what arrived."""

    def __init__(self, manners: Manners, tls: ssl.SSLContext | None = None, *, listens: bool = True) -> None:
        self.requests: list[bytes] = []
        self._manners, self._listens = manners, listens
        self.tls = tls
        """What it speaks with those who connect from now on."""
        self._over = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.05)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._connections: list[threading.Thread] = []

    @classmethod
    def with_manners(
        cls,
        manners_of: Callable[[RudeServer], Manners],
        tls: ssl.SSLContext | None = None,
        *,
        listens: bool = True,
    ) -> Self:
        """A server with manners that take their time, and have to know when the test is over."""
        server = cls(lambda _: None, tls, listens=listens)
        server._manners = manners_of(server)
        return server

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return int(self._server.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for connection in self._connections:
            connection.join()
        self._server.close()

    def refuse(self) -> None:
        """Let nobody connect any more; the port stays ours."""
        address = self._server.getsockname()
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._server = socket.socket()
        self._server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._server.bind(address)

    def admit(self) -> None:
        """Let everybody connect again, after `refuse`."""
        self._server.listen()
        self._server.settimeout(0.05)

    def wait(self, seconds: float) -> bool:
        """Whether the test is over, after at most so many seconds; for manners that take their time."""
        return self._over.wait(seconds)

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._server.accept()
            except OSError:  # nobody came; or nobody is let in for now
                self._over.wait(0.01)
                continue
            thread = threading.Thread(target=self._meet, args=(connection,), daemon=True)
            self._connections.append(thread)
            thread.start()

    def _meet(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(5)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            if self._listens:
                self.requests.append(read_request(connection))
            self._manners(connection)
            connection.close()


def read_request(connection: socket.socket) -> bytes:
    """Head and body of one request."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return data
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        ),
        0,
    )
    while len(body) < length:
        more = connection.recv(65536)
        if not more:
            break
        body += more
    return head + b"\r\n\r\n" + body


def reset(connection: socket.socket) -> None:
    """Break the connection off, rather than end it."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def answer(body: bytes, status: str = "200 OK", **headers: str) -> Manners:
    """Answer in order with these bytes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    whole = "\r\n".join([*lines, "", ""]).encode("latin-1") + body
    return lambda connection: connection.sendall(whole)


def make_certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody but itself vouches for, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    pem = serialization.Encoding.PEM
    kept = serialization.PrivateFormat.PKCS8
    path.write_bytes(
        key.private_bytes(pem, kept, serialization.NoEncryption()) + certificate.public_bytes(pem)
    )
    return path


def tls_context(certificate: Path) -> ssl.SSLContext:
    """What a server with this certificate speaks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@contextlib.contextmanager
def closed_port() -> Iterator[str]:
    """The address of a port that nobody listens on, and nobody else can take meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
