"""What the network is told of a participant, from their rows."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import undefer

from portal.core.crypto import current_keyring
from portal.core.database import db
from portal.core.settings import current_settings
from portal.deliveries import records
from portal.domain.participants import Mediator, Participant, Profile, social_insurance_place
from portal.networks.registry import Network
from portal.releases.conditions import people
from portal.releases.rows import consent_of
from portal.tenants.context import TenantContext


def participant_record(
    context: TenantContext,
    person: Any,
    mediator: Any,
    order: Any,
    caseworker: str | None,
    entries: list[dict[str, Any]],
) -> records.Record:
    """Build what the network is told of a participant, from what has the columns of the rows; `caseworker` by name.

    Without a mediator nothing is sent.
    """
    assert context.connection is not None
    return records.participant_record(
        records.Person(
            number=person.number,
            mediator=mediator.number if mediator else "",
            last_name=person.last_name,
            first_name=person.first_name,
            order=order.number if order else None,
            salutation=person.salutation,
            birth_date=person.birth_date,
            social_insurance_number=_social_insurance_number(context, person),
            street=person.street,
            postal_code=person.postal_code,
            city=person.city,
            email=person.email,
            phone=person.phone,
            caseworker=caseworker,
            consent_on=person.consent_on if consent_of(person).is_given(context.today) else None,
            profile=tuple(entries),
        ),
        Network(context.connection.network),
    )


def digest_key() -> bytes:
    """Return the key of the digests of records."""
    secret = current_settings().secret_key.get_secret_value()
    return hashlib.sha256(b"record digest\x00" + secret.encode()).digest()


def _social_insurance_number(context: TenantContext, person: Any) -> str | None:
    if not context.tenant.sends_social_insurance_number or person.social_insurance_number_encrypted is None:
        return None
    place = social_insurance_place(context.tenant.id, person.number)
    return current_keyring().decrypt(person.social_insurance_number_encrypted, place).decode()


def would_tell(context: TenantContext, participant_id: int) -> records.Record | None:
    """What the next delivery would say of a person if nothing kept them; None without a network."""
    if context.connection is None:
        return None
    query = (
        people(context)
        .where(Participant.id == participant_id)
        .options(undefer(Participant.social_insurance_number_encrypted))
    )
    row = db.session.execute(query).one()
    person, order, mediator = row.Participant, row.Order, row.Mediator
    entries = db.session.scalar(select(Profile.entries).where(Profile.participant_id == participant_id))
    named = db.session.execute(
        select(Mediator.first_name, Mediator.last_name).where(Mediator.initials == person.caseworker).limit(1)
    ).first()
    caseworker = f"{named.first_name} {named.last_name}" if named else person.caseworker
    return participant_record(context, person, mediator, order, caseworker, entries or [])
