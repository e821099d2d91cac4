"""Read the network's answers: what they say, or the error that they are. Pure.

A name that is given twice is refused: each reader would take another one of the two values.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from email.message import Message
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel

from portal.networks.protocol.contract import REFUSALS, ProblemBody
from portal.networks.protocol.errors import Garbled, Refused, Throttled, Unauthorised, Unavailable

NO_CONTENT = 204
"""What the contract answers where there is nothing to say: no other status proves that a part is stored."""

T = TypeVar("T", bound=BaseModel)


def read_answer(
    status: int, body: bytes, content_type: str, retry_after: float | None, shape: type[T] | None
) -> T:
    """Return what an answer says; `shape` None: nothing is to be said. Raises NetworkError."""
    if 200 <= status < 300:
        return _parse(status, body, shape)
    if status >= 500 and status != 503:
        raise Unavailable("server-error", maybe_taken_in=True, http_status=status)
    problem = read_problem(body, content_type)
    if status in (429, 503):
        asked_too_often = problem is not None and problem.word == "too-many-requests"
        raise Throttled(status, retry_after, proven=status == 429 and asked_too_often)
    if not 400 <= status < 500:
        raise Garbled("redirect" if 300 <= status < 400 else "unexpected-status", status)
    if problem is None or problem.word not in REFUSALS:
        raise Garbled("not-the-contract", status)  # a page of something between us
    raise (Unauthorised if status == 401 else Refused)(status, problem)


def _parse(status: int, body: bytes, shape: type[T] | None) -> T:
    if shape is None:
        if status != NO_CONTENT:  # a page of something between us, and nothing was stored or given up
            raise Garbled("not-the-contract", status)
        return None  # type: ignore[return-value]
    try:
        return shape.model_validate(read_json(body))
    except (ValueError, RecursionError):  # its text would repeat the answer
        raise Garbled("not-the-contract", status) from None


def read_json(body: bytes) -> Any:
    """The value of a JSON text in UTF-8. ValueError or RecursionError where it is none, or can be read in two ways."""
    return json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_refuse)


def read_problem(body: bytes, content_type: str) -> ProblemBody | None:
    """The problem document of an answer (RFC 9457); None where it is something else, whatever its status is."""
    if _media_type(content_type) != "application/problem+json":
        return None
    try:
        return ProblemBody.model_validate(read_json(body))
    except (ValueError, RecursionError):
        return None


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice")
    return found


def _refuse(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")


def _media_type(content_type: str) -> str:
    message = Message()
    message["Content-Type"] = content_type
    return message.get_content_type()
