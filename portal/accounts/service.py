"""Accounts: create one, and find the person behind a Kürzel. Never commits."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from typing import cast

from sqlalchemy import Connection, Table, select, update
from sqlalchemy.exc import IntegrityError

from portal.accounts.errors import (
    AccountEmailNotAscii,
    AccountEmailTaken,
    AccountEmailWrong,
    AccountInitialsTaken,
    AccountInitialsWrong,
    AccountNameWrong,
    AccountTaken,
    AccountTenantWrong,
    AccountUnknown,
    AlreadyDisabled,
    InitialsUnknown,
    LastAdministrator,
    MediatorUnknown,
    NotDisabled,
    NotPermitted,
    OwnAccount,
    OwnRole,
    PasswordWrong,
)
from portal.accounts.identities import forget_identity
from portal.accounts.links import use_link, void_links
from portal.accounts.passwords import check_password, hash_password, verify_password
from portal.accounts.sessions import end_sessions
from portal.core.database import EVERY_TENANT, db, for_every_tenant, scoped_to
from portal.core.idna_domains import lower_address, mailable, spellings
from portal.domain.accounts import Account, Role
from portal.domain.actors import Actor
from portal.domain.participants import Mediator
from portal.domain.permissions import GRANTED, Permission
from portal.domain.tenants import Tenant

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]+")
_EMAIL_LENGTH = 254
_INITIALS_LENGTH = 20
_NAME_LENGTH = 200


def create_account(
    *,
    tenant_id: int | None,
    email: str,
    name: str,
    initials: str,
    role: Role,
    password: str | None,
    now: dt.datetime,
    mediator_number: str | None = None,
) -> Account:
    """Create an account: without a tenant for the operator, otherwise in the tenant that the session sees.

    Without a password a sign-in is impossible until one is set by a one-time link (portal.accounts.links).
    Raises NotFound `mediator-unknown`; Refusal `account-…`, `password-…`.
    """
    email, name, initials = lower_address(email), name.strip(), initials.strip()
    _check_email(email)
    _check(tenant_id, name, initials, role)
    if password is not None:
        check_password(password, name, email, initials, *_tenant_names(tenant_id))
    mediator_id = None if mediator_number is None else _get_mediator_id(mediator_number)
    _refuse_taken(tenant_id, email, initials)
    account = Account(
        tenant_id=tenant_id,
        email=email,
        name=name,
        initials=initials,
        role=role,
        password_hash=hash_password(secrets.token_urlsafe(32) if password is None else password),
        mediator_id=mediator_id,
        created_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(account)
    except IntegrityError:  # another request took it since the check
        raise AccountTaken from None
    return account


def change_account(
    account: Account,
    *,
    name: str,
    initials: str,
    role: Role,
    mediator_number: str | None,
    by: int | None,
    now: dt.datetime,
) -> None:
    """Change what an administrator may change; another role ends the sessions. `by`: the account of who does it.

    Raises NotFound `mediator-unknown`; Refusal `account-…`, `own-role`, `last-administrator`.
    """
    name, initials = name.strip(), initials.strip()
    _check(account.tenant_id, name, initials, role)
    if role is not account.role:
        if account.id == by:
            raise OwnRole
        _refuse_last(account)
        end_sessions(account.id, now)
    mediator_id = _get_mediator_id(mediator_number) if mediator_number else None
    if initials != account.initials:
        _refuse_taken(account.tenant_id, None, initials)
    try:
        with db.session.begin_nested():
            account.name, account.initials = name, initials
            account.role, account.mediator_id = role, mediator_id
    except IntegrityError:  # another request took it since the check
        raise AccountTaken from None


def disable_account(account: Account, by: int | None, now: dt.datetime) -> None:
    """Disable an account: end its sessions, revoke its one-time links and unlink its identity.

    Raises Refusal `own-account`, `last-administrator`, `already-disabled`.
    """
    if account.id == by:
        raise OwnAccount
    if account.disabled_at is not None:
        raise AlreadyDisabled
    _refuse_last(account)
    account.disabled_at = now
    end_sessions(account.id, now)
    void_links(account.id, now)
    forget_identity(account.id)


def enable_account(account: Account) -> None:
    """Enable a disabled account. Raises Refusal `not-disabled`."""
    if account.disabled_at is None:
        raise NotDisabled
    account.disabled_at = None


def change_password(account: Account, old: str, new: str, now: dt.datetime) -> None:
    """Set another password; every session ends, and the caller renews the current one.

    Raises Refusal `password-wrong`, `password-…`.
    """
    if not verify_password(old, account.password_hash):
        raise PasswordWrong
    set_password(account, new, now)


def set_password(account: Account, new: str, now: dt.datetime, link: str | None = None) -> None:
    """Set a password, and end every session and link of before; `link` is used up by it, if it came by one.

    Raises Refusal `password-…`, `link-void`.
    """
    check_password(new, account.name, account.email, account.initials, *_tenant_names(account.tenant_id))
    if link is not None:
        account.link_seen_by_id = use_link(link, now)
    account.password_hash = hash_password(new)
    end_sessions(account.id, now)
    void_links(account.id, now)


def _tenant_names(tenant_id: int | None) -> tuple[str, ...]:
    tenant = None if tenant_id is None else db.session.get(Tenant, tenant_id)
    return () if tenant is None else (tenant.name, tenant.slug)


def keep_hash(account_id: int, stored: str, newer: str) -> None:
    """Store a password's newer hash, unless the password was changed meanwhile; whatever tenant the session sees."""
    accounts = cast("Table", Account.__table__)
    with for_every_tenant():
        db.session.connection().execute(
            update(accounts)
            .where(accounts.c.id == account_id, accounts.c.password_hash == stored)
            .values(password_hash=newer)
        )


