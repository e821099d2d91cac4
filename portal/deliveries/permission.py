"""Whether a frozen delivery may still be sent, and abandoning one whose outcome is unknown.

Source: docs/domain.md#removal-brake, #withdrawn-consent.
"""

from __future__ import annotations

import datetime as dt

import structlog
from sqlalchemy import exists, or_, select

from portal.core.database import commit, db, utcnow
from portal.core.leases import Lease, renew
from portal.deliveries.attempts import client_for, recording
from portal.deliveries.refusals import is_not_found
from portal.deliveries.service import cancel, replan
from portal.domain.actors import SYSTEM
from portal.domain.deliveries import Delivery, DeliveryPerson
from portal.domain.delivery_states import DeliveryProblem, Inclusion, Mode
from portal.domain.participants import Participant
from portal.domain.releases import Registration
from portal.domain.rules.preflight import Finding, tenant_preflight
from portal.domain.tenants import Connection, Tenant
from portal.networks.protocol.client import NetworkClient, NetworkError, Refused
from portal.releases.conditions import consent_lost
from portal.tenants.queries import tenant_facts, today_of

log = structlog.get_logger()

_LICENCE = frozenset({Finding.LICENCE_MISSING, Finding.LICENCE_EXPIRED})


def blocking_problem(delivery: Delivery, now: dt.datetime) -> DeliveryProblem | None:
    """Why a frozen delivery must not go out any more: somebody named lost release or consent, or the licence ended."""
    tenant = db.session.get_one(Tenant, delivery.tenant_id)
    today = today_of(tenant, now)
    if _somebody_lost(delivery, today):
        return DeliveryProblem.NO_LONGER_ALLOWED
    connection = db.session.get_one(Connection, delivery.connection_id)
    only_withdraws = delivery.mode is Mode.DELTA and not delivery.counts.get("participant")
    findings = tenant_preflight(tenant_facts(tenant, connection), today)
    return DeliveryProblem.NOT_LICENSED if not only_withdraws and _LICENCE & set(findings) else None


def _somebody_lost(delivery: Delivery, today: dt.date) -> bool:
    lost = (
        select(DeliveryPerson.id)
        .join(Participant, Participant.id == DeliveryPerson.participant_id)
        .outerjoin(
            Registration,
            (Registration.participant_id == DeliveryPerson.participant_id)
            & (Registration.connection_id == delivery.connection_id),
        )
        .where(
            DeliveryPerson.delivery_id == delivery.id,
            DeliveryPerson.part == Inclusion.NAMED,
            or_(~Registration.released, consent_lost(today), Participant.left_at.is_not(None)),
        )
    )
    return bool(db.session.scalar(select(exists(lost.subquery().select()))))


def yield_to_urgent(delivery: Delivery, problem: DeliveryProblem, now: dt.datetime) -> None:
    """Discard a delivery that must not go; it is planned anew, unless nothing may go. The caller commits."""
    cancel(delivery, problem, SYSTEM, now)
    if problem is not DeliveryProblem.NOT_LICENSED:
        replan(delivery, now)


def abandon_at_network(
    held: Lease[Delivery], connection_id: int, remote_id: str, client: NetworkClient
) -> bool:
    """Take back a delivery whose commit was attempted and which must not go any more; whether that worked.

    Where nobody knows what became of the commit, repeating it might make count what must not. The network is asked
    to give the delivery up instead: it does, or says that it counts already. Raises NetworkError.
    """
    delivery = renew(held, utcnow())
    problem = blocking_problem(delivery, utcnow())
    commit()
    if problem is None:
        return False
    try:
        with recording(client, connection_id, held.tenant_id, held.row_id):
            client.abandon_delivery(remote_id)
    except Refused as error:
        if error.word == "already-committed":
            return False
        if not is_not_found(error):  # as after an earlier try
            raise
    now = utcnow()
    delivery = renew(held, now)
    delivery.commit_attempted_at, delivery.outcome_unknown = None, False
    db.session.flush()
    yield_to_urgent(delivery, problem, now)
    commit()
    return True


def abandon(held: Lease[Delivery]) -> None:
    """Give up at the network what was opened there and never committed. Best effort: it has no effect anyway."""
    delivery = renew(held, utcnow())
    connection = db.session.get_one(Connection, delivery.connection_id)
    remote_id, tenant_id = delivery.remote_id, delivery.tenant_id
    if remote_id is None or connection.token_sealed is None:
        commit()
        return
    with client_for(connection) as client:
        commit()
        try:
            with recording(client, connection.id, tenant_id, held.row_id):
                client.abandon_delivery(remote_id)
        except NetworkError as error:
            log.info("abandon_failed", delivery=held.row_id, problem=error.word)
