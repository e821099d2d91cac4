"""Accounts: create, change, disable; their passwords. Never commits."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError

from portal.accounts.checks import (
    check_details,
    check_email,
    get_mediator_id,
    refuse_last_administrator,
    refuse_taken,
)
from portal.accounts.errors import (
    AccountTaken,
    AlreadyDisabled,
    NotDisabled,
    OwnAccount,
    OwnRole,
    PasswordWrong,
)
from portal.accounts.identities import forget_identity
from portal.accounts.links import use_link, void_links
from portal.accounts.passwords import check_password, hash_password, verify_password
from portal.accounts.sessions import end_sessions
from portal.core.database import db
from portal.core.idna_domains import lower_address
from portal.domain.accounts import Account, Role
from portal.domain.tenants import Tenant


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
    check_email(email)
    check_details(tenant_id, name, initials, role)
    password_hash = _first_hash(password, name, email, initials, *_tenant_names(tenant_id))
    mediator_id = None if mediator_number is None else get_mediator_id(mediator_number)
    refuse_taken(tenant_id, email, initials)
    account = Account(
        tenant_id=tenant_id,
        email=email,
        name=name,
        initials=initials,
        role=role,
        password_hash=password_hash,
        mediator_id=mediator_id,
        created_at=now,
    )
    with _refusing_taken():
        db.session.add(account)
    return account


def _first_hash(password: str | None, *known: str) -> str:
    """Check a password and return its hash; that of a random one where none is given yet."""
    if password is None:
        return hash_password(secrets.token_urlsafe(32))
    check_password(password, *known)
    return hash_password(password)


@contextmanager
def _refusing_taken() -> Iterator[None]:
    """Another request may take the address or the Kürzel between the check and the write."""
    try:
        with db.session.begin_nested():
            yield
    except IntegrityError:
        raise AccountTaken from None


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
    check_details(account.tenant_id, name, initials, role)
    if role is not account.role:
        if account.id == by:
            raise OwnRole
        refuse_last_administrator(account)
        end_sessions(account.id, now)
    mediator_id = get_mediator_id(mediator_number) if mediator_number else None
    if initials != account.initials:
        refuse_taken(account.tenant_id, None, initials)
    with _refusing_taken():
        account.name, account.initials = name, initials
        account.role, account.mediator_id = role, mediator_id


def disable_account(account: Account, by: int | None, now: dt.datetime) -> None:
    """Disable an account: end its sessions, revoke its one-time links and unlink its identity.

    Raises Refusal `own-account`, `last-administrator`, `already-disabled`.
    """
    if account.id == by:
        raise OwnAccount
    if account.disabled_at is not None:
        raise AlreadyDisabled
    refuse_last_administrator(account)
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
