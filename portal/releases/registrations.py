"""Find a participant and their registration, and write their protocol. Never commits."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.core.database import db
from portal.domain.actors import Actor
from portal.domain.participants import Participant
from portal.domain.releases import Event, ProtocolEntry, Registration
from portal.domain.rules.identifiers import lookup_key, normalise
from portal.domain.tenants import Connection
from portal.participants.errors import ParticipantUnknown


def get_participant(participant_id: int) -> Participant:
    """Return a participant of the session's tenant. Raises NotFound."""
    person = db.session.scalar(select(Participant).where(Participant.id == participant_id))
    if person is None:
        raise ParticipantUnknown
    return person


def get_participant_by_number(number: str) -> Participant:
    """Return the participant with the identifier `number`, however its spaces are typed. Raises NotFound."""
    wanted = normalise(number)
    alike = db.session.scalars(select(Participant).where(Participant.lookup_key == lookup_key(number)))
    found = [person for person in alike if normalise(person.number) == wanted]
    if not found:
        raise ParticipantUnknown(number=number)
    return next((person for person in found if person.number == number), found[0])


def find_registration(connection: Connection, participant_id: int) -> Registration | None:
    return db.session.scalar(
        select(Registration).where(
            Registration.connection_id == connection.id, Registration.participant_id == participant_id
        )
    )


def ensure_registration(connection: Connection, person: Participant) -> Registration:
    """Return the participant's registration on the connection, created if there is none."""
    registration = find_registration(connection, person.id)
    if registration is not None:
        return registration
    made = Registration(tenant_id=person.tenant_id, connection_id=connection.id, participant_id=person.id)
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError:  # on PostgreSQL: another request made it since the select
        registration = find_registration(connection, person.id)
        assert registration is not None
        return registration
    return made


def write_protocol(
    registration: Registration, event: Event, actor: Actor, now: dt.datetime, **data: object
) -> None:
    """Add a line to the person's protocol; `data` holds what its sentence needs, without names."""
    db.session.add(
        ProtocolEntry(
            tenant_id=registration.tenant_id,
            participant_id=registration.participant_id,
            connection_id=registration.connection_id,
            at=now,
            event=event,
            by=actor.initials,
            data={key: value for key, value in data.items() if value is not None},
        )
    )
