"""Lists of tokens, and those that end soon."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select

from portal.database import db
from portal.tokens.models import WARN_DAYS, ApiToken

LIMIT = 200


def list_tokens(limit: int = LIMIT) -> Sequence[ApiToken]:
    """The tenant's tokens: those in force first, the newest of each first."""
    query = select(ApiToken).order_by(ApiToken.revoked_at.is_not(None), ApiToken.id.desc()).limit(limit)
    return db.session.scalars(query).all()


def ending_soon(now: dt.datetime) -> Sequence[ApiToken]:
    """The tenant's tokens that end within the warning time, or ended within it, the first to end first."""
    warn = dt.timedelta(days=WARN_DAYS)
    query = (
        select(ApiToken)
        .where(
            ApiToken.revoked_at.is_(None), ApiToken.expires_at < now + warn, ApiToken.expires_at > now - warn
        )
        .order_by(ApiToken.expires_at)
    )
    return db.session.scalars(query).all()
