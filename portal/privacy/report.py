"""Everything that is known about one participant, for a request under Art. 15 or 20 GDPR; plain values.

A social insurance number is never among them (docs/domain.md#rules): only that it is kept and sent, and since when.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import undefer

from portal.core.database import db
from portal.core.masking import MASK
from portal.deliveries.comparison import MASKED
from portal.domain.audit import AuditEntry
from portal.domain.deliveries import Delivery
from portal.domain.participants import Mediator, Order, Participant, Profile
from portal.domain.releases import ProtocolEntry, Registration, Release
from portal.domain.tenants import Connection, Tenant
from portal.participants.errors import ParticipantUnknown
from portal.privacy.queries import find_hindrance
from portal.privacy.transmissions import Values, find_transmissions

FORMAT = "jobbruecke-person-report/1"
MASTER = (
    "number",
    "salutation",
    "last_name",
    "first_name",
    "birth_date",
    "street",
    "postal_code",
    "city",
    "email",
    "phone",
    "caseworker",
    "left_order_on",
    "consent_on",
    "consent_until",
    "consent_withdrawn_on",
)
"""Columns of a participant that are told as they are."""


@dataclass(frozen=True)
class Subject:
    """The participant, with the tenant that answers for their data."""

    tenant: Tenant
    person: Participant
    now: dt.datetime


def collect(participant_id: int, now: dt.datetime) -> Values:
    """The report as values that JSON can hold, dates and times being objects. Raises NotFound."""
    person = db.session.scalar(
        select(Participant)
        .where(Participant.id == participant_id)
        .options(undefer(Participant.social_insurance_number_encrypted))
    )
    if person is None:
        raise ParticipantUnknown
    subject = Subject(db.session.get_one(Tenant, person.tenant_id), person, now)
    connections = {row.id: row for row in db.session.scalars(select(Connection))}
    releases = _releases(person.id, connections)
    transmissions = find_transmissions(person, connections, releases)
    return {
        "format": FORMAT,
        "created_at": now,
        "controller": subject.tenant.name,
        "person": _master(subject),
        "social_insurance_number": _number(subject, transmissions),
        "profile": _profile(person.id),
        "networks": _networks(person.id, connections),
        "releases": [values for values, _release in releases],
        "transmissions": transmissions,
        "protocol": _protocol(person.id, connections),
        "accesses": _accesses(person.id),
        "retention": {
            "months_after_last_activity": subject.tenant.protocol_months,
            "contents_days": subject.tenant.payload_days,
            "erasure_hindered_by": find_hindrance(person.id),
        },
    }


def _master(subject: Subject) -> Values:
    person = subject.person
    order = db.session.get(Order, person.order_id) if person.order_id else None
    return {
        "source": "Qualli.life",
        "last_changed_at": person.changed_at,
        "left_qualli_at": person.left_at,
        **{name: getattr(person, name) for name in MASTER},
        "number": person.sent_number,
        "order": {"number": order.number, "title": order.title} if order else None,
    }


def _number(subject: Subject, transmissions: list[Values]) -> Values:
    announced = [sent["committed_at"] for sent in transmissions if MASKED in (sent["content"] or {})]
    return {
        "kept": subject.person.social_insurance_number_encrypted is not None,
        "kept_since": subject.person.social_insurance_number_since,
        "sending_is_on": subject.tenant.sends_social_insurance_number,
        "sent": bool(announced),
        "sent_since": min(announced, default=None),
        "shown": MASK if subject.person.social_insurance_number_encrypted is not None else None,
    }


def _profile(participant_id: int) -> list[Values]:
    found = db.session.scalar(select(Profile.entries).where(Profile.participant_id == participant_id))
    return list(found or [])


def _networks(participant_id: int, connections: dict[int, Connection]) -> list[Values]:
    query = (
        select(Registration).where(Registration.participant_id == participant_id).order_by(Registration.id)
    )
    return [
        {
            "network": connections[row.connection_id].network,
            "status": row.status,
            "applicant_id": row.applicant_id,
            "announced": row.announced,
            "answer_awaited_since": row.waiting_since,
            "archive_reason": row.archive_reason,
            "rejection_reason": row.rejection_reason,
            "mediator": _mediator(row.mediator_id),
        }
        for row in db.session.scalars(query)
    ]


def _mediator(mediator_id: int | None) -> Values | None:
    found = db.session.get(Mediator, mediator_id) if mediator_id else None
    return {"number": found.number, "name": f"{found.first_name} {found.last_name}"} if found else None


def _releases(participant_id: int, connections: dict[int, Connection]) -> list[tuple[Values, Release]]:
    query = select(Release).where(Release.participant_id == participant_id).order_by(Release.id)
    return [
        (
            {
                "network": connections[row.connection_id].network,
                "released_at": row.released_at,
                "released_by": row.released_by,
                "consent_confirmed": row.consent_confirmed,
                "ended_at": row.ended_at,
                "ended_by": row.ended_by,
                "end_cause": row.end_cause,
            },
            row,
        )
        for row in db.session.scalars(query)
    ]


def _protocol(participant_id: int, connections: dict[int, Connection]) -> list[Values]:
    query = (
        select(ProtocolEntry, Delivery.sequence)
        .outerjoin(Delivery, Delivery.id == ProtocolEntry.delivery_id)
        .where(ProtocolEntry.participant_id == participant_id)
        .order_by(ProtocolEntry.id)
    )
    return [
        {
            "at": entry.at,
            "event": entry.event,
            "by": entry.by,
            "network": connections[entry.connection_id].network if entry.connection_id else None,
            "delivery": sequence,
            "data": entry.data,
        }
        for entry, sequence in db.session.execute(query)
    ]


def _accesses(participant_id: int) -> list[Values]:
    """What the audit says was done to them, and who of the operator looked at them."""
    query = select(AuditEntry).where(
        AuditEntry.subject == "participant", AuditEntry.subject_id == participant_id
    )
    return [
        {
            "at": entry.at,
            "event": entry.event,
            "by": entry.by,
            "role": entry.role,
            "page": entry.data.get("page"),
        }
        for entry in db.session.scalars(query.order_by(AuditEntry.id))
    ]
