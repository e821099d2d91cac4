"""Whole page or fragment: the one place that decides, and what a fragment answers instead of a redirect."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlencode, urlsplit

from flask import Flask, Response, abort, flash, g, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from portal.core.database import commit, utcnow
from portal.webkit.languages import find_language
from portal.webkit.problem_responses import wants_problem
from portal.webkit.sessions import current_session, polled

View = TypeVar("View", bound=Callable[..., Any])
_TAG = f"tag-{secrets.token_hex(16)}"
"""Stands in a fragment for its tag, which is known once it is rendered; nobody can have written it into their data."""
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


def live(view: View) -> View:
    """Mark a view of one tenant's data that is polled; where nothing of the tenant was written since, it is not asked.

    Stands below `requires`, which decides who may ask. What changes by time alone is seen within a minute.
    """

    @polled
    @wraps(view)
    def unless_unchanged(*args: Any, **kwargs: Any) -> Any:
        g.state = _state() if g.version is not None else ""
        if g.state and is_fragment() and request.headers.get("HX-PTag", "").startswith(f"{g.state}."):
            g.nothing_new = True
            return Response(status=304)
        return view(*args, **kwargs)

    return unless_unchanged  # type: ignore[return-value]


def _state() -> str:
    """All that a live part depends on, besides what it shows: as long as this is the same, so is the part."""
    facts = (
        *(g.tenant_id, g.version, current_user.id, current_user.role, current_user.mediator_id),
        *(
            find_language(),
            request.full_path.rstrip("?"),
            current_session().row_id,
            f"{utcnow():%Y-%m-%d %H:%M}",
        ),
    )
    return _digest(repr(facts))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def live_answer(page: str, fragment: str, **values: Any) -> Response:
    """`answer` for what is polled: 304 where the fragment is what the browser has (extension hx-ptag).

    The tag is that of the tenant's state, and of the fragment: it may be the same although something was written. The
    templates get it as `tag`, for the first request. Whatever has changed may concern the head of the page, too, which
    would ask by itself only later: it is told.
    """
    inner = render_template(fragment, **values, tag=_TAG)
    tag = f"{g.get('state', '')}.{_digest(inner.replace(generate_csrf(), '').replace(_TAG, ''))}"
    if not is_fragment():
        return make_response(render_template(page, **values, tag=tag))
    if request.headers.get("HX-PTag", "").partition(".")[2] == tag.partition(".")[2]:
        return Response(status=304, headers={"HX-PTag": tag})
    response = make_response(inner.replace(_TAG, tag))
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
