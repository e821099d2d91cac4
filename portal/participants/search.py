"""Text searches, kept on the server under an opaque key: names do not belong in addresses (docs/domain.md#rules)."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select

from portal.core.database import db
from portal.domain.accounts import SearchTerm
from portal.participants.errors import SearchSocialInsuranceNumber, SearchUnknown

LENGTH = 200
"""Longest text that is searched for, in characters."""
KEPT_DAYS = 30

_NUMBER = re.compile(r"(?=.*\d)[A-Za-z0-9._-]{1,60}")
_SOCIAL_INSURANCE_NUMBER = re.compile(r"\d{2}\s?\d{6}\s?[A-Za-z]\s?\d{3}")


def is_number(text: str) -> bool:
    """Return whether `text` is the number of a record, which may stand in an address, as a name may not."""
    return _NUMBER.fullmatch(text) is not None and _SOCIAL_INSURANCE_NUMBER.search(text) is None


def remember_search(text: str, tenant_id: int, account_id: int, now: dt.datetime) -> str:
    """Keep `text`; the key under which it is found. Raises Refusal `search-social-insurance-number`."""
    if _SOCIAL_INSURANCE_NUMBER.search(text):
        raise SearchSocialInsuranceNumber
    key = secrets.token_urlsafe(16)
    db.session.add(
        SearchTerm(tenant_id=tenant_id, account_id=account_id, key=key, text=text[:LENGTH], created_at=now)
    )
    return key


def get_search(key: str) -> str:
    """Return the text behind `key`. Raises NotFound."""
    text = db.session.scalar(select(SearchTerm.text).where(SearchTerm.key == key))
    if text is None:
        raise SearchUnknown
    return text


def forget_searches(now: dt.datetime) -> int:
    """Delete searches that have expired. Return how many."""
    result = db.session.execute(
        delete(SearchTerm).where(SearchTerm.created_at < now - dt.timedelta(days=KEPT_DAYS))
    )
    return cast("CursorResult[Any]", result).rowcount
