"""What a full import takes away by not naming it: counted before anything changes, listed while it is held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, exists, func, select

from portal.core.database import db
from portal.domain.import_kinds import Kind
from portal.domain.imports import DOOR_HTTP, ImportMode, ImportRun
from portal.imports.codes import ImportProblem
from portal.imports.matching import OWNERS, in_use
from portal.imports.windows import LINES, PARTICIPANTS, PROFILES

SHRINKING: Mapping[Kind, ImportProblem] = {
    Kind.PARTICIPANT: ImportProblem.SHRINKS,
    Kind.MEDIATOR: ImportProblem.MEDIATORS_SHRINK,
    Kind.PROFILE: ImportProblem.PROFILES_SHRINK,
}
"""Kinds of which absence takes something away: an import that takes more than half is held. Orders stay."""

LEAST = {Kind.PROFILE: 2}
"""So many have to go at least: one participant's profile comes and goes, while the only mediator does not."""


@dataclass(frozen=True)
class Absence:
    """How many records of a kind there are, and how many of them the import does not name."""

    kind: Kind
    before: int
    gone: int

    @property
    def problem(self) -> ImportProblem | None:
        """Why the import is held for it. Counted is what goes, not the difference: others may come in its place."""
        is_much = self.gone * 2 > self.before and self.gone >= LEAST.get(self.kind, 1)
        return SHRINKING.get(self.kind) if is_much else None


@dataclass(frozen=True)
class Absent:
    """A record that a held import does not name; of a profile, the participant who has it."""

    id: int
    number: str
    name: str


def participants_leave(run: ImportRun) -> bool:
    """Return whether participants who are missing from this import leave."""
    return _is_full(run, Kind.PARTICIPANT) and not run.everyone_stays


def mediators_go_idle(run: ImportRun) -> bool:
    """Return whether mediators who are missing from this import become inactive."""
    return _is_full(run, Kind.MEDIATOR) and not run.everyone_stays


def profiles_go(run: ImportRun) -> bool:
    """Return whether participants in this import who have no profile lines lose their profile."""
    return _is_full(run, Kind.PROFILE) and not run.profiles_stay


def count_absence(run: ImportRun) -> list[Absence]:
    """Count what the import takes away, and the orders that it does not name; one statement for each kind."""
    affected = {
        Kind.PARTICIPANT: participants_leave(run),
        Kind.MEDIATOR: mediators_go_idle(run),
        Kind.PROFILE: profiles_go(run) or (run.door == DOOR_HTTP and _is_full(run, Kind.PARTICIPANT)),
        Kind.ORDER: _is_full(run, Kind.ORDER),
    }
    return [_count(run, kind) for kind, is_affected in affected.items() if is_affected]


def list_absent(run: ImportRun, kind: Kind, limit: int) -> Sequence[Absent]:
    """List what a held import would take away of a kind, by identifier."""
    table = OWNERS[kind]
    query = (
        select(table.c.id, table.c.number, table.c.last_name, table.c.first_name)
        .where(table.c.tenant_id == run.tenant_id, _is_there(kind), _goes(run, kind))
        .order_by(table.c.number)
        .limit(limit)
    )
    return [
        Absent(row_id, number, ", ".join(filter(None, names)) or number)
        for row_id, number, *names in db.session.execute(query)
    ]


def _is_full(run: ImportRun, kind: Kind) -> bool:
    return run.mode is ImportMode.FULL and kind in run.kinds


def _count(run: ImportRun, kind: Kind) -> Absence:
    table = OWNERS[kind]
    query = select(func.count(), func.count(case((_goes(run, kind), 1)))).where(
        table.c.tenant_id == run.tenant_id, _is_there(kind)
    )
    before, gone = db.session.execute(query).one()
    return Absence(kind, before, gone)


def _is_there(kind: Kind) -> ColumnElement[bool]:
    """In SQL: whether a record counts as there before the import."""
    there = in_use(OWNERS[kind])
    if kind is Kind.PROFILE:
        return and_(there, exists().where(PROFILES.c.participant_id == PARTICIPANTS.c.id))
    return there


def _goes(run: ImportRun, kind: Kind) -> ColumnElement[bool]:
    """In SQL: whether the import takes a record away, or, of an order, does not name it."""
    if kind is not Kind.PROFILE:
        return ~_is_staged(run, kind)
    if run.door == DOOR_HTTP:  # a line is a person with all of it
        return _is_staged(run, Kind.PARTICIPANT, LINES.c["values"]["profile"].as_string() == "[]")
    lines = exists().where(
        LINES.c.import_id == run.id, LINES.c.kind == kind, LINES.c.refers_to == PARTICIPANTS.c.number
    )
    return and_(_is_staged(run, Kind.PARTICIPANT, LINES.c.good), ~lines)


def _is_staged(run: ImportRun, kind: Kind, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        LINES.c.import_id == run.id,
        LINES.c.kind == kind,
        LINES.c.number == OWNERS[kind].c.number,
        *conditions,
    )
