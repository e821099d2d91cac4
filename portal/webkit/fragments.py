"""Whole page or fragment: the one place that decides, and what a fragment answers instead of a redirect."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from flask import Flask, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import generate_csrf

from portal.core.database import commit
from portal.webkit.problem_responses import wants_problem

HEAD = "general.transfer_status"
"""The live part that stands on every page."""


def init_app(app: Flask) -> None:
    app.after_request(_vary)


def is_fragment() -> bool:
    """Whether htmx asks for a part of the page. Gives no rights; missing when the browser goes back."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Request-Type") != "full"


def answer(page: str, fragment: str, status: int = 200, **values: Any) -> Response:
    """The page, or its fragment where htmx asks for it."""
    return make_response(render_template(fragment if is_fragment() else page, **values), status)


def live_answer(page: str, fragment: str, **values: Any) -> Response:
    """`answer` for what is polled: 304 where the fragment is what the browser has (extension hx-ptag).

    The templates get the fragment's tag as `tag`, for its first request. Whatever has changed may concern the head
    of the page, too, which would ask by itself only later: it is told.
    """
    inner = render_template(fragment, **values, tag="")
    tag = hashlib.sha256(inner.replace(generate_csrf(), "").encode()).hexdigest()[:20]
    if not is_fragment():
        return make_response(render_template(page, **values, tag=tag))
    if request.headers.get("HX-PTag") == tag:
        return Response(status=304)
    response = make_response(render_template(fragment, **values, tag=tag))
    response.headers["HX-PTag"] = tag
    if request.endpoint != HEAD:
        response.headers["HX-Trigger"] = "transfers-changed"
    return response


def see_other(address: str) -> Response:
    """Send the browser on to a page after a POST."""
    return make_response(redirect(address, 303))


def done(sentence: str, endpoint: str, **values: Any) -> Response:
    """Commit, and go on to a page that says what was done."""
    commit()
    flash(sentence, "success")
    return see_other(url_for(endpoint, **values))


def sign_in_again() -> Response:
    """Redirect a visitor who is not signed in to the sign-in page, which leads back afterwards."""
    if wants_problem():
        abort(401)
    if is_fragment():
        page = _split(request.headers.get("HX-Current-URL", ""))
        where = page.path + (f"?{page.query}" if page.query else "") if page else ""
        address = _sign_in_address(where)
        return Response(status=401, headers={"HX-Redirect": address})
    where = request.full_path.rstrip("?") if request.method == "GET" else came_from() or ""
    return make_response(redirect(_sign_in_address(where)))


def relative_path(address: str | None) -> str | None:
    """Return `address` if it leads to a page of the portal, None otherwise, so that no redirect leaves the site."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return None
    if any(ord(char) < 33 or char == "\\" for char in address):
        return None
    parts = _split(address)
    return address if parts and not parts.scheme and not parts.netloc else None


def _split(address: str) -> SplitResult | None:
    """The parts of an address; None where it is none, such as an unfinished IPv6 one."""
    try:
        return urlsplit(address)
    except ValueError:
        return None


def came_from() -> str | None:
    """The path of our page that the form was on; None where the browser does not say, or it was not ours."""
    parts = _split(request.referrer or "")
    if parts is None or parts.netloc != request.host:
        return None
    return relative_path(parts.path + (f"?{parts.query}" if parts.query else ""))


def _sign_in_address(where: str) -> str:
    address = url_for("accounts.sign_in")
    back = relative_path(where)
    return f"{address}?{urlencode({'next': back})}" if back and back not in ("/", address) else address


def _vary(response: Response) -> Response:
    if response.mimetype == "text/html" or response.status_code == 304:
        response.vary.add("HX-Request")
    return response
