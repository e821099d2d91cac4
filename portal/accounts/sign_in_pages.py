"""The pages of signing in, and the way back to the first of them."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, flash, make_response, render_template, url_for
from flask_babel import gettext as _

from portal.accounts.forms import SignInForm
from portal.accounts.passwords import MAXIMUM_LENGTH, MINIMUM_LENGTH
from portal.accounts.provider import is_installed
from portal.accounts.signing_in import PENDING_MINUTES
from portal.core.settings import current_settings
from portal.domain.accounts import Account
from portal.webkit.fragments import see_other
from portal.webkit.security import allow_forms_to
from portal.webkit.sessions import current_session


def password_form(token: str, account: Account, error: str | None, status: int) -> Response:
    """Return the form behind a one-time link."""
    page = render_template(
        "accounts/set_password.html", token=token, account=account, error=error, minimum=MINIMUM_LENGTH
    )
    return make_response(page, status)


def code_form(error: str | None) -> Response:
    """Return the form of the second step."""
    return make_response(
        render_template("accounts/code.html", error=error, minutes=PENDING_MINUTES), 422 if error else 200
    )


def too_late() -> Response:
    """Go back to the first step, with a sentence if a sign-in was begun: of strangers nothing is kept."""
    if current_session().row_id is not None:
        sentence = _("Die Anmeldung hat zu lange gedauert. Bitte fangen Sie noch einmal an.")
        flash(sentence, "warning")
    return see_other(url_for(".sign_in"))


def from_the_start(sentence: str) -> Response:
    """Go back to the first step. 422 counts as a wrong code."""
    return sign_in_form(SignInForm(password_error=sentence), 422)


def sign_in_form(form: SignInForm, status: int) -> Response:
    """Return the form of the first step."""
    settings, installed = current_settings(), is_installed()
    page = render_template(
        "accounts/sign_in.html",
        form=form,
        longest_password=MAXIMUM_LENGTH,
        with_password=settings.password_sign_in,
        provider_name=settings.oidc_name if settings.oidc_issuer else None,
        provider_missing=not installed,
    )
    response = make_response(page, status)
    # its form is redirected there, which browsers hold to be sent there
    if settings.oidc_issuer and installed:
        parts = urlsplit(settings.oidc_issuer)
        allow_forms_to(response, f"{parts.scheme}://{parts.netloc}")
    return response
