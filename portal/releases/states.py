"""What lists show of a participant: decided once, in the transaction of whatever changes it (docs/domain.md#phase).

Whatever is written through the session marks whom it concerns; `refresh_changed` decides them anew right before the
commit, and `refresh_due` does so for whom time alone has changed. `releases.drift` compares it with the rules.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import BindParameter, Row, Select, bindparam, insert, select, update
from sqlalchemy import Table as SqlTable
from sqlalchemy.orm import Bundle

from portal.core.database import db, reading_columns_of, utcnow
from portal.domain.participants import Mediator, Order, Participant
from portal.domain.releases import MediatorRegistration, Registration, Release
from portal.domain.rules.phase import (
    CLARIFICATION_WORKING_DAYS,
    OVERDUE_WORKING_DAYS,
    Deadlines,
    is_troubled,
    own_needs_action,
    own_phase,
    waits_since,
)
from portal.domain.rules.preflight import to_bits
from portal.domain.rules.workdays import local_date, midnight, working_days_after
from portal.domain.states import ParticipantState
from portal.domain.tenants import Connection, ConnectionState, Tenant
from portal.networks.registry import Network
from portal.releases import counts
from portal.releases.conditions import join_parts
from portal.releases.rows import consent_of, judge, moments_of
from portal.releases.tracking import take_changed
from portal.tenants.context import deadlines_in

BATCH = 1000
_TABLE: SqlTable = ParticipantState.__table__  # type: ignore[assignment]
_DECIDED = tuple(
    column.name for column in _TABLE.columns if column.name not in ("id", "tenant_id", "participant_id")
)
_MOMENT = dt.timedelta(microseconds=1)
State = dict[str, Any]
"""The columns of ParticipantState that are decided here."""


def refresh_changed(now: dt.datetime | None = None) -> None:
    """Decide anew the states of those whom this transaction has changed; also called right before each commit."""
    for tenant_id, ids in take_changed().items():
        refresh(tenant_id, ids, now or utcnow())


def refresh(tenant_id: int, participant_ids: Collection[int], now: dt.datetime) -> int:
    """Decide the states of these participants at `now`, and store those that are others; how many. Never commits."""
    with reading_columns_of(tenant_id):
        clock = read_clock(tenant_id, now)
        return sum(_refresh_batch(clock, ids) for ids in _batches(participant_ids))


def refresh_tenant(tenant_id: int, now: dt.datetime) -> int:
    """Decide the states of all participants of a tenant at `now`; how many were others. Never commits."""
    db.session.flush()
    everybody = select(Participant.id).where(Participant.tenant_id == tenant_id)
    changed = refresh(tenant_id, db.session.scalars(everybody).all(), now)
    were_wrong = counts.mend(tenant_id)
    return changed or int(were_wrong)  # a wrong state makes counters wrong, too


def refresh_due(tenant_id: int, now: dt.datetime) -> None:
    """Decide the states anew that time alone has changed by `now`. Never commits.

    Changes of this transaction are decided, too. Callers that act upon stored states call it first: at midnight the
    sweep may come a few seconds later than a delivery.
    """
    refresh_changed(now)
    due = select(ParticipantState.participant_id).where(
        ParticipantState.tenant_id == tenant_id, ParticipantState.recheck_at <= now
    )
    ids = db.session.scalars(due).all()
    for some in _batches(ids):
        # The caller may go on to registrations. Other writers lock those first, and the state when they commit.
        theirs = select(Registration.id).where(Registration.participant_id.in_(some))
        db.session.execute(theirs.order_by(Registration.id).with_for_update())
    if ids:
        refresh(tenant_id, ids, now)


def find_differing(
    tenant_id: int, participant_ids: Collection[int], now: dt.datetime
) -> list[tuple[int, tuple[str, ...]]]:
    """Return who of these participants is stored otherwise than the rules say at `now`, and the columns that differ."""
    found = []
    with reading_columns_of(tenant_id):
        clock = read_clock(tenant_id, now)
        for ids in _batches(participant_ids):
            stored = _stored(_STORED, ids)
            for participant_id, state in _decide(clock, ids):
                before = stored.get(participant_id)
                differing = _differing(before, state)
                due = before and before["recheck_at"] and before["recheck_at"] <= now
                if differing and not due:
                    found.append((participant_id, differing))
    return found


# --- deciding ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Clock:
    """A tenant at a moment: what every participant's state depends on."""

    tenant_id: int
    zone: str
    federal_state: str
    connection_id: int
    """0 where the tenant has no network."""
    network: Network | None
    now: dt.datetime

    @cached_property
    def today(self) -> dt.date:
        """The tenant's date."""
        return local_date(self.now, self.zone)

    @cached_property
    def deadlines(self) -> Deadlines:
        """Before which answers are late."""
        return deadlines_in(self.federal_state, self.zone, self.now)


_CLOCK = (
    select(Tenant.time_zone, Tenant.federal_state, Connection.id, Connection.network)
    .outerjoin(Connection, (Connection.tenant_id == Tenant.id) & (Connection.state == ConnectionState.OPEN))
    .where(Tenant.id == bindparam("tenant"))
)


def read_clock(tenant_id: int, now: dt.datetime) -> Clock:
    """Return the tenant as `decide` wants it."""
    zone, state, connection_id, network = db.session.execute(_CLOCK, {"tenant": tenant_id}).one()
    return Clock(tenant_id, zone, state, connection_id or 0, network, now)


def _batches(ids: Collection[int]) -> Iterator[list[int]]:
    ordered = sorted(ids)
    return (ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH))


