"""The accounts of a tenant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.core.database import db
from portal.domain.accounts import Account, OneTimeLink, SecondFactor
from portal.domain.participants import Mediator

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
