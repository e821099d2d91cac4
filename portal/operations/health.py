"""Whether the process lives, whether it can serve, and what is measured: for machines, without a session."""

from __future__ import annotations

import ipaddress
import secrets

from flask import Blueprint, Response, abort, request
from prometheus_client import CONTENT_TYPE_LATEST

from portal.core.database import commit, reading, rollback, utcnow
from portal.core.queue import is_in_trouble, redis_answers
from portal.core.refusal import Refusal
from portal.core.schema import check_database
from portal.core.settings import current_settings
from portal.operations.measures import exposition
from portal.webkit.access import public

health = Blueprint("health", __name__)
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


@health.get("/health/live")
@public
def live() -> Response:
    """Answer that the process runs. Checks nothing else, so that it is not restarted because the database is away."""
    return _word("live", 200)


@health.get("/health/ready")
@public
def ready() -> Response:
    """Pages can be served: the database is there and migrated. Where Redis is away or takes no jobs, it says so."""
    try:
        check_database()
    except Refusal:
        rollback()
        return _word("not ready", 503)
    well = redis_answers() and not is_in_trouble(current_settings().redis_url)
    return _word("ready" if well else "degraded", 200)


@health.get("/metrics")
@public
def metrics() -> Response:
    """Show measures for Prometheus to clients with the token; if none is set, to this machine alone."""
    if not _may_measure():
        abort(404)
    with reading():
        found = exposition(utcnow())
        commit()
    return Response(found, content_type=CONTENT_TYPE_LATEST)


def _may_measure() -> bool:
    token = current_settings().metrics_token
    if token is not None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return secrets.compare_digest(given.encode(), token.get_secret_value().encode())
    if any(name in request.headers for name in _FORWARDED):  # came through a proxy, from who knows where
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _word(word: str, status: int) -> Response:
    """One word and no details: strangers may ask."""
    return Response(word + "\n", status, content_type="text/plain; charset=utf-8")
