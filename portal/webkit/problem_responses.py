"""Errors for programs: problem details (RFC 9457), for all of /api and for clients that ask a page for JSON."""

from __future__ import annotations

import json

from flask import Response, request
from flask_babel import get_locale
from werkzeug.exceptions import HTTPException

from portal.core.refusal import Refusal
from portal.webkit.error_texts import ErrorText

API = "/api/"
PROBLEM_TYPE = "application/problem+json"
_KIND = "urn:jobbruecke:problem:"


class UserError(HTTPException):
    """A request that no view takes, for the reason of a refusal."""

    def __init__(self, reason: type[Refusal]) -> None:
        super().__init__()
        self.code = reason.status
        self.reason = reason()


def is_api() -> bool:
    """Return whether the request goes to the HTTP door: no sessions, no pages, the language as its header says."""
    return request.path.startswith(API)


def wants_problem() -> bool:
    """Return whether an error is told to a program."""
    if is_api():
        return True
    offered = ["text/html", PROBLEM_TYPE, "application/json"]
    return request.accept_mimetypes.best_match(offered, "text/html") != "text/html"


def problem(error: Exception, status: int, trouble: ErrorText, number: str) -> Response:
    """What went wrong, for a program; the number stands in the log."""
    refusal = _refusal_of(error)
    values = {
        "type": _KIND + refusal.code if refusal else "about:blank",
        "title": str(trouble.title),
        "status": status,
        "detail": f"{trouble.happened} {trouble.lost}",
        "number": number,
    }
    response = Response(json.dumps(values, ensure_ascii=False), status, content_type=PROBLEM_TYPE)
    response.headers["Content-Language"] = str(get_locale() or "de")
    response.vary.add("Accept-Language" if is_api() else "Accept")
    if refusal and refusal.retry_seconds:
        response.headers["Retry-After"] = str(refusal.retry_seconds)
    return response


def _refusal_of(error: Exception) -> Refusal | None:
    if isinstance(error, UserError):
        return error.reason
    return error if isinstance(error, Refusal) else None
