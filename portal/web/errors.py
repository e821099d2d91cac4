"""What goes wrong, plainly: what happened, whether anything was lost, and a number that stands in the log."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Flask, Response, flash, g, make_response, redirect, render_template, request
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from portal.database import rollback
from portal.log import describe_error
from portal.refusal import NotFound, Refusal
from portal.web.fragments import came_from, is_fragment
from portal.web.messages import message

log = structlog.get_logger()


@dataclass(frozen=True)
class Trouble:
    """An error in words."""

    title: Any
    happened: Any
    lost: Any


_NOTHING_LOST = _l("Es ist nichts verloren gegangen und nichts geändert worden.")
TROUBLES = {
    400: Trouble(
        _l("Die Anfrage war nicht verständlich"),
        _l("Der Browser hat etwas gesendet, das wir nicht lesen können."),
        _NOTHING_LOST,
    ),
    401: Trouble(
        _l("Sie sind nicht angemeldet"), _l("Für diese Seite müssen Sie sich anmelden."), _NOTHING_LOST
    ),
    403: Trouble(
        _l("Das ist Ihnen nicht erlaubt"),
        _l("Ihre Rolle erlaubt das nicht. Wenn Sie es brauchen, fragen Sie Ihre Leitung."),
        _NOTHING_LOST,
    ),
    404: Trouble(
        _l("Das gibt es hier nicht"),
        _l("Unter dieser Adresse ist nichts zu finden, oder es gehört nicht zu Ihrem Mandanten."),
        _NOTHING_LOST,
    ),
    405: Trouble(
        _l("So lässt sich die Adresse nicht aufrufen"),
        _l("Diese Adresse ist nur das Ziel eines Formulars."),
        _NOTHING_LOST,
    ),
    409: Trouble(
        _l("Das geht gerade nicht"),
        _l("Jemand anderes war schneller, oder der Stand hat sich inzwischen geändert."),
        _NOTHING_LOST,
    ),
    413: Trouble(
        _l("Das ist zu groß"),
        _l("Es wurde mehr gesendet, als hier angenommen wird."),
        _l("Das Gesendete wurde nicht angenommen. Sonst ist nichts verloren gegangen."),
    ),
    422: Trouble(
        _l("Die Eingabe passt nicht"),
        _l("Etwas an der Eingabe stimmt nicht."),
        _NOTHING_LOST,
    ),
    429: Trouble(
        _l("Zu viele Versuche"),
        _l("Es kamen zu viele Anfragen nacheinander. Bitte warten Sie kurz und versuchen Sie es erneut."),
        _NOTHING_LOST,
    ),
    500: Trouble(
        _l("Bei uns ist ein Fehler aufgetreten"),
        _l("Das hätte nicht passieren dürfen. Bitte nennen Sie der Betreuung die Nummer unten."),
        _l("Was Sie gerade geändert haben, wurde nicht gespeichert. Alles andere ist unverändert."),
    ),
    503: Trouble(
        _l("Gerade nicht erreichbar"),
        _l("Die Datenbank antwortet nicht. Bitte versuchen Sie es in einer Minute erneut."),
        _l("Was Sie gerade geändert haben, wurde nicht gespeichert. Alles andere ist unverändert."),
    ),
}
TOKEN_TROUBLE = Trouble(
    _l("Das Formular gilt nicht mehr"),
    _l(
        "Es war zu lange offen, oder es kam nicht von dieser Seite. "
        "Laden Sie die Seite neu und senden Sie es noch einmal."
    ),
    _NOTHING_LOST,
)


def init_app(app: Flask) -> None:
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(CSRFError, lambda error: _answer(error, 403, TOKEN_TROUBLE))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, lambda error: _answer(error, 503))
    app.register_error_handler(InterfaceError, lambda error: _answer(error, 503))
    app.register_error_handler(PoolTimeout, lambda error: _answer(error, 503))
    app.register_error_handler(Exception, lambda error: _answer(error, 500))


def refused(error: Refusal) -> Response:
    """Somebody wants what cannot be had: the reason, on the page where they asked."""
    rollback()
    sentence = message(error)
    if isinstance(error, NotFound):
        return _answer(error, 404, Trouble(TROUBLES[404].title, sentence, _NOTHING_LOST))
    if is_fragment():
        return _notice(sentence, 409)
    back = came_from()
    if request.method == "POST" and back:
        flash(sentence, "warning")
        return make_response(redirect(back, 303))
    return _answer(error, 409, Trouble(TROUBLES[409].title, sentence, _NOTHING_LOST))


def _http(error: HTTPException) -> Response:
    code = error.code or 500
    if error.response is not None or code < 400:  # a redirect of the router, or an answer made to measure
        return make_response(error.get_response())
    return _answer(error, code, headers=error.get_headers(request.environ))


def _answer(error: Exception, code: int, trouble: Trouble | None = None, headers: Any = ()) -> Response:
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
    trouble = trouble or TROUBLES.get(code) or TROUBLES[500 if code >= 500 else 400]
    if is_fragment():
        response = _notice(f"{trouble.title}. {trouble.happened}", code, number, trouble.lost)
    else:
        g.plain = True  # the page's head would need the database
        response = make_response(
            render_template("errors/page.html", trouble=trouble, code=code, number=number), code
        )
    for name, value in headers:
        if name in ("Retry-After", "Allow"):
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
