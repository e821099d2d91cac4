"""Giving up an identifier that Qualli.life has given to another person."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, select

from portal.core.database import db
from portal.domain.participants import NUMBER, Participant, ParticipantWord
from portal.domain.rules.identifiers import lookup_key
from portal.domain.rules.normalise import person_words, sort_key


def give_up_number(person: Participant, today: dt.date) -> None:
    """Free the identifier of a participant for the next import; they go on under one that says until when they had it.

    The networks know them by the one before, which stays as `former_number`. Their social insurance number goes: it is
    kept to be sent, which never happens again, and is encrypted for the identifier before.
    """
    before = person.number
    person.former_number = person.former_number or before
    person.number = _free_number(person.tenant_id, before, today)
    person.lookup_key = lookup_key(person.number)
    person.sort_key = sort_key(person.last_name, person.first_name, person.number)
    person.social_insurance_number_encrypted = person.social_insurance_number_since = None
    db.session.execute(delete(ParticipantWord).where(ParticipantWord.participant_id == person.id))
    db.session.add_all(
        ParticipantWord(tenant_id=person.tenant_id, participant_id=person.id, word=word)
        for word in person_words(person.last_name, person.first_name, person.number)
    )


def _free_number(tenant_id: int, before: str, today: dt.date) -> str:
    suffix = f" (bis {today.isoformat()})"
    stem = before[: NUMBER - len(suffix) - 4]
    taken = select(Participant.number).where(
        Participant.tenant_id == tenant_id, Participant.number.startswith(stem + suffix, autoescape=True)
    )
    others = len(db.session.scalars(taken).all())
    return f"{stem}{suffix}" + (f" {others + 1}" if others else "")