def note_sign_in(account_id: int, now: dt.datetime) -> None:
    """Record the time of an account's last sign-in, whatever tenant the session sees."""
    accounts = cast("Table", Account.__table__)
    with for_every_tenant():
        db.session.connection().execute(
            update(accounts).where(accounts.c.id == account_id).values(signed_in_at=now)
        )


def get_account(account_id: int) -> Account:
    """An account of the tenant that the session sees. Raises NotFound `account-unknown`."""
    account = db.session.scalar(select(Account).where(Account.id == account_id))
    if account is None:
        raise AccountUnknown
    return account


def get_account_by_email(email: str) -> Account:
    """An account of those that the session sees. Raises NotFound `account-unknown`."""
    account = db.session.scalar(select(Account).where(Account.email.in_(spellings(email))))
    if account is None:
        raise AccountUnknown
    return account


def _refuse_last(account: Account) -> None:
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
        raise InitialsUnknown
    return _permitted(support, permission)


def _permitted(account: Account, permission: Permission) -> Actor:
    if permission not in GRANTED[account.role]:
        raise NotPermitted
    return Actor(account.initials, account.id, account.mediator_id)


def _check_email(email: str) -> None:
    try:
        mailed = mailable(email)
    except ValueError:
        raise AccountEmailWrong from None
    if not _EMAIL.fullmatch(email) or len(mailed) > _EMAIL_LENGTH:
        raise AccountEmailWrong
    if not mailed.isascii():
        raise AccountEmailNotAscii


def _check(tenant_id: int | None, name: str, initials: str, role: Role) -> None:
    if (tenant_id is None) != role.for_all_tenants:
        raise AccountTenantWrong
    if not name or len(name) > _NAME_LENGTH or not name.isprintable():
        raise AccountNameWrong
    if not initials or len(initials) > _INITIALS_LENGTH or not initials.isprintable():
        raise AccountInitialsWrong(limit=_INITIALS_LENGTH)


def _get_mediator_id(number: str) -> int:
    found = db.session.scalar(select(Mediator.id).where(Mediator.number == number))
    if found is None:
        raise MediatorUnknown
    return found


def _refuse_taken(tenant_id: int | None, email: str | None, initials: str) -> None:
    """Past the tenant's scope on purpose, and without letting go of what is loaded: only whether there is one."""
    with for_every_tenant():
        _refuse_taken_by_anybody(db.session.connection(), tenant_id, email, initials)


def _refuse_taken_by_anybody(
    connection: Connection, tenant_id: int | None, email: str | None, initials: str
) -> None:
    accounts = cast("Table", Account.__table__)
    if (
        email
        and connection.execute(select(accounts.c.id).where(accounts.c.email.in_(spellings(email)))).first()
    ):
        raise AccountEmailTaken
    same = accounts.c.tenant_id.is_(None) if tenant_id is None else accounts.c.tenant_id == tenant_id
    if connection.execute(select(accounts.c.id).where(same, accounts.c.initials == initials)).first():
        raise AccountInitialsTaken
