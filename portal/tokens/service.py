"""Making, knowing and revoking the tokens of the HTTP door."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import secrets
import unicodedata

from sqlalchemy import ColumnElement, func, or_, select, update

from portal.core.database import EVERY_TENANT, db, scoped_to
from portal.domain.tokens import NAME_LIMIT, ApiToken
from portal.tokens.errors import (
    TokenDaysWrong,
    TokenNameMissing,
    TokenNameTaken,
    TokenNameWrong,
    TokenRevoked,
    TokensTooMany,
    TokenUnknown,
)

PREFIX = "jobbruecke_"
"""By which a token is known for one wherever it turns up; scanners for secrets look for such beginnings."""
VALID_DAYS = 365
LONGEST_DAYS = 730
MOST = 50
"""Tokens in force of one tenant."""
USED_AGAIN_AFTER = dt.timedelta(minutes=1)
_HINT = len(PREFIX) + 4
_TOKEN = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")


def make_token(
    tenant_id: int, name: str, by: str, now: dt.datetime, days: int = VALID_DAYS
) -> tuple[ApiToken, str]:
    """A new token of a tenant and, this once, its text. Refusal where the name or the days will not do."""
    name = read_name(name)
    if not 1 <= days <= LONGEST_DAYS:
        raise TokenDaysWrong(most=LONGEST_DAYS)
    in_force = select(func.count()).select_from(ApiToken).where(ApiToken.revoked_at.is_(None), _later(now))
    if (db.session.scalar(in_force) or 0) >= MOST:
        raise TokensTooMany(most=MOST)
    namesake = select(ApiToken.id).where(ApiToken.name == name, ApiToken.revoked_at.is_(None), _later(now))
    if db.session.scalar(namesake.limit(1)) is not None:
        raise TokenNameTaken
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        tenant_id=tenant_id,
        name=name,
        token_hash=_hash(text),
        hint=text[:_HINT],
        created_at=now,
        created_by=by,
        expires_at=now + dt.timedelta(days=days),
    )
    db.session.add(token)
    db.session.flush()
    return token, text


def read_name(text: str) -> str:
    """Return a typed name in its normal form. Raises Refusal if it is empty, too long, or not printable."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise TokenNameMissing
    if len(name) > NAME_LIMIT or not name.isprintable():
        raise TokenNameWrong(most=NAME_LIMIT)
    return name


def get_token(token_id: int) -> ApiToken:
    """A token of the session's tenant; NotFound otherwise."""
    token = db.session.scalar(select(ApiToken).where(ApiToken.id == token_id))
    if token is None:
        raise TokenUnknown
    return token


def revoke_token(token: ApiToken, by: str, now: dt.datetime) -> None:
    """From now on the token opens nothing. Refusal `token-revoked` where it was revoked before."""
    if token.revoked_at is not None:
        raise TokenRevoked
    token.revoked_at, token.revoked_by = now, by


def find_token(text: str, now: dt.datetime) -> ApiToken | None:
    """Return the token in force with this text, whatever tenant it belongs to; None for all others alike."""
    if not _TOKEN.fullmatch(text):
        return None
    wanted = _hash(text)
    with scoped_to(EVERY_TENANT):
        token = db.session.scalar(select(ApiToken).where(ApiToken.token_hash == wanted))
        if token is not None:
            db.session.expunge(token)
    if token is None or not hmac.compare_digest(token.token_hash, wanted):
        return None
    return token if token.revoked_at is None and token.expires_at > now else None


def is_to_be_noted(token: ApiToken, now: dt.datetime) -> bool:
    """Return whether its use is to be written down: once a minute is enough."""
    return token.last_used_at is None or now - token.last_used_at >= USED_AGAIN_AFTER


def note_use(token: ApiToken, now: dt.datetime) -> None:
    """Record that a token is used; safe beside other requests that do the same."""
    db.session.execute(
        update(ApiToken)
        .where(
            ApiToken.id == token.id,
            or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= now - USED_AGAIN_AFTER),
        )
        .values(last_used_at=now)
        .execution_options(synchronize_session=False)
    )


def _later(now: dt.datetime) -> ColumnElement[bool]:
    return ApiToken.expires_at > now


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
