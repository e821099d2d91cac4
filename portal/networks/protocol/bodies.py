"""Reading the bodies of the network's answers. Pure.

A name that is given twice is refused: each reader would take another one of the two values.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from email.message import Message
from typing import Any, NoReturn

from portal.networks.protocol.contract import ProblemBody


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
