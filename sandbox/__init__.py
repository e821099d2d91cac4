"""A job network to try against: the whole contract (`openapi.yaml`), for both networks, in one process.

It keeps its state in a file of its own and shares no code with the portal or the worker, so that a
misunderstanding of the contract shows.
"""

import json
import os
import sqlite3
import traceback
from collections.abc import Iterable
from pathlib import Path

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from sandbox.api import api
from sandbox.control import control
from sandbox.database import Database
from sandbox.errors import error_page
from sandbox.pages import pages
from sandbox.problems import Problem, invalid_request, not_found
from sandbox.processing import Processor
from sandbox.rule_pages import rule_pages
from sandbox.services import Services
from sandbox.words import ProblemType

DEFAULT_ANSWER_DELAY_SECONDS = 3.0
DEFAULT_MAX_UNPACKED_BYTES = 64 * 1024 * 1024
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def create_app(
    database: Path,
    *,
    answer_delay_seconds: float = DEFAULT_ANSWER_DELAY_SECONDS,
    control_token: str | None = None,
    allowed_hosts: Iterable[str] = LOOPBACK_HOSTS,
    max_unpacked_bytes: int = DEFAULT_MAX_UNPACKED_BYTES,
) -> Flask:
    """Create the sandbox on an SQLite file, which is created where it is missing.

    `control_token` guards the control door where given. `allowed_hosts` are the names under which a browser
    may call pages and control door; the contract's paths answer under every name.
    """
    os.umask(0o077)  # people's records are in it
    store = Database(database)
    store.create_tables()
    app = Flask(__name__)
    app.url_map.merge_slashes = False  # otherwise //v1/account is a redirect
    app.extensions["sandbox"] = Services(
        database=store,
        processor=Processor(store, answer_delay_seconds),
        max_unpacked_bytes=max_unpacked_bytes,
        control_token=control_token,
        allowed_hosts=frozenset(allowed_hosts),
    )
    app.register_blueprint(api)
    app.register_blueprint(control)
    app.register_blueprint(pages)
    app.register_blueprint(rule_pages)
    app.after_request(_add_security_headers)
    _handle_errors(app)
    _add_small_addresses(app)
    return app


def _add_security_headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _CONTENT_SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"  # "no-referrer" makes forms send Origin: null
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


def _handle_errors(app: Flask) -> None:
    @app.errorhandler(Problem)
    def refused(problem: Problem) -> Response:
        return error_page(problem) if request.blueprint in ("pages", "rule_pages") else problem.as_response()

    @app.errorhandler(HTTPException)
    def wrong_address(error: HTTPException) -> Response:
        problem = not_found() if error.code == 404 else invalid_request(error.name, error.code or 400)
        response = problem.as_response()
        for name, value in error.get_headers():
            if name == "Allow":
                response.headers[name] = value
        return response

    @app.errorhandler(sqlite3.OperationalError)
    def database_failed(error: sqlite3.OperationalError) -> Response:
        app.logger.error("database: %s", error)
        return Problem(
            503, ProblemType.UNAVAILABLE, "Die Ablage ist beschäftigt.", retry_after=5
        ).as_response()

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Response:
        # Without the error's text: it may repeat what was sent.
        last = traceback.extract_tb(error.__traceback__)[-1]
        app.logger.error("unexpected %s at %s:%s", type(error).__name__, last.filename, last.lineno)
        return Problem(500, ProblemType.UNAVAILABLE, "Unerwarteter Fehler im Jobportal.").as_response()


def _add_small_addresses(app: Flask) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return Response(json.dumps({"status": "ok"}), content_type="application/json")

    @app.get("/openapi.yaml")
    def contract() -> Response:
        text = (Path(__file__).parent / "openapi.yaml").read_bytes()
        return Response(text, content_type="application/yaml")
