"""What lists of participants can be narrowed to: orders, mediators, caseworkers."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from markupsafe import Markup, escape
from sqlalchemy import CompoundSelect, Select, String, cast, func, literal, select, union_all

from portal.core.database import db
from portal.domain.participants import Mediator, Order, Participant

LIMIT = 300
"""Most that are offered of each."""


@dataclass(frozen=True)
class Choice:
    """Something that a list can be narrowed to."""

    key: str
    """Stands in addresses: the row of an order or mediator, a digest of a caseworker, who may be named."""
    text: str
    number: str = ""
    """Of an order or mediator, as Qualli.life says it."""


@dataclass(frozen=True)
class Offered:
    """Everything that a list can be narrowed to, each by its text."""

    orders: Sequence[Choice]
    mediators: Sequence[Choice]
    caseworkers: Sequence[Choice]


def offered() -> Offered:
    """Return what the page of the list offers; in one statement."""
    found: defaultdict[str, list[Choice]] = defaultdict(list)
    rows = db.session.execute(_everything()).all()
    for kind, _sort, key, text, number in sorted(rows, key=lambda row: row[1]):
        found[kind].append(Choice(key or caseworker_key(text), text, number))
    return Offered(found["order"], found["mediator"], found["caseworker"])


def options(choices: Sequence[Choice], chosen: str | int | None) -> Markup:
    """Return them as options of a `<select>`; a macro for each of hundreds would cost more than all the rest."""
    return Markup("\n").join(_option(choice, choice.key == str(chosen)) for choice in choices)


def _option(choice: Choice, is_chosen: bool) -> Markup:
    number = f" ({choice.number})" if choice.number else ""
    selected = " selected" if is_chosen else ""
    return Markup(f'<option value="{escape(choice.key)}"{selected}>{escape(choice.text + number)}</option>')  # noqa: S704


@cache
def _everything() -> CompoundSelect[str, str, str, str, str]:
    """Built once: that takes as long as asking."""
    return union_all(_orders(), _mediators(), _caseworkers())


def _orders() -> Select[str, str, str, str, str]:
    query = (
        select(Order.id, Order.title, Order.number).order_by(Order.title, Order.id).limit(LIMIT).subquery()
    )
    return select(literal("order"), query.c.title, cast(query.c.id, String), query.c.title, query.c.number)


def _mediators() -> Select[str, str, str, str, str]:
    name = (Mediator.last_name + ", " + Mediator.first_name).label("name")
    query = (
        select(Mediator.id, Mediator.sort_key, name, Mediator.number)
        .order_by(Mediator.sort_key, Mediator.id)
        .limit(LIMIT)
        .subquery()
    )
    return select(
        literal("mediator"), query.c.sort_key, cast(query.c.id, String), query.c.name, query.c.number
    )


def _caseworkers() -> Select[str, str, str, str, str]:
    """Every caseworker that a participant of the tenant has, sorted.

    The recursion steps through the index from one caseworker to the next: reading each participant's, as DISTINCT
    does, would take as long as there are people.
    """
    steps = (
        select(func.min(Participant.caseworker).label("text"))
        .where(Participant.caseworker > "")
        .cte("caseworkers", recursive=True)
    )
    following = select(func.min(Participant.caseworker)).where(Participant.caseworker > steps.c.text)
    steps = steps.union_all(select(following.scalar_subquery()).where(steps.c.text.is_not(None)))
    query = select(steps.c.text).where(steps.c.text.is_not(None)).limit(LIMIT).subquery()
    return select(literal("caseworker"), query.c.text, literal(""), query.c.text, literal(""))


def active_mediators(limit: int = 2000) -> Sequence[Mediator]:
    """Mediators who can be chosen, by name."""
    query = select(Mediator).where(Mediator.active).order_by(Mediator.sort_key, Mediator.id)
    return db.session.scalars(query.limit(limit)).all()


def find_caseworker(key: str) -> str | None:
    """The caseworker whose key this is; None where no participant has such a one."""
    texts = (row[3] for row in db.session.execute(_caseworkers()))
    return next((text for text in texts if caseworker_key(text) == key), None)


def caseworker_key(text: str) -> str:
    """What stands in an address for a caseworker."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
