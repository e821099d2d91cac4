"""Finding a mediator to choose."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, or_, select

from portal.database import db
from portal.people.folding import fold
from portal.people.models import Mediator


def find_mediators(text: str, limit: int = 50) -> Sequence[Mediator]:
    """Active mediators whose name, initials or number contain `text`, by name; without text the first."""
    query = select(Mediator).where(Mediator.active)
    for word in fold(text).split():
        query = query.where(
            or_(
                Mediator.sort_key.contains(word, autoescape=True),
                func.lower(Mediator.initials).contains(word, autoescape=True),
                func.lower(Mediator.number).contains(word, autoescape=True),
            )
        )
    return db.session.scalars(query.order_by(Mediator.sort_key, Mediator.id).limit(limit)).all()
