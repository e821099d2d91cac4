"""Refusals as RFC 9457 problem documents."""

import json

from flask import Response

from sandbox.words import PROBLEM_TITLES, ProblemType

_TYPE_BASE = "https://jobnetz.example/problems/"


class Problem(Exception):
    """A refusal of the contract, on its way to becoming an answer.

    `line` counts from 1 within a part; `last_sequence` goes with sequence-conflict and base-mismatch;
    `retry_after` is in seconds. The detail never repeats what was sent: it may end in a log.
    """

    def __init__(
        self,
        status: int,
        kind: ProblemType,
        detail: str,
        *,
        line: int | None = None,
        last_sequence: int | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.line = line
        self.last_sequence = last_sequence
        self.retry_after = retry_after

    def as_response(self) -> Response:
        """Give the problem document, with its headers."""
        body: dict[str, str | int] = {
            "type": _TYPE_BASE + self.kind,
            "title": PROBLEM_TITLES[self.kind],
            "status": self.status,
            "detail": self.detail,
        }
        if self.line is not None:
            body["line"] = self.line
        if self.last_sequence is not None:
            body["last_sequence"] = self.last_sequence
        response = Response(json.dumps(body, ensure_ascii=False), self.status)
        response.content_type = "application/problem+json"
        if self.retry_after is not None:
            response.headers["Retry-After"] = str(self.retry_after)
        if self.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response


def not_found(detail: str = "Diese Adresse gibt es nicht.") -> Problem:
    """Give the refusal of what does not exist, or belongs to another provider."""
    return Problem(404, ProblemType.NOT_FOUND, detail)


def invalid_request(detail: str, status: int = 422) -> Problem:
    """Give the refusal of a request that does not follow the contract."""
    return Problem(status, ProblemType.INVALID_REQUEST, detail)
