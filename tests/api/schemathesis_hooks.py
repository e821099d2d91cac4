"""What schemathesis does not know by itself: how lines of JSON are sent, and that no sender asks all the time."""

from __future__ import annotations

import itertools
import os
from typing import Any

import schemathesis

_TOKENS = itertools.cycle(os.environ["DOOR_TOKENS"].split())
_NUMBERS = itertools.count()


@schemathesis.serializer("application/x-ndjson")
def send_lines(ctx: schemathesis.SerializationContext, value: Any) -> bytes:
    """Send a text as it is."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@schemathesis.auth()
class Tokens:
    """Another token, and another address, with each request: limits are tested elsewhere."""

    def get(self, _case: schemathesis.Case, _context: Any) -> str:
        return next(_TOKENS)

    def set(self, case: schemathesis.Case, data: str, _context: Any) -> None:
        case.headers["Authorization"] = f"Bearer {data}"
        case.headers["X-Forwarded-For"] = f"192.0.2.{next(_NUMBERS) % 250}"
