"""Pages of no feature: start, help, the head's transfer line, language and theme."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask_login import current_user

from portal.core.settings import current_settings
from portal.domain.permissions import Permission
from portal.webkit.access import public, requires
from portal.webkit.fragments import came_from, live, live_answer, relative_path, see_other
from portal.webkit.languages import LANGUAGES, SWITCH, THEMES

general = Blueprint("general", __name__)
_YEAR_SECONDS = 365 * 24 * 3600


@general.get("/")
@public
def start() -> Response:
    """The first page: the participants, or sign-in."""
    page = "people.list_page" if current_user.is_authenticated else "accounts.sign_in"
    return make_response(redirect(url_for(page)))


@general.get("/help")
@requires(Permission.SIGNED_IN)
def help_page() -> str:
    """Each status, phase and finding in plain words."""
    return render_template("general/help.html")


@general.get("/accessibility")
@public
def accessibility() -> str:
    """What was checked for accessibility, and what was not."""
    return render_template("general/accessibility.html")


@general.get("/transfer-status")
@requires(Permission.VIEW)
@live
def transfer_status() -> Response:
    """Last, running and next transfer; the head of each page asks for it."""
    return live_answer("general/transfer_status.html", "general/_transfer_status.html")


@general.post("/preferences")
@public
def preferences() -> Response:
    """Remember language, theme and shortcuts in this browser."""
    response = see_other(relative_path(came_from()) or url_for(".start"))
    for name, allowed in (("language", LANGUAGES), ("theme", THEMES), ("shortcuts", SWITCH)):
        value = request.form.get(name)
        if value is not None and value in allowed:
            response.set_cookie(
                name,
                value,
                max_age=_YEAR_SECONDS,
                httponly=True,
                secure=current_settings().secure_cookies,
                samesite="Lax",
            )
    return response
