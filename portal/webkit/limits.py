"""What every request may hold at most, and what no text in it may: refused before any view sees it (docs/security)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import IO, Any

from flask import Flask, abort, g, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import (
    ClientDisconnected,
    HTTPException,
    RequestEntityTooLarge,
    RequestHeaderFieldsTooLarge,
    RequestURITooLarge,
)

from portal.webkit.encrypted_uploads import EncryptingRequest
from portal.webkit.problem_responses import UserError
from portal.webkit.request_errors import BodyCut, ControlCharacters

FORM_BYTES = 500_000
"""Of a form without its files."""
FORM_FIELDS = 1000
QUERY_BYTES = 4000
HEADER_BYTES = 32_000
HOST_BYTES = 260
REFUSED = "jobbruecke.refused"
"""In the environment of a request that the web server could not read: the status that it gets, and nothing else."""
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*\.?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{{1,5}})?")
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters but tabs and ends of lines, and halves of pairs."""


class _Counted:
    """A body that says how much of it was read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        found = self._stream.read(size)
        self.taken += len(found)
        return found


class LimitedRequest(EncryptingRequest):
    """A request whose form, once read, came whole, has a bounded number of fields, and text alone in them."""

    def _get_stream_for_parsing(self) -> IO[bytes]:
        self._body = _Counted(super()._get_stream_for_parsing())
        return self._body  # type: ignore[return-value]

    def _check_whole(self) -> None:
        """400 where less came than was said: a form cut between two fields looks whole, and gunicorn does not tell."""
        body = getattr(self, "_body", None)
        if body is not None and self.mimetype in _FORMS and body.taken < (self.content_length or 0):
            raise UserError(BodyCut)

    def _load_form_data(self) -> None:
        if "form" in self.__dict__:
            return
        try:
            super()._load_form_data()
            self._check_whole()
            check_fields(self.form)
            check_length(self.form)
            check_texts(self.files)
        except HTTPException as error:
            self._forget_form()
            if isinstance(error, ClientDisconnected):
                raise UserError(BodyCut) from None
            raise
        except Exception:  # noqa: BLE001 - each web server has errors of its own for a body that breaks off
            self._forget_form()
            raise UserError(BodyCut) from None

    def _forget_form(self) -> None:
        """Drop a refused form, so that an error page that reads it again gets an empty one."""
        self.__dict__["form"], self.__dict__["files"] = MultiDict(), MultiDict()


def init_app(app: Flask) -> None:
    app.request_class = LimitedRequest
    app.config["MAX_FORM_MEMORY_SIZE"] = FORM_BYTES
    app.config["MAX_FORM_PARTS"] = FORM_FIELDS
    app.before_request(_check_head)
    app.wsgi_app = _with_readable_host(app.wsgi_app)  # type: ignore[method-assign]


def _with_readable_host(wsgi_app: Any) -> Any:
    """Answer 400 to a request whose Host is none: without one no address could be written, not even on that page."""

    def call(environ: dict[str, Any], start_response: Any) -> Any:
        if not _is_host(environ.get("HTTP_HOST", "")):
            environ |= {"HTTP_HOST": "localhost", REFUSED: 400}
        return wsgi_app(environ, start_response)

    return call


def _is_host(text: str) -> bool:
    """Return whether a header names a host, and maybe a port; none at all is what HTTP/1.0 sends."""
    if not text:
        return True
    if len(text) > HOST_BYTES or not _HOST.fullmatch(text):
        return False
    try:
        text.encode().decode("idna")  # as Werkzeug does where it writes an address
    except UnicodeError:
        return False
    return True


def _check_head() -> None:
    """The address and the headers, on whatever server: gunicorn has limits of its own before these."""
    if (status := request.environ.get(REFUSED)) is not None:
        g.unreadable = True
        abort(status)
    if len(request.query_string) > QUERY_BYTES:
        raise RequestURITooLarge
    if sum(len(name) + len(value) for name, value in request.headers.items()) > HEADER_BYTES:
        raise RequestHeaderFieldsTooLarge
    check_texts([request.path])
    check_fields(request.args)


def check_fields(values: MultiDict[str, str]) -> None:
    """413 where there are more fields than any form of ours has; 400 where one of them holds what is no text."""
    if sum(len(found) for _, found in values.lists()) > FORM_FIELDS:
        raise RequestEntityTooLarge
    for name, found in values.lists():
        check_texts([name, *found])


def check_length(values: MultiDict[str, str]) -> None:
    """Raise 413 if a form is longer than any of ours. Multipart forms are bounded by their reader already."""
    if sum(len(name) + len(value) for name, value in values.items(multi=True)) > FORM_BYTES:
        raise RequestEntityTooLarge


def check_texts(texts: Iterable[str]) -> None:
    """Raise 400 for control characters and lone surrogates: they cannot be typed, and a database refuses some."""
    for text in texts:
        if _NO_TEXT.search(text):
            raise UserError(ControlCharacters)
