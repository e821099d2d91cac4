"""Whether a frozen delivery may still be sent (docs/domain.md#removal-brake, #withdrawn-consent)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import exists, or_, select

from portal.core.database import db
from portal.domain.deliveries import Delivery, DeliveryPerson
from portal.domain.delivery_states import DeliveryProblem, Inclusion, Mode
from portal.domain.releases import Registration
from portal.domain.rules.preflight import ENDING, Finding, tenant_preflight
from portal.domain.states import ParticipantState
from portal.domain.tenants import Connection, Tenant
from portal.releases.conditions import has_own_finding
from portal.releases.states import refresh_due
from portal.tenants.queries import tenant_facts, today_of

_LICENCE = frozenset({Finding.LICENCE_MISSING, Finding.LICENCE_EXPIRED})


def blocking_problem(delivery: Delivery, now: dt.datetime) -> DeliveryProblem | None:
    """Return why a frozen delivery must not be sent: a person in it lost release or consent, or the licence ended."""
    tenant = db.session.get_one(Tenant, delivery.tenant_id)
    today = today_of(tenant, now)
    refresh_due(delivery.tenant_id, now)
    if _somebody_lost(delivery):
        return DeliveryProblem.NO_LONGER_ALLOWED
    connection = db.session.get_one(Connection, delivery.connection_id)
    only_withdraws = delivery.mode is Mode.DELTA and not delivery.counts.get("participant")
    findings = tenant_preflight(tenant_facts(tenant, connection), today)
    return DeliveryProblem.NOT_LICENSED if not only_withdraws and _LICENCE & set(findings) else None


def _somebody_lost(delivery: Delivery) -> bool:
    lost = (
        select(DeliveryPerson.id)
        .join(ParticipantState, ParticipantState.participant_id == DeliveryPerson.participant_id)
        .outerjoin(
            Registration,
            (Registration.participant_id == DeliveryPerson.participant_id)
            & (Registration.connection_id == delivery.connection_id),
        )
        .where(
            DeliveryPerson.delivery_id == delivery.id,
            DeliveryPerson.part == Inclusion.NAMED,
            or_(~Registration.released, has_own_finding(ENDING)),
        )
    )
    return bool(db.session.scalar(select(exists(lost.subquery().select()))))
