"""Lists of participants, counters, and the explanation of one person. Every list is paged by key."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, false, func, literal, or_, select, true

from portal.database import UtcDateTime, db
from portal.deliveries.models import Delivery
from portal.people.folding import next_word
from portal.people.models import Mediator, Order, Participant, ParticipantWord
from portal.refusal import NotFound
from portal.releases.conditions import (
    LEFT_BUT_RELEASED,
    RELEASED,
    STATUS,
    consent_of,
    finding_conditions,
    people,
    phase_case,
)
from portal.releases.models import Presence, ProtocolEntry, Release
from portal.releases.phase import NEEDS_ACTION, Phase, Situation, phase
from portal.releases.preflight import Facts, Finding, preflight
from portal.releases.status import Reason, Status
from portal.releases.view import View, load_view

__all__ = ["View", "load_view"]
_NEVER = literal(dt.datetime(9999, 1, 1, tzinfo=dt.UTC), UtcDateTime)


class Sorting(StrEnum):
    """What a list of participants is sorted by; then by name."""

    NAME = "name"
    ACTION = "action"
    """Who needs somebody to do something comes first."""
    WAITING = "waiting"
    """Who has waited longest for an answer comes first."""


@dataclass(frozen=True)
class Filters:
    """What a list of participants is narrowed to; everything given must hold."""

    statuses: frozenset[Status] = frozenset()
    phases: frozenset[Phase] = frozenset()
    findings: frozenset[Finding] = frozenset()
    order_id: int | None = None
    mediator_id: int | None = None
    caseworker: str | None = None
    words: tuple[str, ...] = ()
    """Folded for search (people.folding.search_words); each must begin one of the person's words."""
    joined: tuple[str, ...] = ()
    """The same words where no sign parts them (people.folding.joined_words); they may match in place of `words`."""
    number: str | None = None
    """Also finds whose Bewerber-ID, order's or mediator's number is exactly this, where `words` find nobody."""
    left_but_released: bool = False
    needs_action: bool = False
    sorting: Sorting = Sorting.NAME


@dataclass(frozen=True)
class PersonRow:
    """One person as a list shows her."""

    participant: Participant
    presence: Presence | None
    release: Release | None
    order: Order | None
    mediator: Mediator | None
    status: Status
    phase: Phase
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Listing:
    """A page of a list; `previous` and `next` are the participants to go on from, None at either end."""

    rows: list[PersonRow]
    previous: int | None
    next: int | None


@dataclass(frozen=True)
class Explanation(PersonRow):
    """Everything about one person's way to the network."""

    view: View | None = None
    tenant_findings: tuple[Finding, ...] = ()
    waiting_since: dt.datetime | None = None
    delivery: Delivery | None = None
    """The uncommitted delivery that she is in."""
    mediator_change_pending: bool = False
    """The network still knows another mediator of hers."""
    rejection: Reason | None = None
    told_mediator: Mediator | None = None
    extra: dict[str, Any] = field(default_factory=dict)


def list_participants(
    view: View, filters: Filters, after: int | None = None, before: int | None = None, limit: int = 50
) -> Listing:
    """A page of participants by name, behind `after` or before `before` (participants by row)."""
    query = narrow(people(view), view, filters)
    backwards = before is not None
    anchor = before if backwards else after
    keys = _sort_keys(view, filters.sorting)
    if anchor is not None:
        query = query.where(_beyond(view, keys, anchor, backwards=backwards))
    order = [key.desc() if backwards else key.asc() for key in keys]
    found: Sequence[Row[*tuple[Any, ...]]] = db.session.execute(query.order_by(*order).limit(limit + 1)).all()
    more = len(found) > limit
    kept = list(reversed(found[:limit])) if backwards else list(found[:limit])
    rows = [person_row(view, row) for row in kept]
    first, last = (rows[0].participant.id, rows[-1].participant.id) if rows else (None, None)
    return Listing(
        rows,
        previous=first if (more if backwards else after is not None) else None,
        next=last if (backwards or more) else None,
    )


def _sort_keys(view: View, sorting: Sorting) -> list[ColumnElement[Any]]:
    by_name: ColumnElement[Any] = Participant.sort_key.expression
    if sorting is Sorting.ACTION:
        acting = phase_case(view).in_([item.value for item in NEEDS_ACTION])
        return [case((acting, 0), else_=1), by_name]
    if sorting is Sorting.WAITING:
        return [func.coalesce(Presence.waiting_since, _NEVER), by_name]
    return [by_name]


