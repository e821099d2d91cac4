"""What Qualli.life owns: mediators, orders, participants and their profiles. Written by imports alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.columns import Sortable
from portal.core.database import Base, TenantOwned, utcnow
from portal.domain.rules.identifiers import KEY_LENGTH, lookup_key

NUMBER = 100
"""Longest number of a record, in characters."""


def _key_of(context: Any) -> str:
    return lookup_key(context.get_current_parameters()["number"])


def _lookup_key() -> Mapped[str]:
    """Return the column by which an identifier is found however it is spelled (identifiers.lookup_key)."""
    return mapped_column(String(KEY_LENGTH), default=_key_of)


class Mediator(TenantOwned, Base):
    """Vermittler/in: a Qualli.life user who is named to the network as a participant's mediator."""

    __tablename__ = "mediator"
    __table_args__ = (
        Index("uq_mediator_number", "tenant_id", "number", unique=True),
        Index("ix_mediator_lookup_key", "tenant_id", "lookup_key"),
    )

    number: Mapped[str] = mapped_column(String(NUMBER))
    """Vermittler-ID."""
    lookup_key: Mapped[str] = _lookup_key()
    initials: Mapped[str] = mapped_column(String(50))
    """Kürzel."""
    last_name: Mapped[str]
    first_name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    sort_key: Mapped[str] = mapped_column(Sortable, index=True)


class Order(TenantOwned, Base):
    """Auftrag/Maßnahme: what a participant attends."""

    __tablename__ = "orders"
    __table_args__ = (
        Index("uq_orders_number", "tenant_id", "number", unique=True),
        Index("ix_orders_lookup_key", "tenant_id", "lookup_key"),
    )

    number: Mapped[str] = mapped_column(String(NUMBER))
    lookup_key: Mapped[str] = _lookup_key()
    title: Mapped[str]
    measure_number: Mapped[str | None]
    carrier: Mapped[str | None]
    starts_on: Mapped[dt.date | None]
    ends_on: Mapped[dt.date | None]
    responsible: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Initials or names, as Qualli.life gives them."""
    has_responsible: Mapped[bool] = mapped_column(default=False)
    """Whether `responsible` is not empty."""


class Participant(TenantOwned, Base):
    """Teilnehmer/in: a person in a training measure."""

    __tablename__ = "participant"
    __table_args__ = (
        Index("uq_participant_number", "tenant_id", "number", unique=True),
        Index("ix_participant_lookup_key", "tenant_id", "lookup_key"),
        Index(
            "ix_participant_doubted",
            "tenant_id",
            sqlite_where=text("doubted_identity IS NOT NULL"),
            postgresql_where=text("doubted_identity IS NOT NULL"),
        ),
        Index("ix_participant_sort", "tenant_id", "sort_key", "id"),
        Index("ix_participant_left", "tenant_id", "left_at"),
        Index("ix_participant_order", "tenant_id", "order_id"),
        Index("ix_participant_caseworker", "tenant_id", "caseworker"),
        Index("ix_participant_changed", "tenant_id", "changed_at"),
    )

    number: Mapped[str] = mapped_column(String(NUMBER))
    """tn_id."""
    lookup_key: Mapped[str] = _lookup_key()
    salutation: Mapped[str | None]
    last_name: Mapped[str] = mapped_column(default="")
    first_name: Mapped[str] = mapped_column(default="")
    birth_date: Mapped[dt.date | None]
    social_insurance_number_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """Encrypted for `social_insurance_place(tenant_id, number)`."""
    social_insurance_number_since: Mapped[dt.datetime | None]
    """When an import first brought it; None where none is kept, or it came before this was noted."""
    street: Mapped[str | None]
    postal_code: Mapped[str | None]
    city: Mapped[str | None]
    email: Mapped[str | None]
    """As Qualli.life gives it, which may be any text."""
    email_readable: Mapped[bool] = mapped_column(default=True)
    """Whether `email` is an address, or empty."""
    phone: Mapped[str | None]
    caseworker: Mapped[str | None]
    """Initials of the primary caseworker, or any text, as Qualli.life gives it."""
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    left_order_on: Mapped[dt.date | None]
    consent_on: Mapped[dt.date | None]
    consent_until: Mapped[dt.date | None]
    """Last day of the consent."""
    consent_withdrawn_on: Mapped[dt.date | None]
    former_number: Mapped[str | None] = mapped_column(String(NUMBER))
    """The tn_id that the networks know, once Qualli.life gave it to another person; `number` then says so."""
    doubted_identity: Mapped[str | None] = mapped_column(String(64))
    """Digest of name and date of birth of another person to whom an import gave the identifier; until it is settled."""
    doubted_since: Mapped[dt.datetime | None]
    """First import in a row that did."""
    confirmed_identity: Mapped[str | None] = mapped_column(String(64))
    """The same, once a person said that it is this one; until an import brings it."""
    left_at: Mapped[dt.datetime | None]
    """When an import found that the person is no longer in Qualli.life."""
    changed_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    """When an import last brought something new about the person."""
    sort_key: Mapped[str] = mapped_column(Sortable)
    """`folding.sort_key` of the name, then the number."""

    order: Mapped[Order | None] = relationship()

    @property
    def sent_number(self) -> str:
        """The identifier under which networks were told of the participant."""
        return self.former_number or self.number

    @property
    def name(self) -> str:
        """Last and first name as lists show them; the number where both are missing."""
        return ", ".join(filter(None, (self.last_name, self.first_name))) or self.number


class Profile(TenantOwned, Base):
    """A participant's profile, for Job4You: the export's lines, as they came."""

    __tablename__ = "profile"

    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), unique=True)
    entries: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """Objects with kind, title, level, starts_on, ends_on (dates in ISO form)."""


class ParticipantWord(TenantOwned, Base):
    """A word by which a participant is found: folded words of the name, and the number."""

    __tablename__ = "participant_word"
    __table_args__ = (Index("ix_participant_word", "tenant_id", "word", "participant_id"),)

    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), index=True)
    word: Mapped[str] = mapped_column(Sortable)


def social_insurance_place(tenant_id: int, number: str) -> str:
    """Return the place of a participant's encrypted social insurance number (see portal.core.crypto)."""
    return f"participant.social_insurance_number_encrypted:{tenant_id}:{number}"
