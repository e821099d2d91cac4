"""Lists of tokens, and those that end soon."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import aliased

from portal.core.database import db
from portal.domain.rules.tokens import STAGES, token_ending
from portal.domain.tokens import ApiToken

LIMIT = 200


def list_tokens(limit: int = LIMIT) -> Sequence[ApiToken]:
    """Return the tenant's tokens: those in force first, the newest of each first."""
    query = select(ApiToken).order_by(ApiToken.revoked_at.is_not(None), ApiToken.id.desc()).limit(limit)
    return db.session.scalars(query).all()


def ending_soon(now: dt.datetime) -> Sequence[ApiToken]:
    """The tenant's tokens whose end is announced, or was so many days ago at most; the first to end first."""
    warn = dt.timedelta(days=STAGES[0])
    query = (
        select(ApiToken)
        .where(is_current(), ApiToken.expires_at < now + warn, ApiToken.expires_at > now - warn)
        .order_by(ApiToken.expires_at)
    )
    found = db.session.scalars(query)
    return [row for row in found if token_ending(row.created_at, row.expires_at, now)]


def is_current() -> ColumnElement[bool]:
    """In SQL: tokens that were neither revoked nor replaced by a newer one of the same name."""
    newer = aliased(ApiToken)
    replaced = select(newer.id).where(
        newer.tenant_id == ApiToken.tenant_id,
        newer.name == ApiToken.name,
        newer.id > ApiToken.id,
        newer.revoked_at.is_(None),
    )
    return and_(ApiToken.revoked_at.is_(None), ~replaced.exists())
