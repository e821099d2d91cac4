"""One-time links, by which users set a first or forgotten password."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import Any, cast

from sqlalchemy import CursorResult, select, update

from portal.accounts.errors import AccountDisabled, LinkVoid
from portal.core.database import EVERY_TENANT, db, scope_to
from portal.core.settings import current_settings
from portal.domain.accounts import Account, OneTimeLink

VALID_HOURS = 48


def make_link(account: Account, now: dt.datetime) -> str:
    """The token of a new link; those made before are void. Only its hash is kept. Raises Refusal `account-disabled`."""
    if account.disabled_at is not None:
        raise AccountDisabled
    void_links(account.id, now)
    token = secrets.token_urlsafe(32)
    db.session.add(
        OneTimeLink(
            token_hash=_hash(token),
            account_id=account.id,
            created_at=now,
            expires_at=now + dt.timedelta(hours=VALID_HOURS),
        )
    )
    db.session.flush()
    return token


def note_seen(token: str, by: int) -> None:
    """Keep that this account's page shows the link."""
    db.session.execute(
        update(OneTimeLink).where(OneTimeLink.token_hash == _hash(token)).values(seen_by_id=by)
    )


def link_to(token: str) -> str:
    """Return the address of a link; without the host where PUBLIC_URL does not say it."""
    return f"{current_settings().public_url or ''}/set-password/{token}"


def void_links(account_id: int, now: dt.datetime) -> None:
    """No link of the account is good any more."""
    db.session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.account_id == account_id, OneTimeLink.used_at.is_(None))
        .values(used_at=now)
    )


def open_link(token: str, now: dt.datetime) -> Account:
    """The account that a link is for; from now on the session sees every tenant's. Raises Refusal `link-void`."""
    scope_to(EVERY_TENANT)
    account = db.session.scalar(
        select(Account)
        .join(OneTimeLink, OneTimeLink.account_id == Account.id)
        .where(
            OneTimeLink.token_hash == _hash(token),
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > now,
            Account.disabled_at.is_(None),
        )
    )
    if account is None:
        raise LinkVoid
    return account


def use_link(token: str, now: dt.datetime) -> int | None:
    """Use a link up, and say which account has seen it: of two who send its form at once, one sets the password.

    Raises Refusal `link-void`.
    """
    result = db.session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.token_hash == _hash(token), OneTimeLink.used_at.is_(None))
        .values(used_at=now)
    )
    if cast("CursorResult[Any]", result).rowcount != 1:
        raise LinkVoid
    return db.session.scalar(select(OneTimeLink.seen_by_id).where(OneTimeLink.token_hash == _hash(token)))


def find_link_account(token: str, now: dt.datetime) -> int | None:
    """The number of the account that a link is good for now; None where it is good for none."""
    return db.session.scalar(
        select(OneTimeLink.account_id).where(
            OneTimeLink.token_hash == _hash(token),
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > now,
        )
    )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
