"""Releases, the registration of each person on each connection, and the protocol."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, event, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.append_only import guard
from portal.core.database import Base, TenantOwned
from portal.domain.audit import Sealed
from portal.domain.participants import Mediator, Participant
from portal.domain.rules.status import Status


class EndCause(StrEnum):
    """Why a release ended."""

    PERSON = "person"
    CONSENT = "consent"
    LEFT = "left"
    """The person is no longer in Qualli.life: the unexplained kind of leaving."""
    OTHER_PERSON = "other-person"
    """Qualli.life gave the identifier to another person; unexplained as well, since files can slip."""
    NETWORK_CHANGED = "network-changed"
    RECONCILED = "reconciled"
    """After a loss on our side the network said that they had been withdrawn; counts until a user confirms."""


class Release(TenantOwned, Base):
    """The decision that a participant may be delivered to the network of one connection, and its end."""

    __tablename__ = "release"
    __table_args__ = (
        Index(
            "uq_release_open",
            "connection_id",
            "participant_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_release_participant", "participant_id", "id"),
        Index(
            "ix_release_consent_lost",
            "tenant_id",
            "consent_lost_at",
            sqlite_where=text("consent_lost_at IS NOT NULL"),
            postgresql_where=text("consent_lost_at IS NOT NULL"),
        ),
    )

    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"))
    released_at: Mapped[dt.datetime]
    released_by: Mapped[str] = mapped_column(String(50))
    """Initials."""
    consent_confirmed: Mapped[bool] = mapped_column(default=False)
    """The releasing person confirmed that consent is at hand, none being recorded (Jobnetzwerk)."""
    ended_at: Mapped[dt.datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(50))
    """Initials, or "Qualli.life"."""
    end_cause: Mapped[EndCause | None]
    consent_lost_at: Mapped[dt.datetime | None]
    """When we learned that consent had ended while the network held them: the withdrawal went out from then on."""


class Registration(TenantOwned, Base):
    """One participant on one connection: status, applicant ID, what the network was told, what it answered.

    The row appears with the first release or choice of a mediator; without one everything is as the defaults say.
    """

    __tablename__ = "registration"
    __table_args__ = (
        Index("uq_registration", "connection_id", "participant_id", unique=True),
        Index("uq_registration_applicant", "connection_id", "applicant_id", unique=True),
        Index("ix_registration_status", "connection_id", "status"),
        Index("ix_registration_participant", "participant_id"),
        Index("ix_registration_mediator", "mediator_id"),
        Index("ix_registration_waiting", "connection_id", "waiting_since"),
        Index(
            "ix_registration_clarification",
            "connection_id",
            sqlite_where=text("clarification IS NOT NULL"),
            postgresql_where=text("clarification IS NOT NULL"),
        ),
        Index(
            "ix_registration_released",
            "connection_id",
            "participant_id",
            sqlite_where=text("released"),
            postgresql_where=text("released"),
        ),
        Index(
            "ix_registration_told",
            "connection_id",
            "participant_id",
            sqlite_where=text("announced"),
            postgresql_where=text("announced"),
        ),
        Index(
            "ix_registration_urgent",
            "connection_id",
            sqlite_where=text("urgent"),
            postgresql_where=text("urgent"),
        ),
    )

    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"))
    mediator_id: Mapped[int | None] = mapped_column(ForeignKey("mediator.id"))
    release_id: Mapped[int | None] = mapped_column(ForeignKey("release.id"))
    """The newest release, open or ended."""
    released: Mapped[bool] = mapped_column(default=False)
    """Whether that release is open."""

    status: Mapped[Status] = mapped_column(default=Status.OFFLINE)
    applicant_id: Mapped[str | None] = mapped_column(String(200))
    applied_sequence: Mapped[int] = mapped_column(BigInteger, default=0)
    archived: Mapped[bool] = mapped_column(default=False)
    """The newest answer that was applied said `archived`."""
    archive_reason: Mapped[str | None] = mapped_column(String(50))
    """The reason word of that answer, as the network gave it."""
    archive_detail: Mapped[str | None]
    rejected_sequence: Mapped[int] = mapped_column(BigInteger, default=0)
    rejection_reason: Mapped[str | None] = mapped_column(String(50))
    rejection_detail: Mapped[str | None]
    clarification: Mapped[str | None] = mapped_column(String(40))
    """Code of why a person has to look into it; None otherwise."""

    revision: Mapped[int] = mapped_column(default=0)
    """Goes up with every change that the network may have to be told of."""
    announced: Mapped[bool] = mapped_column(default=False)
    """The newest committed delivery about them names them."""
    announced_sequence: Mapped[int] = mapped_column(BigInteger, default=0)
    """That delivery, whether it named or archived them."""
    announced_revision: Mapped[int] = mapped_column(default=0)
    """Their revision when it was built."""
    announced_at: Mapped[dt.datetime | None]
    """When its receipt was stored."""
    announced_digest: Mapped[str | None] = mapped_column(String(64))
    """Digest of the record that it carried; see deliveries.records."""
    announced_mediator_id: Mapped[int | None] = mapped_column(ForeignKey("mediator.id"))
    announced_order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    waiting_since: Mapped[dt.datetime | None]
    """Commit of the oldest delivery since their last answer; None where none is awaited."""
    stuck_since: Mapped[dt.datetime | None]
    """First answer in a row by which the network did not confirm them, or that does not fit; None once it does."""
    urgent: Mapped[bool] = mapped_column(default=False)
    """Consent ended while the network holds them: they are withdrawn without waiting for the night."""
    refused_revision: Mapped[int | None]
    """The revision whose record the network refused; blocks until the revision goes up."""
    refused_detail: Mapped[str | None]

    participant: Mapped[Participant] = relationship()
    mediator: Mapped[Mediator | None] = relationship(foreign_keys=[mediator_id])
    release: Mapped[Release | None] = relationship(foreign_keys=[release_id])


class MediatorRegistration(TenantOwned, Base):
    """Whether the network of a connection knows a mediator, as it last answered."""

    __tablename__ = "mediator_registration"
    __table_args__ = (Index("uq_mediator_registration", "connection_id", "mediator_id", unique=True),)

    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    mediator_id: Mapped[int] = mapped_column(ForeignKey("mediator.id"))
    known: Mapped[bool]
    answered_sequence: Mapped[int] = mapped_column(BigInteger)
    answered_at: Mapped[dt.datetime]


class Event(StrEnum):
    """What the protocol tells of a person."""

    RELEASED = "released"
    REVOKED = "revoked"
    MEDIATOR_CHOSEN = "mediator-chosen"
    TRANSFER_REQUESTED = "transfer-requested"
    SENT = "sent"
    """A committed delivery named them with something new."""
    SENT_WITHDRAWAL = "sent-withdrawal"
    """A committed delivery archives them."""
    ANSWERED_ACTIVE = "answered-active"
    ANSWERED_ARCHIVED = "answered-archived"
    ANSWERED_REJECTED = "answered-rejected"
    ANSWER_OVERTAKEN = "answer-overtaken"
    ANSWER_CONTRADICTORY = "answer-contradictory"
    APPLICANT_ID_CHANGED = "applicant-id-changed"
    APPLICANT_ID_TAKEN = "applicant-id-taken"
    ANSWER_MISSING = "answer-missing"
    CLARIFIED = "clarified"
    """A person looked into it, and ended the clarification with a sentence."""
    RECORD_REFUSED = "record-refused"
    NETWORK_CHANGED = "network-changed"
    RETURNED = "returned"
    """Back in Qualli.life."""
    WITHDRAWAL_KEPT = "withdrawal-kept"
    """An import no longer named the withdrawal of consent, and no later consent: it holds on."""
    PERSON_CHANGED = "person-changed"
    """An import changed name or date of birth."""
    IDENTITY_DOUBTED = "identity-doubted"
    """An import gave the identifier to another person, by name and date of birth."""
    IDENTITY_SETTLED = "identity-settled"
    """A person decided whether it is the same one."""
    CONSENT_RENEWED = "consent-renewed"
    """An import brought a consent that is dated after the withdrawal."""


class ProtocolEntry(Sealed, TenantOwned, Base):
    """One line of a person's protocol; append-only, newest first by number."""

    __tablename__ = "protocol_entry"
    __table_args__ = (Index("ix_protocol_entry", "participant_id", "id"),)

    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"))
    connection_id: Mapped[int | None] = mapped_column(ForeignKey("connection.id"))
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("delivery.id"))
    at: Mapped[dt.datetime]
    event: Mapped[Event]
    by: Mapped[str] = mapped_column(String(50))
    """Initials, "Qualli.life", "system", or the network's value."""
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What the sentence needs: from, to (statuses), reason, detail, numbers (`import`: of the import). No names."""


event.listen(ProtocolEntry.__table__, "after_create", guard("protocol_entry", erasable=True))
