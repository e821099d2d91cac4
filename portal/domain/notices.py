"""Notices, who has seen them, and the outbox of mails."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.database import Base, TenantOwned
from portal.core.leases import Leased
from portal.domain.notice_kinds import Channel, MailKind, MailState, NoticeKind

_OPEN = "closed_at IS NULL"
_WAITING = "state = 'waiting'"


class Notice(TenantOwned, Base):
    """Something that people are told of: opened and closed by rules, never by hand."""

    __tablename__ = "notice"
    __table_args__ = (
        Index(
            "uq_notice_open",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
        Index("ix_notice_tenant", "tenant_id", "closed_at"),
    )

    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))  # type: ignore[assignment]
    """None for what concerns the operator alone."""
    kind: Mapped[NoticeKind]
    subject: Mapped[str] = mapped_column(String(60))
    """What it is about, by kind and number of a row: `connection:5`."""
    level: Mapped[int]
    """How bad it is, 1 being the mildest; may go up and down while it is open."""
    notified_level: Mapped[int] = mapped_column(default=0)
    """The worst level that was mailed; 0 before the first mail."""
    notified_at: Mapped[dt.datetime | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Counts, numbers of rows, dates and codes; never a name of a person."""
    opened_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None] = mapped_column(index=True)


class NoticeSeen(TenantOwned, Base):
    """An account has seen a notice at the level that it had then."""

    __tablename__ = "notice_seen"
    __table_args__ = (Index("uq_notice_seen", "notice_id", "account_id", unique=True),)

    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))  # type: ignore[assignment]
    """The notice's."""
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    level: Mapped[int]
    seen_at: Mapped[dt.datetime]


class Mail(Leased, Base):
    """A message to one account, in a channel's outbox; its text is put together when it is sent, and kept nowhere."""

    __tablename__ = "mail"
    __table_args__ = (
        Index("ix_mail_due", "due_at", sqlite_where=text(_WAITING), postgresql_where=text(_WAITING)),
        Index("ix_mail_state", "state", "created_at"),
        Index("uq_mail_key", "channel", "key", unique=True),
    )

    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))  # type: ignore[assignment]
    """None for mails to the operator's accounts."""
    channel: Mapped[Channel] = mapped_column(default=Channel.EMAIL)
    key: Mapped[str] = mapped_column(String(100))
    """What it is about and for whom, so that no mail is sent twice to the same account."""
    kind: Mapped[MailKind]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"))
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What the text needs besides the notice: counts, numbers, codes."""
    secret_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The token of a one-time link, encrypted for `secret_place`; gone once the mail is sent or given up."""
    state: Mapped[MailState] = mapped_column(default=MailState.WAITING)
    created_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime]
    sent_at: Mapped[dt.datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(String(30))
    """Code of why the newest attempt failed, or why it was given up (portal.mail.outbox)."""


class DigestDay(TenantOwned, Base):
    """That the morning's mails of a tenant, or of the operator, are in the outbox for a local date."""

    __tablename__ = "digest_day"
    __table_args__ = (Index("uq_digest_day", "scope", "local_date", unique=True),)

    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))  # type: ignore[assignment]
    scope: Mapped[str] = mapped_column(String(30))
    """`operator`, or `tenant:<id>`: a number alone would not be unique where it is missing."""
    local_date: Mapped[dt.date]
    made_at: Mapped[dt.datetime]


def secret_place(mail_id: int) -> str:
    """Return the place of a mail's encrypted secret (see portal.core.crypto)."""
    return f"mail.secret_encrypted:{mail_id}"
