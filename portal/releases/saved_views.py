"""Saved views: lists of participants by name, for oneself or for everybody of the tenant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from urllib.parse import urlencode

from sqlalchemy import func, or_, select

from portal.core.database import db
from portal.domain.accounts import SavedView
from portal.releases.errors import ViewEmpty, ViewNameMissing, ViewsTooMany, ViewUnknown
from portal.releases.list_address import ListAddress

MOST = 50
"""Views that one account may keep."""


def saved_views(account_id: int) -> Sequence[SavedView]:
    """One's own views and those that others of the tenant share, by name."""
    seen = or_(SavedView.account_id == account_id, SavedView.shared)
    return db.session.scalars(select(SavedView).where(seen).order_by(SavedView.name, SavedView.id)).all()


def save_view(
    name: str, where: ListAddress, account_id: int, tenant_id: int, now: dt.datetime, *, shared: bool
) -> SavedView:
    """Save `where` as `name`, in place of the user's own view of that name.

    A searched text is left out: it may be a person's name. Raises Refusal `view-name-missing`, `view-empty`,
    `views-too-many`.
    """
    name = " ".join(name.split())[:60]
    if not name:
        raise ViewNameMissing
    query = urlencode(where.parts(q=None, number=None), doseq=True)
    if not query:
        raise ViewEmpty
    mine = SavedView.account_id == account_id
    found = db.session.scalar(select(SavedView).where(mine, SavedView.name == name))
    if found is None:
        if (db.session.scalar(select(func.count()).select_from(SavedView).where(mine)) or 0) >= MOST:
            raise ViewsTooMany(most=MOST)
        found = SavedView(tenant_id=tenant_id, account_id=account_id, name=name, created_at=now)
        db.session.add(found)
    found.query, found.shared = query, shared
    return found


def forget_view(view_id: int, account_id: int) -> None:
    """Delete one's own view. Raises NotFound."""
    found = db.session.scalar(
        select(SavedView).where(SavedView.id == view_id, SavedView.account_id == account_id)
    )
    if found is None:
        raise ViewUnknown
    db.session.delete(found)
