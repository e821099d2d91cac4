"""Who may sign in, with what role, and the sessions kept on the server."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.database import Base, TenantOwned
from portal.domain.participants import Mediator
from portal.domain.tenants import Tenant


class Role(StrEnum):
    CASEWORKER = "caseworker"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    SUPPORT = "support"
    """Of the operator, for all tenants."""
    SUPPORT_READER = "support-reader"
    """Of the operator, for all tenants, and only to look."""

    @property
    def for_all_tenants(self) -> bool:
        """Whether the role is the operator's, and belongs to no tenant."""
        return self in (Role.SUPPORT, Role.SUPPORT_READER)


class Account(TenantOwned, Base):
    """A user who may sign in. Support belongs to no tenant, every other account to exactly one."""

    __tablename__ = "account"
    __table_args__ = (Index("uq_account_tenant_initials", "tenant_id", "initials", unique=True),)

    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))  # type: ignore[assignment]
    email: Mapped[str] = mapped_column(String(254), unique=True)
    """Folded to lower case."""
    name: Mapped[str]
    initials: Mapped[str] = mapped_column(String(20))
    """Kürzel."""
    role: Mapped[Role]
    password_hash: Mapped[str]
    mediator_id: Mapped[int | None] = mapped_column(ForeignKey("mediator.id"))
    disabled_at: Mapped[dt.datetime | None]
    signed_in_at: Mapped[dt.datetime | None]
    """The last time."""
    created_at: Mapped[dt.datetime]
    gets_mails: Mapped[bool] = mapped_column(default=True)
    """Whether notices and the morning's mail are wanted; one-time links come in any case."""
    language: Mapped[str | None] = mapped_column(String(2))
    """Of mails, de or en; None: as the operator set it."""
    link_seen_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    """Whose page showed the link by which the password was set; None where it was mailed (see `second_person`)."""

    tenant: Mapped[Tenant | None] = relationship()
    mediator: Mapped[Mediator | None] = relationship()


class LoginSession(Base):
    """A session, kept on the server; the browser holds only a random number, of which we keep the hash."""

    __tablename__ = "login_session"
    __table_args__ = (
        Index(
            "ix_login_session_open",
            "account_id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    """None before sign-in."""
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    browser: Mapped[str | None] = mapped_column(String(80))
    """Browser and system as the person would call them, to tell one's sessions apart."""
    created_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime] = mapped_column(index=True)
    ended_at: Mapped[dt.datetime | None]


class OneTimeLink(Base):
    """A link by which a user sets a password, once; only its hash is kept."""

    __tablename__ = "one_time_link"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    """When it was used, or made void by a newer one."""
    seen_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    """Whose page showed it; None where it was mailed, or printed at the server."""


class SecondFactor(Base):
    """What an account proves beside its password: codes by time (RFC 6238), asked for once confirmed."""

    __tablename__ = "second_factor"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), unique=True)
    secret_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    """Encrypted for `secret_place`."""
    created_at: Mapped[dt.datetime]
    confirmed_at: Mapped[dt.datetime | None]
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    """The step of time whose code was used last: it and older ones count no more."""
    recovery_salt: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    """Of the hashes of its recovery codes."""


def secret_place(account_id: int) -> str:
    """Return the place of an account's encrypted secret (see portal.core.crypto)."""
    return f"second_factor.secret_encrypted:{account_id}"


class RecoveryCode(Base):
    """A code for users who have lost their device, valid once; only its hash is kept."""

    __tablename__ = "recovery_code"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    used_at: Mapped[dt.datetime | None]


class LinkedIdentity(Base):
    """Whom an identity provider knows as the owner of an account, kept at the first time."""

    __tablename__ = "linked_identity"
    __table_args__ = (Index("uq_linked_identity_subject", "issuer", "subject", unique=True),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), unique=True)
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    linked_at: Mapped[dt.datetime]


class SearchTerm(TenantOwned, Base):
    """A text that a user searched for, under an opaque key, since names do not belong in URLs."""

    __tablename__ = "search_term"

    key: Mapped[str] = mapped_column(String(32), unique=True)
    text: Mapped[str] = mapped_column(String(200))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[dt.datetime] = mapped_column(index=True)


class SavedView(TenantOwned, Base):
    """A user's saved filters and sorting for the list of participants."""

    __tablename__ = "saved_view"
    __table_args__ = (Index("uq_saved_view_name", "account_id", "name", unique=True),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(String(2000))
    """The filters as they stand in the address, without a searched text."""
    shared: Mapped[bool] = mapped_column(default=False)
    """Whether everybody of the tenant sees it."""
    created_at: Mapped[dt.datetime]
