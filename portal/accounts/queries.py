"""The accounts of a tenant, and the person behind a Kürzel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.accounts.errors import AccountUnknown, InitialsUnknown, NotPermitted
from portal.core.database import EVERY_TENANT, db, scoped_to
from portal.core.idna_domains import spellings
from portal.domain.accounts import Account, OneTimeLink, SecondFactor
from portal.domain.actors import Actor
from portal.domain.participants import Mediator
from portal.domain.permissions import GRANTED, Permission

PAGE = 100


@dataclass(frozen=True)
class AccountRow:
    """An account in the list."""

    account: Account
    invited: bool
    """Whether a one-time link waits to be used."""
    second_factor: bool


@dataclass(frozen=True)
class AccountPage:
    rows: list[AccountRow]
    next: int | None


def list_accounts(after: int | None, now: dt.datetime) -> AccountPage:
    """Return the accounts of the tenant by number, disabled ones included."""
    query = select(Account).options(joinedload(Account.mediator)).order_by(Account.id).limit(PAGE + 1)
    if after is not None:
        query = query.where(Account.id > after)
    found = db.session.scalars(query).all()
    accounts, numbers = found[:PAGE], [account.id for account in found[:PAGE]]
    invited, secured = _invited(numbers, now), _secured(numbers)
    rows = [AccountRow(account, account.id in invited, account.id in secured) for account in accounts]
    return AccountPage(rows, accounts[-1].id if len(found) > PAGE else None)


def active_mediators() -> Sequence[Mediator]:
    """Those whom an account may be tied to."""
    return db.session.scalars(select(Mediator).where(Mediator.active).order_by(Mediator.sort_key)).all()


def _invited(numbers: list[int], now: dt.datetime) -> set[int]:
    waiting = select(OneTimeLink.account_id).where(
        OneTimeLink.account_id.in_(numbers), OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now
    )
    return set(db.session.scalars(waiting))


def _secured(numbers: list[int]) -> set[int]:
    confirmed = select(SecondFactor.account_id).where(
        SecondFactor.account_id.in_(numbers), SecondFactor.confirmed_at.is_not(None)
    )
    return set(db.session.scalars(confirmed))


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
