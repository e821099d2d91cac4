"""Qualli.life at the HTTP door: tokens, and requests that send lines."""

from __future__ import annotations

import contextvars
import json
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from portal.core.database import commit, scoped_to, utcnow
from portal.tokens.service import make_token

LINES = "application/x-ndjson"
PROBLEM = "application/problem+json"


def new_token(tenant_id: int, name: str = "Qualli.life", days: int = 365) -> str:
    """The text of a new token, committed."""
    with scoped_to(tenant_id):
        _, text = make_token(tenant_id, name, "AD", utcnow(), days)
        commit()
    return text


def ndjson(lines: Iterable[Mapping[str, Any] | str | bytes]) -> bytes:
    """A body with these lines; what is no object stands in it as it is."""
    return b"".join(_line(line) + b"\n" for line in lines)


def _line(line: Mapping[str, Any] | str | bytes) -> bytes:
    if isinstance(line, bytes):
        return line
    return (line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)).encode()


class Door:
    """A program with a token."""

    def __init__(self, app: Flask, token: str | None) -> None:
        self.client = app.test_client()
        self.token = token

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        """The bare answer, whatever it is."""
        headers = dict(options.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return contextvars.Context().run(
            self.client.open, f"/api/v1{path}", method=method, headers=headers, buffered=True, **options
        )

    def put(
        self, what: str, lines: Iterable[Mapping[str, Any] | str | bytes], status: int = 200, **headers: str
    ) -> dict[str, Any]:
        """Send lines; the JSON of the answer."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        response = self.ask("PUT", f"/{what}", data=ndjson(lines), content_type=LINES, headers=sent)
        return read(response, status)

    def report(self, import_id: int, status: int = 200) -> dict[str, Any]:
        return read(self.ask("GET", f"/imports/{import_id}"), status)


def read(response: TestResponse, status: int) -> dict[str, Any]:
    """The JSON of an answer with this status: a report, or what is wrong."""
    assert response.status_code == status, (response.status_code, response.get_data(as_text=True)[:500])
    assert response.mimetype == (PROBLEM if status >= 400 else "application/json")
    found: dict[str, Any] = json.loads(response.get_data())
    if status >= 400:
        assert found["status"] == status
        assert response.headers["Content-Language"] in ("de", "en")
        assert len(found["number"]) == 8
    return found
