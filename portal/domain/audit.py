"""The audit, and the seals that chain it and the protocol; the database itself refuses to change either."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, Table, event
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.append_only import guard
from portal.core.database import Base, TenantOwned, transaction_key


class AuditEvent(StrEnum):
    """What a user or a process did. Sentences are in portal.audit.labels."""

    SIGNED_IN = "signed-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGNED_OUT = "signed-out"
    SESSIONS_ENDED = "sessions-ended"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - the name of an event
    LINK_MADE = "link-made"
    SECOND_FACTOR_SET = "second-factor-set"
    SECOND_FACTOR_REMOVED = "second-factor-removed"
    SECOND_FACTOR_RESET = "second-factor-reset"
    """Reset by another user, since the device was lost."""
    RECOVERY_CODES_MADE = "recovery-codes-made"
    RECOVERY_CODE_USED = "recovery-code-used"
    IDENTITY_LINKED = "identity-linked"
    ACCOUNT_CREATED = "account-created"
    ACCOUNT_CHANGED = "account-changed"
    ACCOUNT_DISABLED = "account-disabled"
    ACCOUNT_ENABLED = "account-enabled"
    TENANT_OPENED = "tenant-opened"
    LOOKED = "looked"
    """Support saw a page of the tenant."""
    NUMBER_SHOWN = "number-shown"
    """A social insurance number in full; `reason` says why."""
    EXPORTED = "exported"
    RELEASED = "released"
    REVOKED = "revoked"
    MEDIATOR_CHOSEN = "mediator-chosen"
    CLARIFIED = "clarified"
    IDENTITY_SETTLED = "identity-settled"
    """Whose an identifier is that an import gave to another person."""
    TRANSFER_ASKED = "transfer-asked"
    BULK_CHOSEN = "bulk-chosen"
    BULK_STARTED = "bulk-started"
    DELIVERY_APPROVED = "delivery-approved"
    DELIVERY_DISCARDED = "delivery-discarded"
    WAITING_ENDED = "waiting-ended"
    """Of answers to a delivery, by a person."""
    IMPORT_UPLOADED = "import-uploaded"
    IMPORT_SENT = "import-sent"
    """Through the HTTP door, by a token."""
    API_TOKEN_MADE = "api-token-made"  # noqa: S105 - the name of an event
    API_TOKEN_REVOKED = "api-token-revoked"  # noqa: S105 - the name of an event
    IMPORT_APPROVED = "import-approved"
    IMPORT_DISCARDED = "import-discarded"
    SETTINGS_CHANGED = "settings-changed"
    TOKEN_SET = "token-set"  # noqa: S105 - the name of an event
    CONNECTION_TESTED = "connection-tested"
    NETWORK_CHOSEN = "network-chosen"
    DISCLOSED = "disclosed"
    """Everything about one person was handed out."""
    ERASED = "erased"
    RETRIED = "retried"
    RECONCILED = "reconciled"
    ACCOUNT_ACCEPTED = "account-accepted"
    """Another account at the network than before, or one that another tenant has."""
    COMMANDED = "commanded"
    """On the server's command line."""


class Sealed:
    """A row that is never changed, and that a seal speaks for."""

    seal_key: Mapped[int] = mapped_column(BigInteger, default=transaction_key, index=True)
    """What the rows of one transaction have in common: `seal.key`."""


class AuditEntry(Sealed, TenantOwned, Base):
    """One act of one person. No names, no texts: numbers of rows, and codes."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_tenant", "tenant_id", "id"),
        Index("ix_audit_entry_account", "account_id", "id"),
        Index("ix_audit_entry_subject", "subject", "subject_id", "id"),
    )

    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))  # type: ignore[assignment]
    """None for what concerns no tenant."""
    at: Mapped[dt.datetime]
    event: Mapped[AuditEvent]
    account_id: Mapped[int | None] = mapped_column(BigInteger)
    """Of the user; None on the command line and without a sign-in."""
    by: Mapped[str] = mapped_column(String(50))
    """Initials."""
    role: Mapped[str | None] = mapped_column(String(30))
    address: Mapped[str | None] = mapped_column(String(45))
    """The network address from which it was done."""
    subject: Mapped[str | None] = mapped_column(String(30))
    """What kind of row it was done to: account, participant, delivery, import, bulk, connection."""
    subject_id: Mapped[int | None] = mapped_column(BigInteger)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class ErasedEntry(Sealed, TenantOwned, Base):
    """Says that a sealed row was erased by retention, so that its absence fits."""

    __tablename__ = "erased_entry"
    __table_args__ = (Index("uq_erased_entry", "kind", "entry_id", unique=True),)

    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))  # type: ignore[assignment]
    kind: Mapped[str] = mapped_column(String(30))
    """Name of the table."""
    entry_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[dt.datetime]


class Seal(Base):
    """What one transaction wrote of a tenant, in digests, chained to the transaction before it.

    Chain 0 is the operator's own, of what concerns no tenant.
    """

    __tablename__ = "seal"
    __table_args__ = (
        Index("uq_seal_number", "chain", "number", unique=True),
        Index("uq_seal_key", "key", "chain", unique=True),
    )

    chain: Mapped[int] = mapped_column(BigInteger)
    """Number of the tenant, or 0."""
    number: Mapped[int] = mapped_column(BigInteger)
    """1, 2, 3 … without a gap."""
    key: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[dt.datetime]
    contents: Mapped[bytes] = mapped_column(LargeBinary)
    """Which rows, and the digest of each (see portal.audit.sealing)."""
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    """SHA-256 of the seal before, and of all of this one."""


for _table in (AuditEntry.__table__, ErasedEntry.__table__, Seal.__table__):
    assert isinstance(_table, Table)
    event.listen(_table, "after_create", guard(_table.name, erasable=_table.name == "audit_entry"))


class Second(StrEnum):
    """Who decided about a held delivery or import, as the audit keeps it."""

    OTHER = "other-account"
    SUPPORT = "support"
    OPERATOR = "operator"
    """A user of the command line who named no account."""


class ShowReason(StrEnum):
    """Why a user needs to see the number: a list, since free text could bring personal data into the audit."""

    COMPARE = "compare"
    """With what stands in Qualli.life."""
    NETWORK = "network"
    """The network asks about it."""
    PERSON = "person"
    """The person asked what is kept."""
    AUTHORITY = "authority"
