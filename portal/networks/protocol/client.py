"""Client of the job network API, whose limits live here, once (docs/domain.md#deliveries).

The contract is `sandbox/openapi.yaml`. No redirects, no proxies or .netrc from the environment, every answer bounded
in bytes and in total time, certificates always checked.
"""

from __future__ import annotations

import datetime as dt
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import requests
from pydantic import BaseModel
from urllib3.exceptions import HTTPError

from portal.networks.protocol.bodies import read_answer
from portal.networks.protocol.contract import (
    Account,
    AcknowledgementPage,
    Receipt,
    RemoteDeliveries,
    RemoteDelivery,
)
from portal.networks.protocol.errors import Garbled, NetworkError, translate
from portal.networks.protocol.transport import TrackingAdapter, Watch, read_retry_after

ANSWER_BYTES = 16 * 1024 * 1024
"""Longest answer that is read, in bytes after decompression."""
CONNECT_SECONDS = 5
STALL_SECONDS = 10
"""Longest silence within one answer."""
_CHUNK = 64 * 1024


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
            return read_answer(status, body, headers.get("Content-Type", ""), self.retry_after, shape)
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
            raise translate(error, watch.expired) from None


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


def _quoted(remote_id: str) -> str:
    return requests.utils.quote(remote_id, safe="")  # type: ignore[attr-defined, no-any-return]
