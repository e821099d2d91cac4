"""The form of the sign-in page."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import InputRequired, Length

from portal.accounts.passwords import MAXIMUM_LENGTH


class SignInForm(FlaskForm):  # type: ignore[misc]
    """E-mail and password, and where to go afterwards."""

    email = EmailField(
        _l("E-Mail"), [InputRequired(_l("Bitte geben Sie Ihre E-Mail-Adresse an.")), Length(max=254)]
    )
    password = PasswordField(
        _l("Passwort"), [InputRequired(_l("Bitte geben Sie Ihr Passwort an.")), Length(max=MAXIMUM_LENGTH)]
    )
    next = HiddenField()
