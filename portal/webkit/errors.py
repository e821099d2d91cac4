"""What goes wrong, plainly: what happened, whether anything was lost, and a number that stands in the log."""

from __future__ import annotations

import secrets
from typing import Any

import structlog
from flask import Flask, Response, flash, g, make_response, redirect, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from portal.core.database import rollback
from portal.core.log import describe_error
from portal.core.refusal import Refusal
from portal.webkit.error_texts import ERROR_TEXTS, NOTHING_LOST, TOKEN_TROUBLE, ErrorText, error_text_for
from portal.webkit.fragments import came_from, is_fragment
from portal.webkit.messages import message
from portal.webkit.problem_responses import UserError, problem, wants_problem

log = structlog.get_logger()
_PASSED_ON = ("Retry-After", "Allow", "WWW-Authenticate")
"""Headers of an error that its answer keeps."""


def init_app(app: Flask) -> None:
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(CSRFError, lambda error: _answer(error, 403, TOKEN_TROUBLE))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, lambda error: _answer(error, 503))
    app.register_error_handler(InterfaceError, lambda error: _answer(error, 503))
    app.register_error_handler(PoolTimeout, lambda error: _answer(error, 503))
    app.register_error_handler(Exception, lambda error: _answer(error, 500))


def refused(error: Refusal) -> Response:
    """Show the reason of a refusal on the page where the user asked."""
    rollback()
    sentence = message(error)
    if wants_problem():
        return _answer(error, error.status, _text_of(error.status, sentence))
    if error.status in (403, 404):
        return _answer(error, error.status, _text_of(error.status, sentence))
    if is_fragment():
        return _notice(sentence, 409)
    back = came_from()
    if request.method == "POST" and back:
        flash(sentence, "warning")
        return make_response(redirect(back, 303))
    return _answer(error, 409, _text_of(409, sentence))


def _text_of(status: int, sentence: str) -> ErrorText:
    return ErrorText(ERROR_TEXTS[status].title, sentence, NOTHING_LOST)


def _http(error: HTTPException) -> Response:
    code = error.code or 500
    if error.response is not None or code < 400:  # a redirect of the router, or an answer made to measure
        return make_response(error.get_response())
    trouble = None
    if isinstance(error, UserError):
        trouble = ErrorText(error_text_for(code).title, message(error.reason), error_text_for(code).lost)
    return _answer(error, code, trouble, error.get_headers(request.environ))


def _answer(error: Exception, code: int, trouble: ErrorText | None = None, headers: Any = ()) -> Response:
    """The error page, or a notice in place of a fragment; the number stands in the log."""
    rollback()
    number = secrets.token_hex(4).upper()
    said = log.error if code >= 500 else log.info
    detail = describe_error(error) if code >= 500 else {"error": type(error).__name__}
    said(
        "request_failed",
        number=number,
        status=code,
        route=str(request.url_rule),
        method=request.method,
        **detail,
    )
    trouble = trouble or error_text_for(code)
    if wants_problem():
        response = problem(error, code, trouble, number)
    elif is_fragment():
        response = _notice(f"{trouble.title}. {trouble.happened}", code, number, trouble.lost)
    else:
        g.plain = True  # the page's head would need the database
        response = make_response(
            render_template("errors/page.html", trouble=trouble, code=code, number=number), code
        )
    for name, value in headers:
        if name in _PASSED_ON:
            response.headers[name] = value
    if code == 503:
        response.headers.setdefault("Retry-After", "30")
    return response


def _notice(sentence: str, code: int, number: str | None = None, lost: Any = None) -> Response:
    """A notice above the page. What polls is silent about a passing fault: the next answer may be fine."""
    response = make_response(
        render_template("components/_notice.html", sentence=sentence, number=number, lost=lost), code
    )
    if request.method == "GET" and code >= 500:
        response.headers["HX-Reswap"] = "none"
    else:
        response.headers["HX-Retarget"] = "#notices"
        response.headers["HX-Reswap"] = "innerHTML"
    return response
