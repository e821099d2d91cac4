"""Client of the job network API. Its errors are types; its limits live here, once (docs/domain.md#deliveries).

The contract is `sandbox/openapi.yaml`. No redirects, no proxies or .netrc from the environment, every answer bounded
in bytes and in total time, certificates always checked.
"""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, IncompleteRead
from typing import Any, Self, TypeVar

import requests
from pydantic import BaseModel
from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
)

from portal.networks.protocol.bodies import read_json, read_problem
from portal.networks.protocol.contract import (
    REFUSALS,
    Account,
    AcknowledgementPage,
    ProblemBody,
    Receipt,
    RemoteDeliveries,
    RemoteDelivery,
)
from portal.networks.protocol.transport import TrackingAdapter, Watch, causes, read_retry_after

ANSWER_BYTES = 16 * 1024 * 1024
"""Longest answer that is read, in bytes after decompression."""
CONNECT_SECONDS = 5
STALL_SECONDS = 10
"""Longest silence within one answer."""
NO_CONTENT = 204
"""What the contract answers where there is nothing to say: no other status proves that a part is stored."""
_CHUNK = 64 * 1024


class NetworkError(Exception):
    """Something that keeps a call from succeeding."""

    maybe_taken_in = False
    """Whether the request may have had its effect although no proper answer came."""
    http_status: int | None = None

    @property
    def word(self) -> str:
        """The kind of error, for attempts."""
        return type(self).__name__.lower()


class Unavailable(NetworkError):
    """No answer, or 5xx: worth another attempt later."""

    def __init__(self, why: str, *, maybe_taken_in: bool, http_status: int | None = None) -> None:
        super().__init__(why)
        self.maybe_taken_in = maybe_taken_in
        self.http_status = http_status

    @property
    def word(self) -> str:
        return str(self.args[0])


class Throttled(NetworkError):
    """429 or 503 with the time to wait, in seconds; None where the network does not say.

    Either may come from something between us that lost the answer: only a 429 with the network's own word proves
    that nothing was taken in.
    """

    def __init__(self, http_status: int, retry_after: float | None, *, proven: bool) -> None:
        super().__init__("throttled")
        self.maybe_taken_in = not proven
        self.http_status = http_status
        self.retry_after = retry_after


class Refused(NetworkError):
    """The network's own word that another attempt would not mend it; `problem` says why."""

    def __init__(self, http_status: int, problem: ProblemBody) -> None:
        super().__init__(problem.word)
        self.http_status = http_status
        self.problem = problem

    @property
    def word(self) -> str:
        return self.problem.word


class Unauthorised(Refused):
    """401: the token is not taken."""


class Garbled(NetworkError):
    """An answer that breaks the contract: not JSON, too long, too slow, of another shape, a redirect."""

    maybe_taken_in = True

    def __init__(self, why: str, http_status: int | None = None) -> None:
        super().__init__(why)
        self.http_status = http_status

    @property
    def word(self) -> str:
        return str(self.args[0])


T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True)
class Call:
    """What happened at one request, for its attempt row."""

    name: str
    http_status: int | None
    duration_ms: int
    problem: str | None
    at: dt.datetime


