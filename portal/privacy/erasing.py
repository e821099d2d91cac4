"""Erasing people with everything about them. Never commits; what is chained stays verifiable.

Lines of protocols go through `erased_entry`: the database lets no other go, and verification knows that they are gone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, Table, delete, insert, literal, select

from portal.core.database import db
from portal.deliveries.strangers import hide_all
from portal.domain.audit import ErasedEntry
from portal.domain.bulk import BulkItem
from portal.domain.deliveries import Delivery, DeliveryPart, DeliveryPerson, OddAnswer
from portal.domain.delivery_states import ENDED, Inclusion
from portal.domain.participants import Participant, ParticipantWord, Profile
from portal.domain.releases import ProtocolEntry, Registration, Release
from portal.domain.states import ParticipantState
from portal.privacy.queries import is_blocked
from portal.releases.counts import take_away

OWNED = (BulkItem, DeliveryPerson, ParticipantState, ParticipantWord, Registration, Profile, Release)
"""Tables whose rows are about one participant, in an order that foreign keys allow; ProtocolEntry goes its own way."""


@dataclass(frozen=True)
class Erased:
    """How much went."""

    people: int = 0
    entries: int = 0
    parts: int = 0


def lock_unhindered(participant_ids: Sequence[int]) -> dict[int, str]:
    """Lock and return those who may be erased: row and number. They cannot be released until the transaction ends.

    Registrations first, then participants: the order in which a release takes them, so that the two never wait for each
    other. SQLite has one writer anyway.
    """
    present = (
        select(Registration.id)
        .where(Registration.participant_id.in_(participant_ids))
        .order_by(Registration.id)
    )
    db.session.execute(present.with_for_update()).all()
    people = select(Participant.id).where(Participant.id.in_(participant_ids)).order_by(Participant.id)
    db.session.execute(people.with_for_update()).all()
    free = select(Participant.id, Participant.number).where(
        Participant.id.in_(participant_ids), ~is_blocked()
    )
    return {row.id: row.number for row in db.session.execute(free)}


def erase_people(participant_ids: Sequence[int], now: dt.datetime) -> Erased:
    """Erase those of these people whom nothing hinders; how much went."""
    free = lock_unhindered(participant_ids)
    if not free:
        return Erased()
    ids = list(free)
    parts = _erase_parts(ids)
    entries = _erase_protocol(ids, now)
    take_away(ids)
    for model in _in_order():
        _done(delete(model).where(model.participant_id.in_(ids)))
    former = db.session.scalars(select(Participant.former_number).where(Participant.id.in_(ids))).all()
    numbers = {*free.values(), *filter(None, former)}
    tenants = set(db.session.scalars(select(Participant.tenant_id).where(Participant.id.in_(ids))))
    numbers |= {mark for tenant_id in tenants for mark in hide_all(tenant_id, numbers)}
    _done(delete(OddAnswer).where(OddAnswer.subject == "participant", OddAnswer.number.in_(numbers)))
    people = _done(delete(Participant).where(Participant.id.in_(ids)))
    db.session.expire_all()
    return Erased(people, entries, parts)


def _in_order() -> list[Any]:
    """A registration names its release: it goes first."""
    return sorted(OWNED, key=lambda model: model is Release)


def _erase_protocol(ids: Sequence[int], now: dt.datetime) -> int:
    """Record that the lines are erased, in a sealed entry, then delete them."""
    table = cast("Table", ProtocolEntry.__table__)
    lines = select(
        table.c.tenant_id, literal(table.name), table.c.id, literal(now, type_=table.c.at.type)
    ).where(table.c.participant_id.in_(ids))
    said = insert(ErasedEntry).from_select(["tenant_id", "kind", "entry_id", "at"], lines)
    db.session.execute(said, execution_options={"synchronize_session": False})
    return _done(delete(ProtocolEntry).where(ProtocolEntry.participant_id.in_(ids)))


def _erase_parts(ids: Sequence[int]) -> int:
    """Erase the frozen parts that hold their records, with the other records in them: they are not sent again."""
    theirs = (
        select(DeliveryPart.id)
        .join(DeliveryPerson, DeliveryPerson.delivery_id == DeliveryPart.delivery_id)
        .where(
            DeliveryPerson.participant_id.in_(ids),
            DeliveryPerson.part != Inclusion.OMITTED,
            (DeliveryPerson.part_number == DeliveryPart.number) | DeliveryPerson.part_number.is_(None),
        )
    )
    return _done(delete(DeliveryPart).where(DeliveryPart.id.in_(theirs)))


def erase_payloads(before: dt.datetime, limit: int) -> int:
    """Some of the frozen parts that are not sent again and are older than `before`; how many went."""
    old = (
        select(DeliveryPart.id)
        .join(Delivery, Delivery.id == DeliveryPart.delivery_id)
        .where(
            Delivery.created_at < before,
            Delivery.committed_at.is_not(None) | Delivery.state.in_(ENDED),
        )
        .order_by(DeliveryPart.id)
        .limit(limit)
    )
    ids = db.session.scalars(old).all()
    return _done(delete(DeliveryPart).where(DeliveryPart.id.in_(ids))) if ids else 0


def _done(statement: Delete) -> int:
    result = db.session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", result).rowcount
