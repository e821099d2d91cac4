"""Lists of decisions for many people, and what became of each person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from portal.core.database import db
from portal.domain.bulk import BulkItem, BulkOutcome, BulkRun, BulkState
from portal.domain.participants import Participant


@dataclass(frozen=True)
class Group:
    """People of a run to whom the same happened."""

    outcome: BulkOutcome | None
    """None where nothing happened yet."""
    code: str | None
    finding: str | None
    number: int
    people: Sequence[Participant]
    """The first of them, by name."""


def list_runs(after: int | None = None, limit: int = 50) -> Sequence[BulkRun]:
    """Return a page of the tenant's started runs, newest first, older than the row `after`."""
    query = select(BulkRun).where(BulkRun.state != BulkState.SHOWN)
    if after is not None:
        query = query.where(BulkRun.id < after)
    return db.session.scalars(query.order_by(BulkRun.id.desc()).limit(limit)).all()


def groups(run: BulkRun, limit: int = 100) -> list[Group]:
    """What happened to how many, with at most `limit` people of each; in one statement, however many groups."""
    same = (BulkItem.outcome, BulkItem.code, BulkItem.finding)
    items = (
        select(
            BulkItem.participant_id,
            *same,
            func.count().over(partition_by=same).label("number"),
            func.row_number().over(partition_by=same, order_by=BulkItem.id).label("place"),
        )
        .where(BulkItem.bulk_id == run.id)
        .subquery()
    )
    query = (
        select(Participant, items.c.outcome, items.c.code, items.c.finding, items.c.number)
        .join(items, items.c.participant_id == Participant.id)
        .where(items.c.place <= limit)
        .order_by(items.c.place)
    )
    found: dict[tuple[BulkOutcome | None, str | None, str | None], tuple[int, list[Participant]]] = {}
    for person, outcome, code, finding, number in db.session.execute(query):
        found.setdefault((outcome, code, finding), (number, []))[1].append(person)
    order = [None, *BulkOutcome]
    rows = [Group(*kind, number, people) for kind, (number, people) in found.items()]
    return sorted(rows, key=lambda group: (order.index(group.outcome), -group.number))


def outcomes(run: BulkRun, after: int = 0, limit: int = 500) -> Sequence[tuple[BulkItem, Participant]]:
    """Return a page of what became of each, in the order in which it was done, behind the row `after`."""
    query = (
        select(BulkItem, Participant)
        .join(Participant, Participant.id == BulkItem.participant_id)
        .where(BulkItem.bulk_id == run.id, BulkItem.id > after)
    )
    return [(row[0], row[1]) for row in db.session.execute(query.order_by(BulkItem.id).limit(limit))]
