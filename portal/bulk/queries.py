"""Lists of decisions for many people, and what became of each person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from portal.bulk.models import BulkItem, BulkOutcome, BulkRun, BulkState
from portal.database import db
from portal.people.models import Participant


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
    """A page of the tenant's runs that somebody started, newest first, older than the row `after`."""
    query = select(BulkRun).where(BulkRun.state != BulkState.SHOWN)
    if after is not None:
        query = query.where(BulkRun.id < after)
    return db.session.scalars(query.order_by(BulkRun.id.desc()).limit(limit)).all()


def groups(run: BulkRun, limit: int = 100) -> list[Group]:
    """What happened to how many, with at most `limit` people of each."""
    columns = (BulkItem.outcome, BulkItem.code, BulkItem.finding)
    query = select(*columns, func.count()).where(BulkItem.bulk_id == run.id).group_by(*columns)
    found = [
        Group(outcome, code, finding, number, _people(run, outcome, code, finding, limit))
        for outcome, code, finding, number in db.session.execute(query)
    ]
    order = [None, *BulkOutcome]
    return sorted(found, key=lambda group: (order.index(group.outcome), -group.number))


def outcomes(run: BulkRun, after: int = 0, limit: int = 500) -> Sequence[tuple[BulkItem, Participant]]:
    """A page of what became of each, in the order in which it was done, behind the row `after`."""
    query = (
        select(BulkItem, Participant)
        .join(Participant, Participant.id == BulkItem.participant_id)
        .where(BulkItem.bulk_id == run.id, BulkItem.id > after)
    )
    return [(row[0], row[1]) for row in db.session.execute(query.order_by(BulkItem.id).limit(limit))]


def _people(
    run: BulkRun, outcome: BulkOutcome | None, code: str | None, finding: str | None, limit: int
) -> Sequence[Participant]:
    query = (
        select(Participant)
        .join(BulkItem, BulkItem.participant_id == Participant.id)
        .where(
            BulkItem.bulk_id == run.id,
            BulkItem.outcome.is_not_distinct_from(outcome),
            BulkItem.code.is_not_distinct_from(code),
            BulkItem.finding.is_not_distinct_from(finding),
        )
    )
    return db.session.scalars(query.order_by(BulkItem.id).limit(limit)).all()