class NetworkClient:
    """The contract's calls for one tenant; `on_call` is told what came of each request, before it returns or raises."""

    def __init__(
        self,
        base: str,
        token: str,
        *,
        read_seconds: float,
        ca_file: str | None = None,
        on_call: Callable[[Call], object] = lambda _: None,
    ) -> None:
        self._base = base.rstrip("/")
        self._read_seconds = read_seconds
        self._session = requests.Session()
        self._session.trust_env = False  # no proxies, no .netrc, no CA bundle from the environment
        self._session.verify = ca_file or True
        self._session.headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "User-Agent": "jobbruecke",
        }
        self._sockets: list[socket.socket] = []
        adapter = TrackingAdapter(self._sockets, read_seconds)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._on_call = on_call
        self.retry_after: float | None = None
        """Retry-After of the last answer, in seconds."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def read_account(self) -> Account:
        return self._call("readAccount", "GET", "/v1/account", Account)

    def open_delivery(
        self, key: str, sequence: int, mode: str, base_sequence: int | None, created_at: dt.datetime
    ) -> RemoteDelivery:
        body: dict[str, Any] = {"sequence": sequence, "mode": mode, "created_at": created_at.isoformat()}
        if base_sequence is not None:
            body["base_sequence"] = base_sequence
        return self._call(
            "openDelivery",
            "POST",
            "/v1/deliveries",
            RemoteDelivery,
            json=body,
            headers={"Idempotency-Key": key},
        )

    def list_deliveries(self, after_sequence: int) -> list[RemoteDelivery]:
        """Return the committed deliveries after that number, oldest first; at most 1000."""
        params = {"after_sequence": after_sequence}
        return self._call(
            "listDeliveries", "GET", "/v1/deliveries", RemoteDeliveries, params=params
        ).deliveries

    def read_delivery(self, remote_id: str) -> RemoteDelivery:
        return self._call("readDelivery", "GET", f"/v1/deliveries/{_quoted(remote_id)}", RemoteDelivery)

    def abandon_delivery(self, remote_id: str) -> None:
        self._call("abandonDelivery", "DELETE", f"/v1/deliveries/{_quoted(remote_id)}", None)

    def put_part(self, remote_id: str, number: int, content: bytes, digest: str) -> None:
        self._call(
            f"putPart {number}",
            "PUT",
            f"/v1/deliveries/{_quoted(remote_id)}/parts/{number}",
            None,
            data=content,
            headers={
                "Content-Digest": digest,
                "Content-Encoding": "gzip",
                "Content-Type": "application/x-ndjson",
            },
        )

    def commit_delivery(self, remote_id: str, digests: list[str], counts: dict[str, int]) -> Receipt:
        body = {"parts": digests, "counts": counts}
        path = f"/v1/deliveries/{_quoted(remote_id)}/commit"
        return self._call("commitDelivery", "POST", path, Receipt, json=body)

    def read_acknowledgements(
        self, remote_id: str, after: str | None, limit: int = 1000
    ) -> AcknowledgementPage:
        params: dict[str, str | int] = {"limit": limit} | ({"after": after} if after is not None else {})
        path = f"/v1/deliveries/{_quoted(remote_id)}/acknowledgements"
        return self._call("readAcknowledgements", "GET", path, AcknowledgementPage, params=params)

    def _call(self, name: str, method: str, path: str, shape: type[T] | None, **request: Any) -> T:
        started, at = time.monotonic(), dt.datetime.now(dt.UTC)
        status, problem = None, None
        try:
            status, body, headers = self._exchange(method, path, request)
            self.retry_after = read_retry_after(headers.get("Retry-After"))
            return self._read(status, body, headers.get("Content-Type", ""), shape)
        except NetworkError as error:
            status, problem = error.http_status or status, error.word
            raise
        finally:
            duration = round((time.monotonic() - started) * 1000)
            self._on_call(Call(name, status, duration, problem, at))

    def _exchange(self, method: str, path: str, request: dict[str, Any]) -> tuple[int, bytes, Any]:
        """Status, body and headers of one request, read within the limits."""
        watch = Watch(self._sockets, self._read_seconds)
        try:
            with (
                watch,
                self._session.request(
                    method,
                    self._base + path,
                    timeout=(CONNECT_SECONDS, min(STALL_SECONDS, self._read_seconds)),
                    allow_redirects=False,
                    stream=True,
                    **request,
                ) as response,
            ):
                return response.status_code, _read_within(response, watch), response.headers
        except (requests.exceptions.RequestException, HTTPError, OSError) as error:
            raise _translated(error, watch.expired) from None

    def _read(self, status: int, body: bytes, content_type: str, shape: type[T] | None) -> T:
        if 200 <= status < 300:
            return self._parse(status, body, shape)
        if status >= 500 and status != 503:
            raise Unavailable("server-error", maybe_taken_in=True, http_status=status)
        problem = read_problem(body, content_type)
        if status in (429, 503):
            asked_too_often = problem is not None and problem.word == "too-many-requests"
            raise Throttled(status, self.retry_after, proven=status == 429 and asked_too_often)
        if not 400 <= status < 500:
            raise Garbled("redirect" if 300 <= status < 400 else "unexpected-status", status)
        if problem is None or problem.word not in REFUSALS:
            raise Garbled("not-the-contract", status)  # a page of something between us
        raise (Unauthorised if status == 401 else Refused)(status, problem)

    def _parse(self, status: int, body: bytes, shape: type[T] | None) -> T:
        if shape is None:
            if status != NO_CONTENT:  # a page of something between us, and nothing was stored or given up
                raise Garbled("not-the-contract", status)
            return None  # type: ignore[return-value]
        try:
            return shape.model_validate(read_json(body))
        except (ValueError, RecursionError):  # its text would repeat the answer
            raise Garbled("not-the-contract", status) from None


def _read_within(response: requests.Response, watch: Watch) -> bytes:
    body = bytearray()
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > ANSWER_BYTES:
            raise Garbled("too-long", response.status_code)
        if watch.expired:
            break
    if watch.expired:
        raise Garbled("too-slow", response.status_code)
    return bytes(body)


def _translated(error: Exception, expired: bool) -> NetworkError:
    """Our word for an error of the library; whether the request had gone out is what matters."""
    if expired:
        return Garbled("too-slow")
    found = causes(error)
    for kinds, translated in _WORDS:
        if any(isinstance(item, kinds) for item in found):
            return translated()
    return Unavailable("connection-lost", maybe_taken_in=True)


_WORDS: tuple[tuple[tuple[type[BaseException], ...], Callable[[], NetworkError]], ...] = (
    (
        (ssl.SSLCertVerificationError,),
        lambda: Unavailable("certificate-refused", maybe_taken_in=False),
    ),
    (
        (NewConnectionError, ConnectTimeoutError),
        lambda: Unavailable("no-connection", maybe_taken_in=False),
    ),
    # from here on the request may have gone out: other errors of TLS come in the middle of an answer, too
    ((ssl.SSLError,), lambda: Unavailable("tls-failed", maybe_taken_in=True)),
    ((TimeoutError, ReadTimeoutError), lambda: Unavailable("no-answer", maybe_taken_in=True)),
    ((ConnectionError, IncompleteRead), lambda: Unavailable("connection-lost", maybe_taken_in=True)),
    ((DecodeError,), lambda: Garbled("not-decodable")),
    ((HTTPException,), lambda: Garbled("not-http")),
)


def _quoted(remote_id: str) -> str:
    return requests.utils.quote(remote_id, safe="")  # type: ignore[attr-defined, no-any-return]
