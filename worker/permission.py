"""Whether a frozen delivery may still go, and taking one back of which nobody knows what became (design §4.5, §6)."""

from __future__ import annotations

import datetime as dt

import structlog
from sqlalchemy import exists, or_, select

from portal.accounts.actor import SYSTEM
from portal.database import commit, db, utcnow
from portal.deliveries.claims import Claim, hold_claim
from portal.deliveries.models import Delivery, DeliveryPerson
from portal.deliveries.service import give_up, plan_anew
from portal.deliveries.states import Mode, Part, Problem
from portal.people.models import Participant
from portal.releases.conditions import consent_lost
from portal.releases.models import Presence
from portal.releases.preflight import Finding, tenant_preflight
from portal.tenants.models import Connection, Tenant
from portal.tenants.queries import tenant_facts, today_of
from worker.attempts import client_for, recording
from worker.network import NetworkClient, NetworkError, Refused
from worker.refusals import is_not_found

log = structlog.get_logger()

_LICENCE = frozenset({Finding.LICENCE_MISSING, Finding.LICENCE_EXPIRED})


def what_forbids(delivery: Delivery, now: dt.datetime) -> Problem | None:
    """Why a frozen delivery must not go out any more: somebody named lost release or consent, or the licence ended."""
    tenant = db.session.get_one(Tenant, delivery.tenant_id)
    today = today_of(tenant, now)
    if _somebody_lost(delivery, today):
        return Problem.NO_LONGER_ALLOWED
    connection = db.session.get_one(Connection, delivery.connection_id)
    only_withdraws = delivery.mode is Mode.DELTA and not delivery.counts.get("participant")
    findings = tenant_preflight(tenant_facts(tenant, connection), today)
    return Problem.NOT_LICENSED if not only_withdraws and _LICENCE & set(findings) else None


def _somebody_lost(delivery: Delivery, today: dt.date) -> bool:
    lost = (
        select(DeliveryPerson.id)
        .join(Participant, Participant.id == DeliveryPerson.participant_id)
        .outerjoin(
            Presence,
            (Presence.participant_id == DeliveryPerson.participant_id)
            & (Presence.connection_id == delivery.connection_id),
        )
        .where(
            DeliveryPerson.delivery_id == delivery.id,
            DeliveryPerson.part == Part.NAMED,
            or_(~Presence.released, consent_lost(today), Participant.left_at.is_not(None)),
        )
    )
    return bool(db.session.scalar(select(exists(lost.subquery().select()))))


def give_way(delivery: Delivery, problem: Problem, now: dt.datetime) -> None:
    """Discard a delivery that must not go; it is planned anew, unless nothing may go. The caller commits."""
    give_up(delivery, problem, SYSTEM, now)
    if problem is not Problem.NOT_LICENSED:
        plan_anew(delivery, now)


def take_back(held: Claim, connection_id: int, remote_id: str, client: NetworkClient) -> bool:
    """Take back a delivery whose commit was attempted and which must not go any more; whether that worked.

    Where nobody knows what became of the commit, repeating it might make count what must not. The network is asked
    to give the delivery up instead: it does, or says that it counts already. Raises NetworkError.
    """
    delivery = hold_claim(held, utcnow())
    problem = what_forbids(delivery, utcnow())
    commit("send.looked-again")
    if problem is None:
        return False
    try:
        with recording(client, connection_id, held.tenant_id, held.delivery_id):
            client.abandon_delivery(remote_id)
    except Refused as error:
        if error.word == "already-committed":
            return False
        if not is_not_found(error):  # as after an earlier try
            raise
    now = utcnow()
    delivery = hold_claim(held, now)
    delivery.commit_attempted_at, delivery.outcome_unknown = None, False
    db.session.flush()
    give_way(delivery, problem, now)
    commit("send.taken-back")
    return True


def abandon(held: Claim) -> None:
    """Give up at the network what was opened there and never committed. Best effort: it has no effect anyway."""
    delivery = hold_claim(held, utcnow())
    connection = db.session.get_one(Connection, delivery.connection_id)
    remote_id, tenant_id = delivery.remote_id, delivery.tenant_id
    if remote_id is None or connection.token_sealed is None:
        commit("send.nothing-to-abandon")
        return
    with client_for(connection) as client:
        commit("send.abandoning")
        try:
            with recording(client, connection.id, tenant_id, held.delivery_id):
                client.abandon_delivery(remote_id)
        except NetworkError as error:
            log.info("abandon_failed", delivery=held.delivery_id, problem=error.word)
