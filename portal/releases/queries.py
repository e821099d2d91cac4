"""Lists of participants, counters, and the explanation of one person. Every list is paged by key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from portal.core.database import db
from portal.core.refusal import NotFound
from portal.domain.deliveries import Delivery
from portal.domain.participants import Mediator, Participant
from portal.domain.releases import ProtocolEntry
from portal.domain.rules.preflight import Finding
from portal.domain.rules.status import Reason, Status
from portal.domain.states import ParticipantState
from portal.releases import counts
from portal.releases.conditions import listed, people
from portal.releases.filters import Filters, apply_filters
from portal.releases.rows import PersonRow, decided_row, listed_row, rejection_of
from portal.releases.sorting import find_place, go_on, sorted_stretches
from portal.tenants.context import TenantContext


@dataclass(frozen=True)
class Listing:
    """A page of a list; `previous` and `next` are the participants to go on from, None at either end."""

    rows: list[PersonRow]
    previous: int | None
    next: int | None


@dataclass(frozen=True)
class Explanation(PersonRow):
    """Everything about one person's way to the network."""

    context: TenantContext | None = None
    tenant_findings: tuple[Finding, ...] = ()
    waiting_since: dt.datetime | None = None
    delivery: Delivery | None = None
    """The uncommitted delivery that they are in."""
    mediator_change_pending: bool = False
    """The network still knows another mediator of theirs."""
    rejection: Reason | None = None
    told_mediator: Mediator | None = None
    extra: dict[str, Any] = field(default_factory=dict)


def list_participants(
    context: TenantContext,
    filters: Filters,
    after: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Listing:
    """A page of participants by name, behind `after` or before `before` (participants by row)."""
    backwards = before is not None
    anchor = before if backwards else after
    stretches = sorted_stretches(context, filters.sorting)
    query = apply_filters(people(context), context, filters)
    # an address may name a participant who is erased by now: then the first page is shown
    place = find_place(stretches, anchor) if anchor is not None else None
    found = go_on(query, stretches, place, limit + 1, backwards=backwards)
    more = len(found) > limit
    kept = list(reversed(found[:limit])) if backwards else list(found[:limit])
    rows = [listed_row(context, row) for row in kept]
    first, last = (rows[0].participant.id, rows[-1].participant.id) if rows else (None, None)
    return Listing(
        rows,
        previous=first if (more if backwards else after is not None) else None,
        next=last if (backwards or more) else None,
    )


def find_beside(
    context: TenantContext, filters: Filters, participant_id: int
) -> tuple[int | None, int | None]:
    """Return who comes before and after a participant in a list; None at either end, and where they are not known."""
    stretches = sorted_stretches(context, filters.sorting)
    here = find_place(stretches, participant_id)
    if here is None:
        return None, None
    query = apply_filters(listed(), context, filters).with_only_columns(ParticipantState.participant_id)
    before = go_on(query, stretches, here, 1, backwards=True)
    after = go_on(query, stretches, here, 1, backwards=False)
    return (before[0][0] if before else None), (after[0][0] if after else None)


@dataclass(frozen=True)
class Counters:
    """How many participants there are."""

    statuses: dict[Status, int]
    """By status; every status is there."""
    needing_action: int

    @property
    def all(self) -> int:
        """How many they are together."""
        return sum(self.statuses.values())


def count_all(context: TenantContext) -> Counters:
    """Count everybody a list of the tenant may show."""
    statuses, needing_action = dict.fromkeys(Status, 0), 0
    for row in counts.kept(context.tenant.id):
        statuses[row.status] += row.number
        needing_action += row.number if row.needs_action else 0
    if context.transit is not None:  # who is on the way needs something else, or nothing
        needing_action = count_participants(context, Filters(needs_action=True))
    return Counters(statuses, needing_action)


def count_participants(context: TenantContext, filters: Filters) -> int:
    """Exactly how many people match."""
    return db.session.scalar(apply_filters(listed(), context, filters).with_only_columns(func.count())) or 0


def explain(context: TenantContext, participant_id: int) -> Explanation:
    """Everything that the participant's page says; NotFound where they are not one of the tenant's."""
    query = people(context).where(Participant.id == participant_id)
    row = db.session.execute(query).one_or_none()
    if row is None:
        raise NotFound("participant-unknown")
    plain = decided_row(context, row)
    registration = plain.registration
    told_mediator = (
        db.session.get(Mediator, registration.announced_mediator_id)
        if registration and registration.announced_mediator_id
        else None
    )
    return Explanation(
        **{name: getattr(plain, name) for name in PersonRow.__dataclass_fields__},
        context=context,
        tenant_findings=context.findings,
        waiting_since=registration.waiting_since if registration else None,
        delivery=context.uncommitted if row.in_transit else None,
        told_mediator=told_mediator,
        mediator_change_pending=bool(
            registration
            and registration.announced
            and registration.mediator_id != registration.announced_mediator_id
        ),
        rejection=rejection_of(registration),
    )


def protocol(participant_id: int, before: int | None = None, limit: int = 20) -> list[ProtocolEntry]:
    """A page of a person's protocol, newest first, older than the entry `before`."""
    query = select(ProtocolEntry).where(ProtocolEntry.participant_id == participant_id)
    if before is not None:
        query = query.where(ProtocolEntry.id < before)
    return list(db.session.scalars(query.order_by(ProtocolEntry.id.desc()).limit(limit)))


def delivery_numbers(entries: Sequence[ProtocolEntry]) -> dict[int, int]:
    """The numbers people see of the deliveries that `entries` name, by row."""
    ids = {entry.delivery_id for entry in entries if entry.delivery_id}
    if not ids:
        return {}
    rows = db.session.execute(select(Delivery.id, Delivery.sequence).where(Delivery.id.in_(ids)))
    return {row.id: row.sequence for row in rows}
