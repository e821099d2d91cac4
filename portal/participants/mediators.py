"""Finding a mediator to choose."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from sqlalchemy import select

from portal.core.database import db
from portal.domain.participants import Mediator
from portal.domain.rules.normalise import person_words, search_words


def find_mediators(text: str, limit: int = 50) -> Sequence[Mediator]:
    """Active mediators whose name, initials or number contain the words of `text`, by name; without text the first."""
    query = select(Mediator).where(Mediator.active).order_by(Mediator.sort_key, Mediator.id)
    if not text.strip():
        return db.session.scalars(query.limit(limit)).all()
    words = search_words(text)
    # A tenant has some dozens: compared here, spellings count as they do for participants.
    found = (row for row in db.session.scalars(query) if words and _has(row, words))
    return list(islice(found, limit))


def _has(mediator: Mediator, words: Sequence[str]) -> bool:
    named = person_words(mediator.last_name, mediator.first_name, mediator.number)
    known = [*named, *search_words(mediator.initials)]
    return all(any(word in text for text in known) for word in words)
