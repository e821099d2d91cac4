"""Whom the writes of a transaction concern, noticed as they pass through the session (see releases.states).

Rows that are flushed, and statements on a mapped class, are noticed by themselves, so that no caller can forget it.
Code that writes to a bare table, as imports do, calls `mark_changed`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Select, event, inspect, select
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

from portal.core.database import db
from portal.domain.participants import Mediator, Order, Participant
from portal.domain.releases import MediatorRegistration, Registration, Release
from portal.domain.tenants import Connection, Tenant

_KEY = "changed_participants"
Marks = defaultdict[type, set[tuple[int, int]]]
"""By Participant, Order, Mediator or Tenant: tenant and row of what has changed."""

_MINDED: Final[Mapping[type, frozenset[str]]] = {
    Order: frozenset({"has_responsible"}),
    Mediator: frozenset({"active"}),
    MediatorRegistration: frozenset({"known", "answered_sequence"}),
    Connection: frozenset({"network", "state"}),
    Tenant: frozenset({"federal_state", "time_zone"}),
}
"""The columns of rows of many people that their states depend on."""
_OF_ONE = (Participant, Registration, Release)
"""Rows of one participant; every column may matter."""


def mark_changed(tenant_id: int, participant_ids: Iterable[int]) -> None:
    """Have the states of these participants decided anew before the current transaction is committed."""
    _marks(db.session())[Participant].update((tenant_id, row) for row in participant_ids)


def take_changed() -> dict[int, set[int]]:
    """Return the participants whom the transaction has changed so far, by tenant, and forget them."""
    session = db.session()
    session.flush()
    marks: Marks | None = session.info.pop(_KEY, None)
    found: defaultdict[int, set[int]] = defaultdict(set)
    for kind, rows in (marks or {}).items():
        for tenant_id, participant_id in rows if kind is Participant else _concerned(kind, rows):
            found[tenant_id].add(participant_id)
    return found


def _concerned(kind: type, rows: Iterable[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    """Tenant and participant of everybody whom a change of these rows concerns."""
    ids = {row for _, row in rows}
    query: Select[int, int] = select(Participant.tenant_id, Participant.id)
    if kind is Order:
        query = query.where(Participant.order_id.in_(ids))
    elif kind is Mediator:
        query = select(Registration.tenant_id, Registration.participant_id).where(
            Registration.mediator_id.in_(ids)
        )
    else:
        query = query.where(Participant.tenant_id.in_(ids))
    return [(tenant_id, row) for tenant_id, row in db.session.execute(query)]


def _marks(session: Session) -> Marks:
    marks: Marks = session.info.setdefault(_KEY, defaultdict(set))
    return marks


@event.listens_for(Session, "after_flush")
def _notice_rows(session: Session, _context: object) -> None:
    for row in session.new:
        _notice_row(session, row)
    for row in session.dirty:
        minded = _MINDED.get(type(row))
        if minded is None or any(inspect(row).attrs[name].history.has_changes() for name in minded):
            _notice_row(session, row)


def _notice_row(session: Session, row: Any) -> None:
    marks = _marks(session)
    match row:
        case Participant():
            marks[Participant].add((row.tenant_id, row.id))
        case Registration() | Release():
            marks[Participant].add((row.tenant_id, row.participant_id))
        case Order() | Mediator():
            marks[type(row)].add((row.tenant_id, row.id))
        case MediatorRegistration():
            marks[Mediator].add((row.tenant_id, row.mediator_id))
        case Connection():
            marks[Tenant].add((row.tenant_id, row.tenant_id))
        case Tenant():
            marks[Tenant].add((row.id, row.id))


@event.listens_for(Session, "do_orm_execute")
def _notice_statement(state: ORMExecuteState) -> None:
    """Read whom a condition names before the update or deletion: afterwards it may match other rows."""
    mapper = state.bind_mapper
    if mapper is None or not (state.is_update or state.is_delete or state.is_insert):
        return
    model: Any = mapper.class_
    if model not in _OF_ONE and model not in (Order, Mediator):
        return
    if state.is_insert:
        _notice_inserted(state)
        return
    kind = Participant if model in _OF_ONE else model
    row = model.participant_id if model in (Registration, Release) else model.id
    condition = state.statement.whereclause  # type: ignore[attr-defined]
    query = select(model.tenant_id, row)
    named = state.session.execute(query if condition is None else query.where(condition))
    _marks(state.session)[kind].update((tenant_id, row_id) for tenant_id, row_id in named)


def _notice_inserted(state: ORMExecuteState) -> None:
    """Rows inserted many at a time, where they say whose they are."""
    rows = state.parameters if isinstance(state.parameters, list) else []
    _marks(state.session)[Participant].update(
        (row["tenant_id"], row["participant_id"]) for row in rows if "participant_id" in row
    )


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, previous: SessionTransaction) -> None:
    """A savepoint's rollback keeps the marks: to decide too many anew does no harm."""
    if not previous.nested:
        session.info.pop(_KEY, None)
