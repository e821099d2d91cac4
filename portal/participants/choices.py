"""What lists of participants can be narrowed to: orders, mediators, caseworkers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from portal.core.database import db
from portal.domain.participants import Mediator, Order, Participant

LIMIT = 300
"""Most that are offered of each."""


@dataclass(frozen=True)
class Caseworker:
    key: str
    """Used in URLs, since the text may be a person's name."""
    text: str


@dataclass(frozen=True)
class Offered:
    """Everything that a list can be narrowed to."""

    orders: Sequence[Order]
    mediators: Sequence[Mediator]
    caseworkers: Sequence[Caseworker]


def offered() -> Offered:
    """What the page of the list offers."""
    return Offered(orders(), mediators(), caseworkers())


def orders() -> Sequence[Order]:
    """Orders by title."""
    return db.session.scalars(select(Order).order_by(Order.title, Order.id).limit(LIMIT)).all()


def mediators() -> Sequence[Mediator]:
    """Mediators by name."""
    return db.session.scalars(select(Mediator).order_by(Mediator.sort_key, Mediator.id).limit(LIMIT)).all()


def active_mediators(limit: int = 2000) -> Sequence[Mediator]:
    """Mediators who can be chosen, by name."""
    query = select(Mediator).where(Mediator.active).order_by(Mediator.sort_key, Mediator.id)
    return db.session.scalars(query.limit(limit)).all()


def caseworkers() -> list[Caseworker]:
    """List every caseworker that a participant of the tenant has, sorted, in one statement.

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
    texts = db.session.scalars(select(steps.c.text).where(steps.c.text.is_not(None)).limit(LIMIT))
    return [Caseworker(caseworker_key(text), text) for text in texts]


def find_caseworker(key: str) -> str | None:
    """The caseworker whose key this is; None where no participant has such a one."""
    return next((item.text for item in caseworkers() if item.key == key), None)


def caseworker_key(text: str) -> str:
    """What stands in an address for a caseworker."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
