"""What was sent, read back from the frozen parts."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass

from sqlalchemy import select

from portal.core.crypto import current_keyring
from portal.core.database import db
from portal.deliveries.records import Record
from portal.domain.deliveries import Delivery, DeliveryPart, DeliveryPerson, part_place
from portal.domain.delivery_states import Inclusion
from portal.domain.participants import Participant
from portal.domain.rules.status import Outcome


@dataclass(frozen=True)
class Confirmed:
    """The newest record of a person that the network acknowledged as active."""

    delivery: Delivery
    record: Record | None
    """None where it is not kept any more."""


def part_content(delivery_id: int, number: int) -> bytes:
    """Return the bytes of a frozen part, as sent."""
    encrypted = db.session.scalars(
        select(DeliveryPart.content_encrypted).where(
            DeliveryPart.delivery_id == delivery_id, DeliveryPart.number == number
        )
    ).one()
    return current_keyring().decrypt(encrypted, part_place(delivery_id, number))


def find_confirmed(connection_id: int, person: Participant) -> Confirmed | None:
    """What the network last acknowledged of a person; None where it never did."""
    found = db.session.execute(
        select(DeliveryPerson, Delivery)
        .join(Delivery, Delivery.id == DeliveryPerson.delivery_id)
        .where(
            DeliveryPerson.participant_id == person.id,
            DeliveryPerson.part == Inclusion.NAMED,
            DeliveryPerson.outcome == Outcome.ACTIVE.value,
            Delivery.connection_id == connection_id,
        )
        .order_by(Delivery.sequence.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        return None
    row, delivery = found
    return Confirmed(delivery, find_record(row, person.sent_number))


def find_record(row: DeliveryPerson, number: str) -> Record | None:
    """What a delivery said of a person; None where it is not kept any more, or said nothing of them."""
    if row.part_number is None or not _is_kept(row.delivery_id, row.part_number):
        return None
    wanted = json.dumps(number, ensure_ascii=False).encode()
    for line in gzip.decompress(part_content(row.delivery_id, row.part_number)).splitlines():
        if wanted in line:  # most lines are about other participants: they are not parsed
            record: Record = json.loads(line)
            if record.get("type") == "participant" and record.get("participant_id") == number:
                return record
    return None


def _is_kept(delivery_id: int, number: int) -> bool:
    query = select(DeliveryPart.id).where(
        DeliveryPart.delivery_id == delivery_id, DeliveryPart.number == number
    )
    return db.session.scalar(query) is not None
