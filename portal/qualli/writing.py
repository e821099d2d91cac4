"""Writing mediators, orders and participants in bulk: compared first, so that what is unchanged stays untouched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Date, RowMapping, bindparam, delete, insert, update
from sqlalchemy import Table as SqlTable

from portal.database import db
from portal.people.addresses import is_address
from portal.people.folding import person_words, sort_key
from portal.people.models import ParticipantWord, social_insurance_place
from portal.qualli.models import ImportRun
from portal.qualli.windows import MEDIATORS, ORDERS, PARTICIPANTS, stored, stored_ids
from portal.releases.imported import mediators_changed, orders_changed, people_changed, people_returned
from portal.vault import Vault

WORDS: SqlTable = ParticipantWord.__table__  # type: ignore[assignment]
SECRET = "social_insurance_number_sealed"  # noqa: S105 - the name of a column
SECRET_SINCE = "social_insurance_number_since"  # noqa: S105
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
_PARTICIPANT: Row = {
    **{column.name: None for column in PARTICIPANTS.columns if column.nullable},
    "last_name": "",
    "first_name": "",
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


def write_participants(
    run: ImportRun, lines: Sequence[RowMapping], vault: Vault, now: dt.datetime
) -> set[str]:
    """Write these lines, and the words by which people are found; the numbers of those that changed anything."""
    compared = Comparison(PARTICIPANTS, run, lines)
    orders = stored_ids(ORDERS, run.tenant_id, {line["refers_to"] for line in lines if line["refers_to"]})
    for line in lines:
        before = compared.before.get(line["number"])
        compared.add(line["number"], _PARTICIPANT, _wanted(run, line, before, orders, vault, now))
    made = compared.write()
    if not run.dry_run:
        _follow(compared, made, now)
    return {row["number"] for row in (*compared.new, *compared.changed)}


def _wanted(
    run: ImportRun,
    line: RowMapping,
    before: RowMapping | None,
    orders: Mapping[str, int],
    vault: Vault,
    now: dt.datetime,
) -> Row:
    wanted = with_dates(PARTICIPANTS, line["values"])
    wanted.pop("profile", None)  # has a table of its own
    wanted["left_at"] = None  # whoever has a line is there, or back
    if "order_number" in wanted:
        number = wanted.pop("order_number")
        wanted["order_id"] = orders.get(number, -1) if number else None  # -1: a dry run makes no orders
    if "social_insurance_number" in wanted:
        del wanted["social_insurance_number"]
        place = social_insurance_place(run.tenant_id, line["number"])
        sealed = before[SECRET] if before else None
        wanted[SECRET] = sealed if _same_secret(vault, place, sealed, line["secret"]) else line["secret"]
        since = before[SECRET_SINCE] if before else None
        wanted[SECRET_SINCE] = (since if sealed else now) if wanted[SECRET] else None
    last_name, first_name = (
        wanted.get(name, before[name] if before else "") for name in ("last_name", "first_name")
    )
    if "email" in wanted:
        wanted["email_readable"] = not wanted["email"] or is_address(wanted["email"])
    wanted["sort_key"] = sort_key(last_name, first_name, line["number"])
    return wanted


def _same_secret(vault: Vault, place: str, stored: bytes | None, staged: bytes | None) -> bool:
    """Whether two sealed numbers are the same; sealing the same number twice gives different bytes."""
    if stored is None or staged is None:
        return stored is staged
    return vault.open(stored, place) == vault.open(staged, place)


def _follow(compared: Comparison, made: Mapping[str, int], now: dt.datetime) -> None:
    """Keep the words for search in step, and tell releases."""
    tenant_id = compared.run.tenant_id
    renamed = [
        row for row in compared.changed if row["sort_key"] != compared.before[row["number"]]["sort_key"]
    ]
    if renamed:
        ids = [row["id"] for row in renamed]
        db.session.execute(
            delete(WORDS).where(WORDS.c.tenant_id == tenant_id, WORDS.c.participant_id.in_(ids))
        )
    words = [
        {"tenant_id": tenant_id, "participant_id": row.get("id") or made[row["number"]], "word": word}
        for row in [*renamed, *compared.new]
        for word in person_words(row["last_name"], row["first_name"], row["number"])
    ]
    if words:
        db.session.execute(insert(WORDS), words)
    if compared.changed:
        people_changed(tenant_id, compared.changed_ids, now, compared.run.id)
    returned = [
        row["id"] for row in compared.changed if compared.before[row["number"]]["left_at"] is not None
    ]
    if returned:
        people_returned(tenant_id, returned, now, compared.run.id)


def with_dates(table: SqlTable, values: Mapping[str, Any]) -> Row:
    """Staged values with the dates of `table` as dates."""
    dates = {column.name for column in table.columns if isinstance(column.type, Date)}
    return {
        name: dt.date.fromisoformat(value) if value and name in dates else value
        for name, value in values.items()
    }
