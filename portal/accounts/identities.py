"""The account of an identity that a provider knows: accounts are linked, never made. Never commits."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from portal.accounts.errors import IdentityUnknown
from portal.accounts.provider import Identity
from portal.core.database import EVERY_TENANT, db, scoped_to
from portal.core.idna_domains import spellings
from portal.domain.accounts import Account, LinkedIdentity


def find_account_id(identity: Identity, now: dt.datetime) -> tuple[int, bool]:
    """Return the enabled account of an identity, and whether it was linked just now.

    By the subject that was kept at the first time; then by a verified e-mail address, for an account that has none
    yet. Raises Refusal `identity-unknown`, whatever the reason.
    """
    with scoped_to(EVERY_TENANT):
        linked = db.session.execute(
            select(Account.id, Account.disabled_at)
            .join(LinkedIdentity, LinkedIdentity.account_id == Account.id)
            .where(LinkedIdentity.issuer == identity.issuer, LinkedIdentity.subject == identity.subject)
        ).one_or_none()
        if linked is not None:
            if linked.disabled_at is not None:
                raise IdentityUnknown
            return linked.id, False
        return _link(identity, now), True


def forget_identity(account_id: int) -> None:
    """Unlink an account's identity. The next one with the account's verified e-mail address is linked again."""
    db.session.execute(delete(LinkedIdentity).where(LinkedIdentity.account_id == account_id))


def _link(identity: Identity, now: dt.datetime) -> int:
    if identity.email is None:
        raise IdentityUnknown
    account_id = db.session.scalar(
        select(Account.id).where(
            Account.email.in_(spellings(identity.email)),
            Account.disabled_at.is_(None),
            ~select(LinkedIdentity.id).where(LinkedIdentity.account_id == Account.id).exists(),
        )
    )
    if account_id is None:
        raise IdentityUnknown
    link = LinkedIdentity(
        account_id=account_id, issuer=identity.issuer, subject=identity.subject, linked_at=now
    )
    try:
        with db.session.begin_nested():
            db.session.add(link)
    except IntegrityError:  # another request was first
        raise IdentityUnknown from None
    return account_id
