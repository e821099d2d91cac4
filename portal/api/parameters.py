"""What a request that sends lines may say beside them, for the description of the HTTP door."""

from __future__ import annotations

from typing import Any

from portal.api.bodies import KEY_LIMIT
from portal.imports.columns import EXPORTED_AT

_MODE = {
    "name": "mode",
    "in": "query",
    "description": "`full`: participants who are missing have left. `delta`: only what is named changes.",
    "schema": {"type": "string", "enum": ["delta", "full"], "default": "delta"},
}
_EXPORTED_AT = {
    "name": EXPORTED_AT.name,
    "in": "query",
    "description": "When the lines were exported. Older than the newest taken before, they are held for a person.",
    "schema": {"type": "string", "format": "date-time"},
    "example": "2026-03-02T22:00:00+01:00",
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key with the same lines gives the same report and starts nothing again.",
    "schema": {"type": "string", "pattern": rf"^[\x21-\x7e]{{1,{KEY_LIMIT}}}$"},
    "example": "2026-03-02-participants",
}
_ENCODING = {
    "name": "Content-Encoding",
    "in": "header",
    "description": "`gzip`, at most 100:1; or nothing.",
    "schema": {"type": "string", "enum": ["identity", "gzip"]},
    "example": "identity",
}
PARAMETERS: tuple[dict[str, Any], ...] = (_MODE, _EXPORTED_AT, _KEY, _ENCODING)
