"""The person behind a request: a plain value, so that nothing of another session hangs on it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import session
from flask_login import current_user
from sqlalchemy import select

from portal.accounts.second_factor import is_set, is_wanted
from portal.core.database import EVERY_TENANT, db, scoped_to
from portal.domain.accounts import Account, Role
from portal.domain.actors import Actor
from portal.domain.tenants import Tenant
from portal.webkit.sessions import current_session

WITHOUT_PASSWORD = "without_password"  # noqa: S105 - a key of the session
"""What a session holds that began at an identity provider: it cannot be asked for a password."""


@dataclass(frozen=True)
class User:
    """A signed-in user. The last four are what Flask-Login asks for."""

    id: int
    name: str
    initials: str
    role: Role
    tenant_id: int | None
    """None for support."""
    mediator_id: int | None
    time_zone: str | None = None
    """Of the tenant; None for support."""
    must_set_up: bool = False
    """Whether a second factor is demanded of them, and not there yet."""
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        return str(self.id)


def find_user(account_id: str) -> User | None:
    """The user by the number in the session; None where the account is gone or disabled."""
    own = current_session()
    if own.account is not None and account_id == str(own.account.id):  # loaded with the session
        return user_of(own.account, own.time_zone) if own.account.disabled_at is None else None
    query = (
        select(Account, Tenant.time_zone)
        .outerjoin(Tenant, Tenant.id == Account.tenant_id)
        .where(Account.id == int(account_id), Account.disabled_at.is_(None))
    )
    with scoped_to(EVERY_TENANT):
        found = db.session.execute(query).first()
        return user_of(found.Account, found.time_zone) if found else None


def user_of(account: Account, time_zone: str | None = None) -> User:
    """Return an account as a user; `time_zone` is that of its tenant, where a page asks for it."""
    return User(
        time_zone=time_zone,
        id=account.id,
        name=account.name,
        initials=account.initials,
        role=Role(account.role),
        tenant_id=account.tenant_id,
        mediator_id=account.mediator_id,
        must_set_up=is_wanted(Role(account.role)) and not is_set(account.id),
    )


def current_actor() -> Actor:
    """Return the signed-in person, as services need to know them."""
    by_provider = bool(session.get(WITHOUT_PASSWORD))
    return Actor(current_user.initials, current_user.id, current_user.mediator_id, by_provider)
