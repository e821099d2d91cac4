"""How many participants are listed in each state: kept, not counted (docs/adr/059-counters-are-kept.md).

A transaction that changes states writes down which of them has more people now, and which has fewer. It only adds rows,
so that no two of a tenant wait for each other; the sweep adds them up.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, select
from sqlalchemy import Table as SqlTable

from portal.core.database import db
from portal.core.leases import UNSHOWN
from portal.domain.states import ParticipantState, StateCount

MOST_ROWS = 300
"""A tenant with more of them, two for each state at least, has them added up."""
_STATES: SqlTable = ParticipantState.__table__  # type: ignore[assignment]
_COUNTS: SqlTable = StateCount.__table__  # type: ignore[assignment]
_KEY = ("status", "phase", "findings", "troubled", "needs_action")
_OF_STATES = [_STATES.c[name] for name in _KEY]
_OF_COUNTS = [_COUNTS.c[name] for name in _KEY]
Key = tuple[Any, ...]
"""The columns of a state that are counted by."""


def key_of(state: Mapping[str, Any]) -> Key:
    """Return what a state is counted under."""
    return tuple(state[name] for name in _KEY)


def add(tenant_id: int, change: Mapping[Key, int]) -> None:
    """Write down how many more, or fewer, people are listed in these states. Never commits."""
    rows = [
        dict(zip(_KEY, key, strict=True)) | {"tenant_id": tenant_id, "number": number}
        for key, number in change.items()
        if number
    ]
    if rows:
        db.session.execute(insert(_COUNTS), rows)


def take_away(participant_ids: Collection[int]) -> None:
    """Write down that these people are about to be deleted. Never commits."""
    listed = select(_STATES.c.tenant_id, *_OF_STATES).where(
        _STATES.c.participant_id.in_(participant_ids), _STATES.c.listed
    )
    gone: defaultdict[int, Counter[Key]] = defaultdict(Counter)
    for tenant_id, *key in db.session.execute(listed):
        gone[tenant_id][tuple(key)] -= 1
    for tenant_id, change in gone.items():
        add(tenant_id, change)


def kept(tenant_id: int) -> list[Row[*tuple[Any, ...]]]:
    """Return the states of a tenant, each with the `number` of people who are listed in it."""
    number = func.sum(_COUNTS.c.number).label("number")
    query = select(*_OF_COUNTS, number).where(_COUNTS.c.tenant_id == tenant_id)
    return list(db.session.execute(query.group_by(*_OF_COUNTS).having(number != 0)))


def add_up(tenant_id: int, _now: dt.datetime | None = None) -> None:
    """Leave one row for each state. What another transaction adds meanwhile stays. Never commits."""
    taken = delete(_COUNTS).where(_COUNTS.c.tenant_id == tenant_id)
    change: Counter[Key] = Counter()
    returned = taken.returning(*_OF_COUNTS, _COUNTS.c.number)
    for *key, number in db.session.execute(returned, execution_options={UNSHOWN: True}):
        change[tuple(key)] += number
    add(tenant_id, change)


def tenants_to_add_up(_now: dt.datetime) -> Select[int]:
    """Tenants of whom many rows have come together."""
    each = (_COUNTS.c.tenant_id, *_OF_COUNTS)
    states = select(_COUNTS.c.tenant_id, func.count().label("rows")).group_by(*each).subquery()
    rows = func.sum(states.c.rows)
    query = select(states.c.tenant_id).group_by(states.c.tenant_id)
    return query.having(rows > MOST_ROWS, rows > 2 * func.count())


def mend(tenant_id: int) -> bool:
    """Make the counters what counting says; whether any was wrong. Never commits."""
    wrong = differing(tenant_id)
    add(tenant_id, wrong)
    return bool(wrong)


def differing(tenant_id: int) -> dict[Key, int]:
    """Return by state how many people its counter lacks, where it is wrong."""
    listed = select(*_OF_STATES, func.count()).where(_STATES.c.tenant_id == tenant_id, _STATES.c.listed)
    found: Counter[Key] = Counter()
    for *key, number in db.session.execute(listed.group_by(*_OF_STATES)):
        found[tuple(key)] += number
    for *key, number in kept(tenant_id):
        found[tuple(key)] -= number
    return {key: number for key, number in found.items() if number}
