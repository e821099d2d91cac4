"""What is stored of each participant for lists."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.columns import Sortable
from portal.core.database import Base, TenantOwned
from portal.domain.rules.phase import Phase
from portal.domain.rules.status import Status


def _listed(name: str, *columns: str, only: str = "") -> Index:
    """An index over the participants whom lists show."""
    flags = ["listed", *filter(None, [only])]
    return Index(
        f"ix_participant_state_{name}",
        "tenant_id",
        *columns,
        # as the databases' planners compare it with the conditions of queries, letter by letter
        sqlite_where=text(" AND ".join(f"{flag} = 1" for flag in flags)),
        postgresql_where=text(" AND ".join(flags)),
    )


class ParticipantState(TenantOwned, Base):
    """What lists show, filter, sort and count of a participant on the tenant's open connection.

    Decided by the pure rules in the transaction of whatever changes it (releases.states), never when a page is shown.
    What concerns the whole tenant is not in it: the uncommitted delivery and the tenant's findings are laid over it.
    """

    __tablename__ = "participant_state"
    __table_args__ = (
        Index("uq_participant_state", "participant_id", unique=True),
        _listed("name", "sort_key"),
        _listed("status", "status", "sort_key"),
        _listed("phase", "phase", "sort_key"),
        _listed("order", "order_id", "sort_key"),
        _listed("mediator", "mediator_id", "sort_key"),
        _listed("caseworker", "caseworker", "sort_key"),
        _listed("since", "since", "sort_key"),
        _listed("action", "sort_key", only="needs_action"),
        Index(
            "ix_participant_state_recheck",
            "recheck_at",
            sqlite_where=text("recheck_at IS NOT NULL"),
            postgresql_where=text("recheck_at IS NOT NULL"),
        ),
    )

    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"))
    listed: Mapped[bool]
    """Whether lists show them: they are in Qualli.life, or were released once."""
    sort_key: Mapped[str] = mapped_column(Sortable)
    """The participant's."""
    order_id: Mapped[int | None] = mapped_column(BigInteger)
    mediator_id: Mapped[int | None] = mapped_column(BigInteger)
    caseworker: Mapped[str | None]
    left_order: Mapped[bool]
    """Whether they left their measure."""
    status: Mapped[Status]
    released: Mapped[bool]
    announced: Mapped[bool]
    consent_given: Mapped[bool]
    """Whether a consent is recorded that holds by now."""
    findings: Mapped[int] = mapped_column(BigInteger)
    """What keeps them offline themselves, as bits (`preflight.from_bits`)."""
    phase: Mapped[Phase]
    """Their own (`phase.own_phase`)."""
    troubled: Mapped[bool]
    """Whether they are released, and something that the tenant can mend keeps them from the network."""
    needs_action: Mapped[bool]
    """Whether a user of the tenant can do something for them (`phase.own_needs_action`)."""
    since: Mapped[dt.datetime | None]
    """Since when they wait for what the phase is about; None where they wait for nothing."""
    recheck_at: Mapped[dt.datetime | None]
    """When time alone changes any of it: a consent ends, a working day passes."""


class StateCount(TenantOwned, Base):
    """How many more participants, or fewer, are listed in a state: its rows together say how many there are."""

    __tablename__ = "state_count"
    __table_args__ = (Index("ix_state_count_tenant", "tenant_id"),)

    status: Mapped[Status]
    phase: Mapped[Phase]
    findings: Mapped[int] = mapped_column(BigInteger)
    troubled: Mapped[bool]
    needs_action: Mapped[bool]
    number: Mapped[int] = mapped_column(BigInteger)
