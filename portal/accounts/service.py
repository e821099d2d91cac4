"""Accounts: create one, and find the person behind a Kürzel. Never commits."""

from __future__ import annotations

import datetime as dt
import re

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.accounts.access import GRANTED, Permission
from portal.accounts.actor import Actor
from portal.accounts.models import Account, Role
from portal.accounts.passwords import MAXIMUM_LENGTH, MINIMUM_LENGTH, hash_password
from portal.database import EVERY_TENANT, db, scoped_to
from portal.people.models import Mediator
from portal.refusal import NotFound, Refusal

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]+")
_INITIALS_LENGTH = 20
_NAME_LENGTH = 200


def create_account(
    *,
    tenant_id: int | None,
    email: str,
    name: str,
    initials: str,
    role: Role,
    password: str,
    now: dt.datetime,
    mediator_number: str | None = None,
) -> Account:
    """A new account; of support without a tenant, of everybody else in the tenant that the session is scoped to.

    Raises NotFound `mediator-unknown`; Refusal `account-…`, `password-…`.
    """
    email, name, initials = email.strip().lower(), name.strip(), initials.strip()
    _check(tenant_id, email, name, initials, role)
    _check_password(password)
    mediator_id = None if mediator_number is None else _get_mediator_id(mediator_number)
    _refuse_taken(tenant_id, email, initials)
    account = Account(
        tenant_id=tenant_id,
        email=email,
        name=name,
        initials=initials,
        role=role,
        password_hash=hash_password(password),
        mediator_id=mediator_id,
        created_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(account)
    except IntegrityError:  # somebody was faster since we looked
        raise Refusal("account-taken") from None
    return account


def find_actor(initials: str, permission: Permission) -> Actor:
    """The person with these initials who may do this, for the session's tenant: account, mediator, or support.

    A mediator without an account has no role, and may do what a command is given for. Raises Refusal
    `initials-unknown`, `not-permitted`.
    """
    account = db.session.scalar(
        select(Account).where(Account.initials == initials, Account.disabled_at.is_(None))
    )
    if account is not None:
        return _permitted(account, permission)
    mediator = db.session.scalar(
        select(Mediator).where(Mediator.initials == initials, Mediator.active).order_by(Mediator.id).limit(1)
    )
    if mediator is not None:
        return Actor(mediator.initials, mediator_id=mediator.id)
    with scoped_to(EVERY_TENANT):
        support = db.session.scalar(
            select(Account)
            .where(Account.tenant_id.is_(None), Account.initials == initials, Account.disabled_at.is_(None))
            .order_by(Account.id)
            .limit(1)
        )
    if support is None:
        raise Refusal("initials-unknown")
    return _permitted(support, permission)


def _permitted(account: Account, permission: Permission) -> Actor:
    if permission not in GRANTED[account.role]:
        raise Refusal("not-permitted")
    return Actor(account.initials, account.id, account.mediator_id)


def _check(tenant_id: int | None, email: str, name: str, initials: str, role: Role) -> None:
    if (tenant_id is None) != (role is Role.SUPPORT):
        raise Refusal("account-tenant-wrong")
    if not _EMAIL.fullmatch(email) or len(email) > 254:
        raise Refusal("account-email-wrong")
    if not name or len(name) > _NAME_LENGTH or not name.isprintable():
        raise Refusal("account-name-wrong")
    if not initials or len(initials) > _INITIALS_LENGTH or not initials.isprintable():
        raise Refusal("account-initials-wrong", limit=_INITIALS_LENGTH)


def _check_password(password: str) -> None:
    if len(password) < MINIMUM_LENGTH:
        raise Refusal("password-too-short", limit=MINIMUM_LENGTH)
    if len(password) > MAXIMUM_LENGTH:
        raise Refusal("password-too-long", limit=MAXIMUM_LENGTH)


def _get_mediator_id(number: str) -> int:
    found = db.session.scalar(select(Mediator.id).where(Mediator.number == number))
    if found is None:
        raise NotFound("mediator-unknown")
    return found


def _refuse_taken(tenant_id: int | None, email: str, initials: str) -> None:
    with scoped_to(EVERY_TENANT):
        if db.session.scalar(select(Account.id).where(Account.email == email)):
            raise Refusal("account-email-taken")
        same = Account.tenant_id.is_(None) if tenant_id is None else Account.tenant_id == tenant_id
        if db.session.scalar(select(Account.id).where(same, Account.initials == initials)):
            raise Refusal("account-initials-taken")
