"""The forms of accounts: sign-in, and what an administrator types."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import InputRequired, Length

from portal.accounts.passwords import MAXIMUM_LENGTH
from portal.core.refusal import Refusal
from portal.domain.accounts import Account, Role

TENANT_ROLES = tuple(role for role in Role if not role.for_all_tenants)
"""The roles that a tenant's administrator may give."""


class SignInForm(FlaskForm):  # type: ignore[misc]
    """E-mail and password, and where to go afterwards."""

    email = EmailField(
        _l("E-Mail"), [InputRequired(_l("Bitte geben Sie Ihre E-Mail-Adresse an.")), Length(max=254)]
    )
    password = PasswordField(
        _l("Passwort"), [InputRequired(_l("Bitte geben Sie Ihr Passwort an.")), Length(max=MAXIMUM_LENGTH)]
    )
    next = HiddenField()


@dataclass(frozen=True)
class AccountForm:
    """What was typed about an account, as it was typed."""

    email: str = ""
    name: str = ""
    initials: str = ""
    role: str = Role.CASEWORKER.value
    mediator: str = ""
    """Its Vermittler-ID."""

    def chosen_role(self) -> Role:
        """The role as a tenant may give it. Raises Refusal `role-unknown`."""
        if self.role not in TENANT_ROLES:
            raise Refusal("role-unknown")
        return Role(self.role)


def read_typed(values: MultiDict[str, str]) -> AccountForm:
    return AccountForm(**{name: values.get(name, "") for name in vars(AccountForm())})


def typed_of(account: Account) -> AccountForm:
    """An account as its form begins."""
    number = account.mediator.number if account.mediator else ""
    return AccountForm(account.email, account.name, account.initials, account.role.value, number)
