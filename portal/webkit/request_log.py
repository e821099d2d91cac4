"""A line in the log for each request: route, not address, so that nothing about people gets there."""

from __future__ import annotations

import time

import structlog
from flask import Flask, Response, g, request
from flask_login import current_user

log = structlog.get_logger()
_NOTHING_NEW = 304


def init_app(app: Flask) -> None:
    app.before_request(_start)
    app.after_request(_end)


def _start() -> None:
    g.started = time.perf_counter()


def _end(response: Response) -> Response:
    if response.status_code != _NOTHING_NEW:  # pages that ask for news all day would drown the rest
        log.info(
            "request",
            method=request.method,
            route=str(request.url_rule),
            status=response.status_code,
            ms=round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000),
            account=current_user.id if current_user and current_user.is_authenticated else None,
            **({"api_token": g.api_token.id} if "api_token" in g else {}),
        )
    return response
