"""The forms of accounts: sign-in, and what an administrator types."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from portal.accounts.errors import RoleUnknown
from portal.accounts.passwords import MAXIMUM_LENGTH
from portal.domain.accounts import Account, Role
from portal.webkit.fragments import relative_path

EMAIL_LENGTH = 254
"""Characters of an address, at most (RFC 5321)."""
TENANT_ROLES = tuple(role for role in Role if not role.for_all_tenants)
"""The roles that a tenant's administrator may give."""


@dataclass(frozen=True)
class SignInForm:
    """What was typed to sign in, where to go afterwards, and what is wrong with it."""

    email: str = ""
    password: str = ""
    next: str | None = None
    email_error: str | None = None
    password_error: str | None = None

    @property
    def is_wrong(self) -> bool:
        return bool(self.email_error or self.password_error)


def read_sign_in(values: MultiDict[str, str]) -> SignInForm:
    """Read what was typed to sign in. Values that are too long belong to no account."""
    email, password = values.get("email", ""), values.get("password", "")
    form = SignInForm(
        email,
        password,
        relative_path(values.get("next")),
        None if email else _("Bitte geben Sie Ihre E-Mail-Adresse an."),
        None if password else _("Bitte geben Sie Ihr Passwort an."),
    )
    too_long = len(email) > EMAIL_LENGTH or len(password) > MAXIMUM_LENGTH
    return mismatched(form) if too_long and not form.is_wrong else form


def mismatched(form: SignInForm) -> SignInForm:
    """Return the form with an error that does not reveal which of the two was wrong."""
    return replace(form, password_error=_("E-Mail und Passwort passen nicht zusammen."))


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
            raise RoleUnknown
        return Role(self.role)


def read_account_form(values: MultiDict[str, str]) -> AccountForm:
    return AccountForm(**{name: values.get(name, "") for name in vars(AccountForm())})


def account_form_of(account: Account) -> AccountForm:
    """An account as its form begins."""
    number = account.mediator.number if account.mediator else ""
    return AccountForm(account.email, account.name, account.initials, account.role.value, number)
