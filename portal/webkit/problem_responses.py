"""Errors for programs: problem details (RFC 9457), for all of /api and for whoever asks a page for JSON."""

from __future__ import annotations

import json

from flask import Response, request
from flask_babel import get_locale
from werkzeug.exceptions import HTTPException

from portal.core.refusal import NotFound, Refusal
from portal.webkit.error_texts import ErrorText

API = "/api/"
PROBLEM_TYPE = "application/problem+json"
_KIND = "urn:jobbruecke:problem:"
_UNPROCESSABLE = frozenset({"import-key-reused"})
FORBIDDEN = frozenset({"same-person", "import-same-person", "link-seen", "import-link-seen"})
"""What somebody else has to decide: no page offers it, so whoever asks for it did so on purpose."""
_BAD = frozenset({"import-body-empty"})
RETRY_SECONDS = {"import-running": 5}
"""When to ask again what cannot be had just now."""


class UserError(HTTPException):
    """A status with a reason of its own; `portal.shell.messages` has the sentence for `problem`."""

    def __init__(self, status: int, problem: str) -> None:
        super().__init__()
        self.code = status
        self.problem = problem


def is_api() -> bool:
    """Whether the request goes to the HTTP door: no sessions, no pages, the language as its header says."""
    return request.path.startswith(API)


def wants_problem() -> bool:
    """Whether an error is told to a program."""
    if is_api():
        return True
    offered = ["text/html", PROBLEM_TYPE, "application/json"]
    return request.accept_mimetypes.best_match(offered, "text/html") != "text/html"


def status_of(refusal: Refusal) -> int:
    """The status for something that cannot be had."""
    if isinstance(refusal, NotFound):
        return 404
    if refusal.code in FORBIDDEN:
        return 403
    if refusal.code in _UNPROCESSABLE:
        return 422
    return 400 if refusal.code in _BAD else 409


def problem(error: Exception, status: int, trouble: ErrorText, number: str) -> Response:
    """What went wrong, for a program; the number stands in the log."""
    code = _code_of(error)
    values = {
        "type": _KIND + code if code else "about:blank",
        "title": str(trouble.title),
        "status": status,
        "detail": f"{trouble.happened} {trouble.lost}",
        "number": number,
    }
    response = Response(json.dumps(values, ensure_ascii=False), status, content_type=PROBLEM_TYPE)
    response.headers["Content-Language"] = str(get_locale() or "de")
    response.vary.add("Accept-Language" if is_api() else "Accept")
    if code in RETRY_SECONDS:
        response.headers["Retry-After"] = str(RETRY_SECONDS[code])
    return response


def _code_of(error: Exception) -> str | None:
    if isinstance(error, UserError):
        return error.problem
    return error.code if isinstance(error, Refusal) else None
