"""What lists of participants can be narrowed to: orders, mediators, caseworkers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from portal.database import db
from portal.people.models import Mediator, Order, Participant

LIMIT = 300
"""Most that are offered of each."""


@dataclass(frozen=True)
class Caseworker:
    key: str
    """Stands in addresses; the text may be somebody's name."""
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
    """Every caseworker that a participant has.

    One step through the index for each, since reading everybody's would take as long as there are people.
    """
    found: list[Caseworker] = []
    following = func.min(Participant.caseworker)
    text = db.session.scalar(select(following).where(Participant.caseworker > ""))
    while text is not None and len(found) < LIMIT:
        found.append(Caseworker(caseworker_key(text), text))
        text = db.session.scalar(select(following).where(Participant.caseworker > text))
    return found


def find_caseworker(key: str) -> str | None:
    """The caseworker whose key this is; None where no participant has such a one."""
    return next((item.text for item in caseworkers() if item.key == key), None)


def caseworker_key(text: str) -> str:
    """What stands in an address for a caseworker."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
