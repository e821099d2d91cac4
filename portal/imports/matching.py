"""Matching identifiers of an import with stored ones: other spellings of the same, and look-alikes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, RowMapping, literal, select
from sqlalchemy import Table as SqlTable

from portal.core.database import db
from portal.domain.import_kinds import Kind
from portal.domain.imports import ImportRun
from portal.domain.rules.identifiers import lookup_key, normalise, twin_key
from portal.imports.windows import MEDIATORS, ORDERS, PARTICIPANTS, staged_numbers

OWNERS: Mapping[Kind, SqlTable] = {
    Kind.MEDIATOR: MEDIATORS,
    Kind.ORDER: ORDERS,
    Kind.PARTICIPANT: PARTICIPANTS,
    Kind.PROFILE: PARTICIPANTS,
}
"""The table in which the identifier of a line is looked up."""


class Spellings:
    """Stored identifiers that some given ones may mean."""

    def __init__(self, rows: Iterable[RowMapping]) -> None:
        self._stored: dict[str, str] = {}
        self._twins: dict[str, set[str]] = {}
        for row in rows:
            identifier = normalise(row["number"])
            self._stored.setdefault(identifier, row["number"])
            self._twins.setdefault(twin_key(identifier), set()).add(identifier)

    def stored(self, identifier: str) -> str:
        """Return the identifier as it is stored; as it is given where it is new.

        What was stored before identifiers were normalised keeps its spelling: networks know people by it.
        """
        return self._stored.get(normalise(identifier), identifier)

    def is_known(self, identifier: str) -> bool:
        return normalise(identifier) in self._stored

    def has_twin(self, identifier: str) -> bool:
        """Return whether it is new and only looks like one that is stored."""
        return not self.is_known(identifier) and twin_key(identifier) in self._twins


def find_spellings(table: SqlTable, tenant_id: int, identifiers: Iterable[str | None]) -> Spellings:
    """Look up, in one statement, which stored identifiers these may mean; those in use come before those gone."""
    keys = {lookup_key(identifier) for identifier in identifiers if identifier}
    if not keys:
        return Spellings(())
    query = (
        select(table.c.number)
        .where(table.c.tenant_id == tenant_id, table.c.lookup_key.in_(keys))
        .order_by(in_use(table).desc(), table.c.id)
    )
    return Spellings(db.session.execute(query).mappings())


def in_use(table: SqlTable) -> ColumnElement[bool]:
    """In SQL: whether a record is there, or only kept."""
    if table is PARTICIPANTS:
        return table.c.left_at.is_(None)
    return table.c.active if table is MEDIATORS else literal(True)


def find_reformatted(run: ImportRun, kind: Kind, lines: Sequence[RowMapping]) -> list[tuple[int, int]]:
    """Find good lines whose new identifier may be a stored one without its zeros, or with its digits grouped.

    Only where the stored one is in use and this import does not name it: else both are known to exist.
    """
    table = OWNERS[kind]
    query = select(table.c.number, table.c.lookup_key, in_use(table).label("in_use")).where(
        table.c.tenant_id == run.tenant_id, table.c.lookup_key.in_({line["lookup_key"] for line in lines})
    )
    stored = db.session.execute(query).all()
    named = staged_numbers(run, kind, [row.number for row in stored])
    unnamed = {row.lookup_key for row in stored if row.in_use and row.number not in named}
    known = {row.number for row in stored}
    return [
        (line["id"], line["line"])
        for line in lines
        if line["number"] not in known and line["lookup_key"] in unnamed
    ]
