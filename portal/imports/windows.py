"""Windows over what is staged and stored: a few numbers at a time, so that no list is ever loaded whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, select
from sqlalchemy import Table as SqlTable

from portal.core.crypto import Keyring
from portal.core.database import db
from portal.domain.import_kinds import Kind
from portal.domain.imports import ImportLine, ImportRun
from portal.domain.participants import Mediator, Order, Participant, Profile

LINES: SqlTable = ImportLine.__table__  # type: ignore[assignment]
MEDIATORS: SqlTable = Mediator.__table__  # type: ignore[assignment]
ORDERS: SqlTable = Order.__table__  # type: ignore[assignment]
PARTICIPANTS: SqlTable = Participant.__table__  # type: ignore[assignment]
PROFILES: SqlTable = Profile.__table__  # type: ignore[assignment]


def good_lines(run: ImportRun, kind: Kind, after: str, limit: int) -> Sequence[RowMapping]:
    """Return the next good lines by number."""
    query = (
        select(LINES)
        .where(LINES.c.import_id == run.id, LINES.c.kind == kind, LINES.c.number > after, LINES.c.good)
        .order_by(LINES.c.number)
        .limit(limit)
    )
    return db.session.execute(query).mappings().all()


def profile_owners(run: ImportRun, after: str, limit: int) -> Sequence[str]:
    """The next participants by number who have profile lines, good or not."""
    query = (
        select(LINES.c.refers_to)
        .where(LINES.c.import_id == run.id, LINES.c.kind == Kind.PROFILE, LINES.c.refers_to > after)
        .distinct()
        .order_by(LINES.c.refers_to)
        .limit(limit)
    )
    return [number for number in db.session.scalars(query) if number is not None]


def profile_lines(run: ImportRun, numbers: Sequence[str]) -> dict[str, list[RowMapping]]:
    """Return the profile lines of these participants, good or not, each in the order of the file."""
    query = (
        select(LINES)
        .where(LINES.c.import_id == run.id, LINES.c.kind == Kind.PROFILE, LINES.c.refers_to.in_(numbers))
        .order_by(LINES.c.refers_to, LINES.c.line)
    )
    found: dict[str, list[RowMapping]] = {}
    for row in db.session.execute(query).mappings():
        found.setdefault(row["refers_to"], []).append(row)
    return found


def staged_numbers(run: ImportRun, kind: Kind, numbers: Iterable[str]) -> dict[str, bool]:
    """Which of these numbers are staged; whether their line is good."""
    query = select(LINES.c.number, LINES.c.good).where(
        LINES.c.import_id == run.id, LINES.c.kind == kind, LINES.c.number.in_(list(numbers))
    )
    return dict(db.session.execute(query).all())


def stored(table: SqlTable, tenant_id: int, numbers: Iterable[str]) -> dict[str, RowMapping]:
    """Return the rows of mediators, orders or participants that have these numbers."""
    query = select(table).where(table.c.tenant_id == tenant_id, table.c.number.in_(list(numbers)))
    return {row["number"]: row for row in db.session.execute(query).mappings()}


def stored_ids(table: SqlTable, tenant_id: int, numbers: Iterable[str]) -> dict[str, int]:
    """Return the ids of mediators, orders or participants that have these numbers."""
    query = select(table.c.number, table.c.id).where(
        table.c.tenant_id == tenant_id, table.c.number.in_(list(numbers))
    )
    return dict(db.session.execute(query).all())


def numbered(
    table: SqlTable, tenant_id: int, condition: ColumnElement[bool], after: str, limit: int
) -> Sequence[tuple[str, int]]:
    """Return the next rows of a tenant by number: number and id."""
    query = (
        select(table.c.number, table.c.id)
        .where(table.c.tenant_id == tenant_id, table.c.number > after, condition)
        .order_by(table.c.number)
        .limit(limit)
    )
    return [(number, row_id) for number, row_id in db.session.execute(query)]


def missing(run: ImportRun, kind: Kind, rows: Sequence[tuple[str, int]]) -> list[int]:
    """The ids of those rows whose number no line of the import has, good or not."""
    staged = staged_numbers(run, kind, [number for number, _ in rows])
    return [row_id for number, row_id in rows if number not in staged]


def entries(lines: Iterable[RowMapping]) -> list[dict[str, Any]]:
    """A profile as it is stored, from its lines; those that say the same are one."""
    keys = ("kind", "title", "level", "starts_on", "ends_on")
    found = [{key: line["values"].get(key) for key in keys} for line in lines]
    return list({tuple(entry.values()): entry for entry in found}.values())


@dataclass(frozen=True)
class Work:
    """What every step needs: the import, the time, how many lines at a time, and how to decrypt numbers."""

    run: ImportRun
    now: dt.datetime
    batch: int
    keyring: Keyring
