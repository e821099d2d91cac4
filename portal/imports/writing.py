"""Writing mediators and orders in bulk: compared first, so that what is unchanged stays untouched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Date, RowMapping, bindparam, insert, update
from sqlalchemy import Table as SqlTable

from portal.core.database import db
from portal.domain.imports import ImportRun
from portal.domain.rules.normalise import sort_key
from portal.imports.windows import MEDIATORS, ORDERS, stored
from portal.releases.imported import mediators_changed, orders_changed

Row = dict[str, Any]

_MEDIATOR: Row = {"email": None, "phone": None, "active": True}
_ORDER: Row = {
    "measure_number": None,
    "carrier": None,
    "starts_on": None,
    "ends_on": None,
    "responsible": [],
    "has_responsible": False,
}


class Comparison:
    """Lines beside what is stored: what is new, and what changed."""

    def __init__(self, table: SqlTable, run: ImportRun, lines: Sequence[RowMapping]) -> None:
        self.table = table
        self.run = run
        self.before = stored(table, run.tenant_id, [line["number"] for line in lines])
        self.new: list[Row] = []
        self.changed: list[Row] = []

    def add(self, number: str, blank: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
        """Compare one line: `wanted` holds the columns that it speaks of, `blank` what a new row has beside them."""
        before = self.before.get(number)
        if before is None:
            self.new.append({"tenant_id": self.run.tenant_id, "number": number, **blank, **wanted})
        elif any(before[name] != value for name, value in wanted.items()):
            self.changed.append({**before, **wanted})

    def write(self) -> dict[str, int]:
        """Write both in bulk; the ids of the new rows by number."""
        if self.run.dry_run:
            return {}
        table = self.table
        if self.changed:
            names = [
                column.name for column in table.columns if column.name not in ("id", "tenant_id", "number")
            ]
            statement = update(table).where(
                table.c.id == bindparam("row_id"), table.c.tenant_id == bindparam("row_tenant")
            )
            rows = [
                {"row_id": row["id"], "row_tenant": self.run.tenant_id}
                | {f"new_{name}": row[name] for name in names}
                for row in self.changed
            ]
            db.session.execute(statement.values({name: bindparam(f"new_{name}") for name in names}), rows)
        if not self.new:
            return {}
        made = db.session.execute(insert(table).returning(table.c.number, table.c.id), self.new)
        return dict(made.all())

    @property
    def changed_ids(self) -> list[int]:
        return [row["id"] for row in self.changed]

    def __len__(self) -> int:
        return len(self.new) + len(self.changed)


def write_mediators(run: ImportRun, lines: Sequence[RowMapping], now: dt.datetime) -> int:
    """Write these lines; how many changed anything."""
    compared = Comparison(MEDIATORS, run, lines)
    for line in lines:
        values = line["values"]
        key = sort_key(values["last_name"], values["first_name"], line["number"])
        compared.add(line["number"], _MEDIATOR, {**values, "sort_key": key})
    return _finish(compared, mediators_changed, now)


def write_orders(run: ImportRun, lines: Sequence[RowMapping], now: dt.datetime) -> int:
    """Write these lines; how many changed anything."""
    compared = Comparison(ORDERS, run, lines)
    for line in lines:
        wanted = with_dates(ORDERS, line["values"])
        if "responsible" in wanted:
            wanted["has_responsible"] = bool(wanted["responsible"])
        compared.add(line["number"], _ORDER, wanted)
    return _finish(compared, orders_changed, now)


def _finish(
    compared: Comparison, tell: Callable[[int, list[int], dt.datetime], None], now: dt.datetime
) -> int:
    compared.write()
    if compared.changed and not compared.run.dry_run:
        tell(compared.run.tenant_id, compared.changed_ids, now)
    return len(compared)


def with_dates(table: SqlTable, values: Mapping[str, Any]) -> Row:
    """Staged values with the dates of `table` as dates."""
    dates = {column.name for column in table.columns if isinstance(column.type, Date)}
    return {
        name: dt.date.fromisoformat(value) if value and name in dates else value
        for name, value in values.items()
    }
