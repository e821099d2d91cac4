"""Check what an account is created or changed with: form, uniqueness, and who has to stay."""

from __future__ import annotations

import re
from typing import cast

from sqlalchemy import ColumnElement, Table, select

from portal.accounts.errors import (
    AccountEmailNotAscii,
    AccountEmailTaken,
    AccountEmailWrong,
    AccountInitialsTaken,
    AccountInitialsWrong,
    AccountNameWrong,
    AccountTenantWrong,
    LastAdministrator,
    MediatorUnknown,
)
from portal.core.database import db, for_every_tenant
from portal.core.idna_domains import mailable, spellings
from portal.domain.accounts import Account, Role
from portal.domain.participants import Mediator
from portal.domain.tenants import Tenant

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]+")
_EMAIL_LENGTH = 254
_INITIALS_LENGTH = 20
_NAME_LENGTH = 200


def refuse_last_administrator(account: Account) -> None:
    """Refuse to take away a tenant's last administrator. Raises Refusal `last-administrator`."""
    if account.role is not Role.ADMINISTRATOR or account.disabled_at is not None:
        return
    # Two administrators who disable each other at once: the second waits here, and then finds no other one left.
    db.session.execute(select(Tenant.id).where(Tenant.id == account.tenant_id).with_for_update())
    others = select(Account.id).where(
        Account.tenant_id == account.tenant_id,
        Account.role == Role.ADMINISTRATOR,
        Account.disabled_at.is_(None),
        Account.id != account.id,
    )
    if db.session.scalar(others.limit(1)) is None:
        raise LastAdministrator


def check_email(email: str) -> None:
    """Refuse an address that no mail reaches. Raises Refusal `account-email-…`."""
    try:
        mailed = mailable(email)
    except ValueError:
        raise AccountEmailWrong from None
    if not _EMAIL.fullmatch(email) or len(mailed) > _EMAIL_LENGTH:
        raise AccountEmailWrong
    if not mailed.isascii():
        raise AccountEmailNotAscii


def check_details(tenant_id: int | None, name: str, initials: str, role: Role) -> None:
    """Refuse a name, a Kürzel or a role that an account of the tenant cannot have. Raises Refusal `account-…`."""
    if (tenant_id is None) != role.for_all_tenants:
        raise AccountTenantWrong
    if not name or len(name) > _NAME_LENGTH or not name.isprintable():
        raise AccountNameWrong
    if not initials or len(initials) > _INITIALS_LENGTH or not initials.isprintable():
        raise AccountInitialsWrong(limit=_INITIALS_LENGTH)


def get_mediator_id(number: str) -> int:
    """Return the row of the mediator with this number. Raises NotFound `mediator-unknown`."""
    found = db.session.scalar(select(Mediator.id).where(Mediator.number == number))
    if found is None:
        raise MediatorUnknown
    return found


def refuse_taken(tenant_id: int | None, email: str | None, initials: str) -> None:
    """Refuse an address that any account has, or a Kürzel that one of the tenant has. Raises Refusal `account-…`.

    Past the tenant's scope on purpose, and without letting go of what is loaded: only whether there is one.
    """
    accounts = cast("Table", Account.__table__)
    same_tenant = accounts.c.tenant_id.is_(None) if tenant_id is None else accounts.c.tenant_id == tenant_id
    with for_every_tenant():
        if email and _exists(accounts.c.email.in_(spellings(email))):
            raise AccountEmailTaken
        if _exists(same_tenant, accounts.c.initials == initials):
            raise AccountInitialsTaken


def _exists(*conditions: ColumnElement[bool]) -> bool:
    query = select(Account.__table__.c.id).where(*conditions)
    return db.session.connection().execute(query).first() is not None
