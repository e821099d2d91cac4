"""How a list of participants is sorted, and how it goes on from one of them: over indexes, however many there are.

A list is made of stretches, one behind the other: those who need something, then the others. Within each an index has
the order, so that a page reads its own rows alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, false, not_, or_, select, true

from portal.core.database import db
from portal.domain.states import ParticipantState
from portal.releases.conditions import Condition, needs_action
from portal.releases.filters import Sorting
from portal.tenants.context import TenantContext

Rows = list[Row[*tuple[Any, ...]]]


@dataclass(frozen=True)
class Stretch:
    """Those of a list for whom a condition holds, in the order of `keys`."""

    condition: Condition
    keys: tuple[ColumnElement[Any], ...]


@dataclass(frozen=True)
class Place:
    """Where a participant stands in a list."""

    stretch: int
    values: Sequence[Any]
    """Of the keys of the stretch."""


def sorted_stretches(context: TenantContext, sorting: Sorting) -> list[Stretch]:
    """Return what a list is made of when it is sorted like this."""
    by_name, since = ParticipantState.sort_key.expression, ParticipantState.since.expression
    if sorting is Sorting.ACTION:
        acts = needs_action(context)
        return [Stretch(acts, (by_name,)), Stretch(not_(acts), (by_name,))]
    if sorting is Sorting.WAITING:
        return [Stretch(since.is_not(None), (since, by_name)), Stretch(since.is_(None), (by_name,))]
    return [Stretch(true(), (by_name,))]


def find_place(stretches: Sequence[Stretch], participant_id: int) -> Place | None:
    """Return where a participant stands; None where there is no such."""
    columns = [column for stretch in stretches for column in (stretch.condition, *stretch.keys)]
    labelled = (column.label(f"column_{number}") for number, column in enumerate(columns))
    here = select(*labelled).where(ParticipantState.participant_id == participant_id)
    row = db.session.execute(here).first()
    if row is None:
        return None
    values = iter(row)
    for number, stretch in enumerate(stretches):
        holds, *own = islice(values, 1 + len(stretch.keys))
        if holds:
            return Place(number, own)
    return None


def go_on(
    query: Select[*tuple[Any, ...]],
    stretches: Sequence[Stretch],
    place: Place | None,
    limit: int,
    *,
    backwards: bool,
) -> Rows:
    """Return at most so many rows of `query` behind a place, or before it; the nearest first.

    Without a place they are the first ones, or the last.
    """
    found: Rows = []
    numbers = range(len(stretches))[::-1] if backwards else range(len(stretches))
    for number in numbers[numbers.index(place.stretch) if place else 0 :]:
        stretch = stretches[number]
        narrowed = query.where(stretch.condition)
        if place is not None and number == place.stretch:
            narrowed = narrowed.where(_beyond(stretch.keys, place.values, backwards=backwards))
        order = [key.desc() if backwards else key.asc() for key in stretch.keys]
        found += db.session.execute(narrowed.order_by(*order).limit(limit - len(found))).all()
        if len(found) == limit:
            break
    return found


def _beyond(keys: Sequence[ColumnElement[Any]], place: Sequence[Any], *, backwards: bool) -> Condition:
    """Return the condition of those behind (or before) a place."""
    beyond: Condition = false()
    for key, value in reversed(list(zip(keys, place, strict=True))):
        beyond = or_(key < value if backwards else key > value, and_(key == value, beyond))
    return beyond
