"""Check what is typed at sign-in against accounts of every tenant."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Table, select, update

from portal.accounts.passwords import verify_and_renew
from portal.accounts.users import User, user_of
from portal.core.database import EVERY_TENANT, commit, db, for_every_tenant, rollback, scoped_to
from portal.core.idna_domains import spellings
from portal.domain.accounts import Account


def find_typed(email: str) -> User | None:
    """Find the account of a typed address, of whatever tenant, disabled or not."""
    query = select(Account).where(Account.email.in_(spellings(email)))
    with scoped_to(EVERY_TENANT):
        account = db.session.scalar(query)
        return user_of(account) if account else None


def check_credentials(email: str, password: str) -> User | None:
    """Return the user, if there is one and the password is theirs."""
    query = select(Account).where(Account.email.in_(spellings(email)), Account.disabled_at.is_(None))
    with scoped_to(EVERY_TENANT):
        account = db.session.scalar(query)
        stored, user = (account.password_hash, user_of(account)) if account else (None, None)
    rollback()  # checking takes a while, and must not hold a transaction open
    matches, newer = verify_and_renew(password, stored)
    if not matches or user is None or stored is None:
        return None
    if newer is not None:
        _keep_hash(user.id, stored, newer)
        commit()
    return user


def _keep_hash(account_id: int, stored: str, newer: str) -> None:
    """Store a password's newer hash, unless the password was changed meanwhile; whatever tenant the session sees."""
    accounts = cast("Table", Account.__table__)
    with for_every_tenant():
        db.session.connection().execute(
            update(accounts)
            .where(accounts.c.id == account_id, accounts.c.password_hash == stored)
            .values(password_hash=newer)
        )
