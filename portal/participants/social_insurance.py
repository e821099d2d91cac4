"""A person's social insurance number in full: shown to few, for a reason, never in a list (docs/domain.md#rules)."""

from __future__ import annotations

from sqlalchemy import select

from portal.core.crypto import current_keyring
from portal.core.database import db
from portal.domain.participants import Participant, social_insurance_place
from portal.domain.tenants import Tenant
from portal.participants.errors import NumberMissing, NumberOff, ParticipantUnknown


def uses_numbers(tenant_id: int) -> bool:
    """Return whether the tenant's administrator switched numbers on; otherwise none is shown."""
    used = select(Tenant.sends_social_insurance_number).where(Tenant.id == tenant_id)
    return bool(db.session.scalar(used))


def open_number(participant_id: int) -> str:
    """Return the number in full, of a participant of the session's tenant.

    Raises NotFound `participant-unknown`; Refusal `number-off` where the tenant uses none, `number-missing`.
    """
    columns = (Participant.tenant_id, Participant.number, Participant.social_insurance_number_encrypted)
    person = db.session.execute(select(*columns).where(Participant.id == participant_id)).first()
    if person is None:
        raise ParticipantUnknown
    if not uses_numbers(person.tenant_id):
        raise NumberOff
    if person.social_insurance_number_encrypted is None:
        raise NumberMissing
    place = social_insurance_place(person.tenant_id, person.number)
    return current_keyring().decrypt(person.social_insurance_number_encrypted, place).decode()