def _refresh_batch(clock: Clock, ids: list[int]) -> int:
    # The lock comes before the facts: another writer of these people waits here, and then sees what this one wrote.
    stored = _stored(_LOCKED, ids)
    new, changed = [], []
    counted: Counter[counts.Key] = Counter()
    for participant_id, state in _decide(clock, ids):
        before = stored.get(participant_id)
        if state["listed"]:
            counted[counts.key_of(state)] += 1
        if before is not None and before["listed"]:
            counted[counts.key_of(before)] -= 1
        if before is None:
            new.append(state | {"tenant_id": clock.tenant_id, "participant_id": participant_id})
        elif _differing(before, state):
            changed.append({"row": participant_id} | {f"new_{name}": value for name, value in state.items()})
    if new:
        db.session.execute(insert(_TABLE), new)
    if changed:
        db.session.execute(_CHANGE, changed)
    counts.add(clock.tenant_id, counted)
    return len(new) + len(changed)


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_STORED = select(_TABLE).where(_TABLE.c.participant_id.in_(_IDS))
_LOCKED = _STORED.order_by(_TABLE.c.participant_id).with_for_update()
_CHANGE = (
    update(_TABLE)
    .where(_TABLE.c.participant_id == bindparam("row"))
    .values({name: bindparam(f"new_{name}") for name in _DECIDED})
)


def _stored(query: Select[*tuple[Any, ...]], ids: Collection[int]) -> dict[int, Mapping[str, Any]]:
    rows = db.session.execute(query, {"ids": ids})
    return {row["participant_id"]: dict(row) for row in rows.mappings()}


def _differing(stored: Mapping[str, Any] | None, state: State) -> tuple[str, ...]:
    if stored is None:
        return _DECIDED
    return tuple(name for name in _DECIDED if stored[name] != state[name])


def _decide(clock: Clock, ids: Iterable[int]) -> Iterator[tuple[int, State]]:
    """What the rules say of these participants."""
    for row in db.session.execute(_facts(clock.connection_id), {"ids": ids}):
        person, *others = _present(row)
        yield person.id, decide(clock, person, *others)


def decide(
    clock: Clock, person: Any, registration: Any, release: Any, order: Any, mediator: Any, known: Any
) -> State:
    """Return what the rules say of a participant, from what has the columns of the rows; None for what is not there."""
    today = clock.today
    findings, situation = judge(person, registration, order, mediator, known, clock.network, today)
    phase, troubled = own_phase(situation, clock.deadlines), is_troubled(situation)
    return {
        "listed": person.left_at is None or release is not None,
        "sort_key": person.sort_key,
        "order_id": person.order_id,
        "mediator_id": registration.mediator_id if registration else None,
        "caseworker": person.caseworker,
        "left_order": person.left_order_on is not None,
        "status": situation.status,
        "released": situation.released,
        "announced": situation.announced,
        "consent_given": consent_of(person).is_given(today),
        "findings": to_bits(findings),
        "phase": phase,
        "troubled": troubled,
        "needs_action": own_needs_action(phase, troubled),
        "since": waits_since(phase, moments_of(person, registration, release)),
        "recheck_at": _recheck_at(clock, person, situation.waiting_since, today),
    }


def _recheck_at(
    clock: Clock, person: Any, waiting_since: dt.datetime | None, today: dt.date
) -> dt.datetime | None:
    """When time alone changes the state next."""
    zone, state = clock.zone, clock.federal_state
    days = [day for day in (person.consent_on, _day_after(person.consent_until)) if day and day > today]
    moments = [midnight(day, zone) for day in days]
    if waiting_since:
        moments += [
            working_days_after(waiting_since, number, state, zone) + _MOMENT
            for number in (OVERDUE_WORKING_DAYS, CLARIFICATION_WORKING_DAYS)
        ]
    return min((moment for moment in moments if moment > clock.now), default=None)


def _day_after(day: dt.date | None) -> dt.date | None:
    return day + dt.timedelta(days=1) if day and day < dt.date.max else None


def _bundle(name: str, model: Any, columns: str) -> Bundle[Any]:
    return Bundle(name, *(getattr(model, column) for column in columns.split()))


_PERSON = _bundle(
    "person",
    Participant,
    "id sort_key order_id caseworker left_order_on left_at first_name last_name email email_readable"
    " consent_on consent_until consent_withdrawn_on doubted_identity doubted_since",
)
_REGISTRATION = _bundle(
    "registration",
    Registration,
    "id mediator_id status released announced revision announced_revision announced_sequence announced_at"
    " announced_mediator_id applied_sequence rejected_sequence archived archive_reason clarification"
    " waiting_since stuck_since refused_revision",
)
_RELEASE = _bundle("release", Release, "id released_at ended_at")
_ORDER = _bundle("order", Order, "id has_responsible")
_MEDIATOR = _bundle("mediator", Mediator, "id active")
_KNOWN = _bundle("known", MediatorRegistration, "id known answered_sequence")


@lru_cache(maxsize=500)
def _facts(connection_id: int) -> Select[*tuple[Any, ...]]:
    """All that the rules ask of participants, on the tenant's open connection. Built once: that takes longest."""
    parts = select(_PERSON, _REGISTRATION, _RELEASE, _ORDER, _MEDIATOR, _KNOWN).select_from(Participant)
    return join_parts(parts, connection_id).where(Participant.id.in_(_IDS))


def _present(row: Row[*tuple[Any, ...]]) -> list[Any]:
    """The parts of a row; None for what is not there."""
    return [part if part.id is not None else None for part in row]