def _beyond(
    view: View, keys: Sequence[ColumnElement[Any]], anchor: int, *, backwards: bool
) -> ColumnElement[bool]:
    """Whoever comes behind (or before) the participant `anchor`; everybody where there is no such."""
    here = people(view).where(Participant.id == anchor).with_only_columns(*keys)
    values = db.session.execute(here).first()
    if values is None:
        return true()
    beyond: ColumnElement[bool] = false()
    for key, value in reversed(list(zip(keys, values, strict=True))):
        beyond = or_(key < value if backwards else key > value, and_(key == value, beyond))
    return beyond


def narrow(query: Select[*tuple[Any, ...]], view: View, filters: Filters) -> Select[*tuple[Any, ...]]:
    """`query` over `conditions.people`, narrowed to `filters`."""
    conditions: list[ColumnElement[bool]] = []
    if filters.statuses:
        offline = Status.OFFLINE in filters.statuses  # also whoever has no presence; otherwise by its index
        conditions.append((STATUS if offline else Presence.status).in_(list(filters.statuses)))
    wanted = set(filters.phases) or (set(NEEDS_ACTION) if filters.needs_action else set())
    if wanted and not wanted & {Phase.NOT_RELEASED, Phase.TRANSFERRING, Phase.HELD, Phase.OUTCOME_UNKNOWN}:
        conditions.append(Presence.id.is_not(None))
    if wanted:
        conditions.append(phase_case(view).in_([item.value for item in wanted]))
    if filters.findings:
        by_finding = finding_conditions(view)
        person_wide = [by_finding[item] for item in filters.findings if item in by_finding]
        conditions += [RELEASED, or_(*person_wide)] if person_wide else []
    for column, value in (
        (Participant.order_id, filters.order_id),
        (Presence.mediator_id, filters.mediator_id),
        (Participant.caseworker, filters.caseworker),
    ):
        if value is not None:
            conditions.append(column == value)
    if filters.left_but_released:
        conditions.append(LEFT_BUT_RELEASED)
    conditions += _search(filters)
    return query.where(*conditions)


def _search(filters: Filters) -> list[ColumnElement[bool]]:
    readings = dict.fromkeys((filters.words, filters.joined or filters.words))
    found = [_all([_has_word(word) for word in words]) for words in readings if words]
    if filters.number is not None:
        found += [
            Presence.applicant_id == filters.number,
            Participant.order_id.in_(select(Order.id).where(Order.number == filters.number)),
            Presence.mediator_id.in_(select(Mediator.id).where(Mediator.number == filters.number)),
        ]
    return [or_(*found)] if found else []


def _has_word(word: str) -> ColumnElement[bool]:
    """From the word to the people: there are fewer of them than people with words."""
    return Participant.id.in_(
        select(ParticipantWord.participant_id).where(
            ParticipantWord.word >= word, ParticipantWord.word < next_word(word)
        )
    )


