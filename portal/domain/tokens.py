"""Tokens by which a program of a tenant may use the HTTP door; only their hashes are kept."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.database import Base, TenantOwned

NAME_LIMIT = 60


class ApiToken(TenantOwned, Base):
    """A token of the HTTP door: 256 random bits, shown once. Never deleted, so that imports can name theirs."""

    __tablename__ = "api_token"

    name: Mapped[str] = mapped_column(String(NAME_LIMIT))
    """What it is for, as the administrator calls it."""
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    hint: Mapped[str] = mapped_column(String(20))
    """How it begins, by which people recognise it."""
    created_at: Mapped[dt.datetime]
    created_by: Mapped[str] = mapped_column(String(50))
    """Initials."""
    expires_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]
    revoked_by: Mapped[str | None] = mapped_column(String(50))
    last_used_at: Mapped[dt.datetime | None]
    """Written once a minute at most."""
