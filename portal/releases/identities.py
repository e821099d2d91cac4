"""Deciding whose an identifier is that an import gave to another person. Never commits."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import or_, select

from portal.core.database import db
from portal.domain.actors import Actor
from portal.domain.participants import Participant
from portal.domain.releases import Event, Registration
from portal.domain.tenants import Tenant
from portal.participants.errors import ParticipantUnknown
from portal.participants.renumbering import give_up_number
from portal.releases.errors import IdentityNotDoubted, IdentityStillTold
from portal.releases.registrations import find_registration, write_protocol
from portal.tenants.queries import find_connection, today_of


def settle_identity(participant_id: int, actor: Actor, now: dt.datetime, *, is_same: bool) -> Participant:
    """Decide whether an identifier still belongs to the participant; what the import said comes with the next one.

    The same person's name and date of birth are corrected then. Of another person a new record is made then, without
    release and applicant ID; this one keeps its protocol under an identifier that says until when it held.
    Raises NotFound; Refusal `identity-not-doubted`, `identity-still-told` while a network has not archived them.
    """
    query = select(Participant).where(Participant.id == participant_id).with_for_update()
    person = db.session.scalar(query.execution_options(populate_existing=True))
    if person is None:
        raise ParticipantUnknown
    if person.doubted_identity is None:
        raise IdentityNotDoubted
    if not is_same and is_still_announced(person.id):
        raise IdentityStillTold
    person.confirmed_identity = person.doubted_identity if is_same else None
    person.doubted_identity = person.doubted_since = None
    if not is_same:
        tenant = db.session.get_one(Tenant, person.tenant_id)
        give_up_number(person, today_of(tenant, now))
        person.left_at = person.left_at or now
    _tell(person, actor, now, is_same=is_same)
    return person


def is_still_announced(participant_id: int) -> bool:
    """Return whether a network still has the participant, or has not answered that it archived them."""
    query = select(Registration.id).where(
        Registration.participant_id == participant_id,
        or_(Registration.announced, Registration.waiting_since.is_not(None)),
    )
    return db.session.scalar(query.limit(1)) is not None


def _tell(person: Participant, actor: Actor, now: dt.datetime, *, is_same: bool) -> None:
    connection = find_connection(person.tenant_id)
    registration = find_registration(connection, person.id) if connection else None
    if registration is not None:
        write_protocol(
            registration, Event.IDENTITY_SETTLED, actor, now, person="same" if is_same else "other"
        )