def _all(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    first, *rest = conditions
    for condition in rest:
        first = first & condition
    return first


def status_counts(view: View) -> dict[Status, int]:
    """How many people have each status; every status is there.

    Counted by the presences, of which there are fewer than people: whoever has none is Offline.
    """
    connection_id = view.connection.id if view.connection else 0
    gone = (
        select(Presence.status, func.count())
        .join(Participant, Presence.participant_id == Participant.id)
        .where(Presence.connection_id == connection_id, Participant.left_at.is_not(None))
        .group_by(Presence.status)
    )
    by_status = (
        select(Presence.status, func.count())
        .where(Presence.connection_id == connection_id, Presence.status != Status.OFFLINE)
        .group_by(Presence.status)
    )
    counted = _by_status(by_status)
    counted.subtract(_by_status(gone.where(Presence.release_id.is_(None))))
    here = select(func.count()).select_from(Participant).where(Participant.left_at.is_(None))
    shown = (db.session.scalar(here) or 0) + _by_status(gone.where(Presence.release_id.is_not(None))).total()
    counted[Status.OFFLINE] = 0
    counted[Status.OFFLINE] = shown - counted.total()
    return {status: counted[status] for status in Status}


def _by_status(query: Select[str, int]) -> Counter[Status]:
    return Counter({Status(status): number for status, number in db.session.execute(query)})


def phase_counts(view: View) -> dict[Phase, int]:
    """How many people are in each phase; every phase is there."""
    named = people(view).with_only_columns(phase_case(view).label("phase")).subquery()
    query = select(named.c.phase, func.count()).group_by(named.c.phase)
    counted = {Phase(name): number for name, number in db.session.execute(query)}
    return {item: counted.get(item, 0) for item in Phase}


def needs_action_count(view: View) -> int:
    """How many people need somebody to do something."""
    query = narrow(people(view), view, Filters(needs_action=True)).with_only_columns(func.count())
    return db.session.scalar(query) or 0


def count_participants(view: View, filters: Filters) -> int:
    """Exactly how many people match."""
    return db.session.scalar(narrow(people(view), view, filters).with_only_columns(func.count())) or 0


def explain(view: View, participant_id: int) -> Explanation:
    """Everything that the participant's page says; NotFound where she is not one of the tenant's."""
    query = people(view).where(Participant.id == participant_id)
    row = db.session.execute(query).one_or_none()
    if row is None:
        raise NotFound("participant-unknown")
    plain = person_row(view, row)
    presence = plain.presence
    told_mediator = (
        db.session.get(Mediator, presence.told_mediator_id)
        if presence and presence.told_mediator_id
        else None
    )
    return Explanation(
        **{name: getattr(plain, name) for name in PersonRow.__dataclass_fields__},
        view=view,
        tenant_findings=view.findings,
        waiting_since=presence.waiting_since if presence else None,
        delivery=view.uncommitted if row.in_transit else None,
        told_mediator=told_mediator,
        mediator_change_pending=bool(
            presence and presence.told and presence.mediator_id != presence.told_mediator_id
        ),
        rejection=_rejection(presence),
    )


def person_row(view: View, row: Row[*tuple[Any, ...]]) -> PersonRow:
    """A row of `conditions.people` with what the rules say of it."""
    person, presence, release, order, mediator, in_transit = row
    findings = tuple(preflight(facts_of(person, presence, order, mediator), _network(view), view.today))
    situation = situation_of(person, presence, len(findings) + len(view.findings), view, bool(in_transit))
    return PersonRow(
        participant=person,
        presence=presence,
        release=release,
        order=order,
        mediator=mediator,
        status=Status(presence.status) if presence else Status.OFFLINE,
        phase=phase(situation, view.deadlines),
        findings=findings,
    )


def facts_of(
    person: Participant, presence: Presence | None, order: Order | None, mediator: Mediator | None
) -> Facts:
    """What preflight needs to know, from rows."""
    return Facts(
        first_name=person.first_name,
        last_name=person.last_name,
        email=person.email,
        email_readable=person.email_readable,
        caseworker=person.caseworker,
        consent=consent_of(person),
        has_order=order is not None,
        order_has_responsible=bool(order and order.has_responsible),
        mediator_active=mediator.active if mediator else None,
        left_qualli=person.left_at is not None,
        record_refused=bool(
            presence
            and presence.refused_revision is not None
            and presence.refused_revision == presence.revision
        ),
    )


def situation_of(
    person: Participant, presence: Presence | None, findings: int, view: View, in_transit: bool
) -> Situation:
    """What decides the phase, from rows."""
    transit = view.transit if in_transit else None
    if presence is None:
        return Situation(findings=findings, transit=transit)
    expected = (Reason.WITHDRAWN.value, Reason.MEDIATOR_UNKNOWN.value)
    return Situation(
        released=presence.released,
        told=presence.told,
        pending=not presence.told or presence.revision != presence.told_revision,
        findings=findings,
        clarification=presence.clarification is not None or person.doubted_identity is not None,
        rejected=presence.rejected_sequence > presence.applied_sequence,
        unexpectedly_archived=presence.archived and presence.archive_reason not in expected,
        waiting_since=presence.waiting_since,
        transit=transit,
        status=Status(presence.status),
    )


def protocol(participant_id: int, before: int | None = None, limit: int = 20) -> list[ProtocolEntry]:
    """A page of a person's protocol, newest first, older than the entry `before`."""
    query = select(ProtocolEntry).where(ProtocolEntry.participant_id == participant_id)
    if before is not None:
        query = query.where(ProtocolEntry.id < before)
    return list(db.session.scalars(query.order_by(ProtocolEntry.id.desc()).limit(limit)))


def protocol_tag(participant_id: int) -> int:
    """The newest entry of a person's protocol; 0 where there is none."""
    return (
        db.session.scalar(
            select(func.max(ProtocolEntry.id)).where(ProtocolEntry.participant_id == participant_id)
        )
        or 0
    )


def delivery_numbers(entries: Sequence[ProtocolEntry]) -> dict[int, int]:
    """The numbers people see of the deliveries that `entries` name, by row."""
    ids = {entry.delivery_id for entry in entries if entry.delivery_id}
    rows = db.session.execute(select(Delivery.id, Delivery.sequence).where(Delivery.id.in_(ids)))
    return {row.id: row.sequence for row in rows}


def _network(view: View) -> Any:
    return view.connection.network if view.connection else None


def _rejection(presence: Presence | None) -> Reason | None:
    if presence is None or presence.rejected_sequence <= presence.applied_sequence:
        return None
    try:
        return Reason(presence.rejection_reason or "")
    except ValueError:
        return Reason.INVALID_DATA
