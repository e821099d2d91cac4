"""How misbehaviour looks on the wire: refusals, broken connections, slow, huge and senseless answers."""

import gzip
import json
import secrets
import socket
import struct
import time
import zlib
from collections.abc import Iterator
from typing import Any

from flask import Response, g, request

from sandbox.clock import as_text, now_at
from sandbox.misbehaviour import Endless, Kind, Parameters, Rubbish, Rule
from sandbox.problems import Problem
from sandbox.words import ProblemType

_CHUNK = b" " * 65_536
_STATUS_TYPES = {
    401: ProblemType.UNAUTHORISED,
    403: ProblemType.LICENCE_EXPIRED,
    404: ProblemType.NOT_FOUND,
    413: ProblemType.TOO_LARGE,
    429: ProblemType.TOO_MANY_REQUESTS,
}


def act_before(rule: Rule, last_sequence: int) -> Response | None:
    """Do what a rule does before a request is handled; an answer means that it is not handled at all."""
    parameters = rule.parameters
    if rule.kind is Kind.DELAY:
        time.sleep(parameters.seconds)
        return None
    if rule.kind is Kind.DROP_BEFORE:
        return drop_connection()
    if rule.kind is Kind.REDIRECT:
        return Response(status=parameters.redirect_status, headers={"Location": parameters.location})
    if rule.kind is Kind.STATUS:
        return _refusal(parameters).as_response()
    kind = ProblemType.BASE_MISMATCH if rule.kind is Kind.BASE_MISMATCH else ProblemType.SEQUENCE_CONFLICT
    claimed = parameters.last_sequence if parameters.last_sequence is not None else last_sequence
    return Problem(409, kind, "Auf Wunsch abgelehnt.", last_sequence=claimed).as_response()


def _refusal(parameters: Parameters) -> Problem:
    status = parameters.status
    default = ProblemType.UNAVAILABLE if status >= 500 else ProblemType.INVALID_REQUEST
    kind = parameters.problem or _STATUS_TYPES.get(status, default)
    return Problem(status, kind, "Auf Wunsch abgelehnt.", retry_after=parameters.retry_after)


def spoil(rule: Rule, response: Response) -> Response:
    """Give the answer to a request that was handled as a rule lets it leave."""
    parameters = rule.parameters
    if rule.kind is Kind.DROP_AFTER:
        return drop_connection()
    if rule.kind is Kind.SLOW:
        return _rewrap(response, _slowly(response.get_data(), parameters.bytes_per_second))
    if rule.kind is Kind.CUT:
        return _cut(response)
    if rule.kind is Kind.COMMIT_FORGOTTEN:
        return response
    if rule.kind is Kind.PAGES_WITHOUT_END:
        return _endless(parameters)
    if rule.kind is Kind.HUGE:
        return _huge(parameters.size_bytes, parameters.compressed)
    return _rubbish(parameters.body, parameters.text, response)


def drop_connection() -> Response:
    """Reset the connection under the request, as a crash on the way would."""
    connection: socket.socket | None = request.environ.get("gunicorn.socket")
    if connection is None:
        raise ConnectionAbortedError("only a real server has a connection to drop")
    # Lingering 0 makes the later close a reset; the shutdown keeps gunicorn's own answer from leaving.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RDWR)
    return Response(status=503, headers={"Connection": "close"})


def _rewrap(response: Response, body: Iterator[bytes]) -> Response:
    headers = {name: value for name, value in response.headers.items() if name != "Content-Length"}
    return Response(body, response.status_code, headers)


def _slowly(data: bytes, bytes_per_second: float) -> Iterator[bytes]:
    for byte in data:
        yield bytes([byte])
        time.sleep(1 / bytes_per_second)


def _cut(response: Response) -> Response:
    data = response.get_data()
    connection: socket.socket = request.environ["gunicorn.socket"]

    def half() -> Iterator[bytes]:
        yield data[: len(data) // 2]
        connection.shutdown(socket.SHUT_RDWR)

    headers = {**dict(response.headers), "Content-Length": str(len(data) + 1)}
    return Response(half(), response.status_code, headers)


def _huge(size_bytes: int | None, compressed: bool) -> Response:
    """Send a JSON text of blanks: as long as asked, or without end."""
    headers = {"Content-Type": "application/json"}
    if not compressed:
        return Response(_blanks(size_bytes), 200, headers)
    headers["Content-Encoding"] = "gzip"
    if size_bytes is not None:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        data = b"".join([*(packer.compress(chunk) for chunk in _blanks(size_bytes)), packer.flush()])
        return Response(data, 200, headers)
    block = gzip.compress(_CHUNK * 16)
    return Response((block for _ in _forever()), 200, headers)


def _blanks(size_bytes: int | None) -> Iterator[bytes]:
    if size_bytes is None:
        for _ in _forever():
            yield _CHUNK
        return
    for sent in range(0, size_bytes, len(_CHUNK)):
        yield _CHUNK[: size_bytes - sent]


def _forever() -> Iterator[None]:
    while True:
        yield None


def _rubbish(body: Rubbish, text: str | None, response: Response) -> Response:
    if text is not None:
        return Response(text, 200, content_type="application/json")
    if body is Rubbish.EMPTY:
        return Response("", 200)
    if body is Rubbish.NOT_JSON:
        return Response("<html><body>Wartungsarbeiten</body></html>", 200, content_type="text/html")
    if body is Rubbish.WRONG_SHAPE:
        return Response('{"ok": true, "items": 7, "deliveries": null}', 200, content_type="application/json")
    return Response(
        json.dumps(_as_if_foreign(response)), response.status_code, content_type="application/json"
    )


def _endless(parameters: Parameters) -> Response:
    """Give a page about the people asked for, or about strangers, and a cursor that leads nowhere."""
    cursors = {
        Endless.SAME_CURSOR: "a",
        Endless.IN_TURN: "b" if request.args.get("after") == "a" else "a",
    }
    strangers = parameters.pages is Endless.STRANGERS
    ids = [f"fremd-{secrets.token_hex(6)}"] if strangers else parameters.ids
    said = {"subject": "participant", "outcome": "active", "at": as_text(now_at())}
    page = {
        "delivery_id": (request.view_args or {})["delivery_id"],
        "sequence": g.sequence,
        "state": "processing",
        "items": [{**said, "id": subject_id} for subject_id in ids],
        "next": cursors.get(parameters.pages) or secrets.token_hex(6),
    }
    return Response(json.dumps(page), content_type="application/json")


def _as_if_foreign(response: Response) -> dict[str, Any]:
    """Give the true answer with the numbers of another provider's delivery in it."""
    content = response.get_json(silent=True)
    foreign: dict[str, Any] = dict(content) if isinstance(content, dict) else {}
    for name in ("delivery_id", "receipt_id", "provider_id"):
        if name in foreign or name != "provider_id":
            foreign[name] = f"fremd_{name}"
    foreign["sequence"] = int(foreign.get("sequence", 0)) + 1000
    return foreign
