"""The facts about connections that notices are opened and closed by, of all tenants at once."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, replace

from sqlalchemy import and_, func, or_, select

from portal.core.database import db
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import AWAITING, UNCOMMITTED, DeliveryProblem, DeliveryState
from portal.domain.participants import Mediator, Participant
from portal.domain.releases import Registration, Release
from portal.domain.rules.notice_facts import ConnectionFacts
from portal.domain.rules.notices import NOTHING_SENT_AFTER
from portal.domain.rules.phase import Phase
from portal.domain.rules.preflight import tenant_preflight
from portal.domain.states import ParticipantState
from portal.domain.tenants import Connection, ConnectionState, Tenant
from portal.tenants.queries import tenant_facts, today_of

STUCK_AFTER = 3
"""Questions for the answers to one delivery in a row that brought none, after which people are told."""


@dataclass(frozen=True)
class _Found:
    """What was found about all connections, by connection."""

    uncommitted: dict[int, Delivery]
    waiting_since: dict[int, dt.datetime]
    stuck: dict[int, Delivery]
    clarifications: dict[int, int]
    unknown_mediators: dict[int, dict[str, int]]
    sent_at: dict[int, dt.datetime]


def find_connection_facts(tenants: dict[int, Tenant], now: dt.datetime) -> list[ConnectionFacts]:
    """Return the facts about every connection that is not closed; `tenants` by row."""
    rows = db.session.scalars(select(Connection).where(Connection.state != ConnectionState.CLOSED)).all()
    found = _Found(_uncommitted(), _waiting(), _stuck(), _clarifications(), _unknown_mediators(), _sent(now))
    return [_connection(tenants[it.tenant_id], it, found, now) for it in rows]


def _connection(tenant: Tenant, connection: Connection, found: _Found, now: dt.datetime) -> ConnectionFacts:
    findings = tuple(tenant_preflight(tenant_facts(tenant, connection), today_of(tenant, now)))
    stuck = found.stuck.get(connection.id)
    facts = ConnectionFacts(
        tenant_id=tenant.id,
        connection_id=connection.id,
        federal_state=tenant.federal_state,
        time_zone=tenant.time_zone,
        open=connection.state is ConnectionState.OPEN,
        may_send=not findings,
        next_transfer_at=tenant.next_transfer_at,
        waiting_since=found.waiting_since.get(connection.id),
        stuck=stuck.sequence if stuck else None,
        stuck_by=stuck.problem.value if stuck and stuck.problem else None,
        clarifications=found.clarifications.get(connection.id, 0),
        unknown_mediators=found.unknown_mediators.get(connection.id, {}),
        sent_at=found.sent_at.get(connection.id),
        quarantined_at=connection.quarantined_at,
        connection_problem=connection.problem,
        reconcile_since=connection.reconcile_since,
        account_doubt=connection.account_doubt,
        network_licence_until=connection.network_licensed_until,
    )
    delivery = found.uncommitted.get(connection.id)
    return facts if delivery is None else _with_delivery(facts, delivery)


def _with_delivery(facts: ConnectionFacts, delivery: Delivery) -> ConnectionFacts:
    """Add what is known about the delivery under way."""
    return replace(
        facts,
        uncommitted=delivery.sequence,
        uncommitted_since=delivery.created_at,
        held=delivery.state is DeliveryState.HELD,
        deciding=delivery.state is DeliveryState.PLANNED,
        problem=delivery.problem.value if delivery.problem else None,
        outcome_unknown_since=delivery.commit_attempted_at if delivery.outcome_unknown else None,
    )


def _uncommitted() -> dict[int, Delivery]:
    """Return the one delivery under way of each connection."""
    found = db.session.scalars(select(Delivery).where(Delivery.state.in_(UNCOMMITTED)))
    return {it.connection_id: it for it in found}


def _stuck() -> dict[int, Delivery]:
    """The oldest delivery of each connection whose answers do not get on."""
    query = select(Delivery).where(
        Delivery.state.in_(AWAITING),
        Delivery.problem.is_not(None),
        or_(Delivery.problem == DeliveryProblem.FORGOTTEN, Delivery.fruitless >= STUCK_AFTER),
    )
    found = db.session.scalars(query.order_by(Delivery.sequence.desc()))
    return {it.connection_id: it for it in found}


def _waiting() -> dict[int, dt.datetime]:
    """Since when the longest waiting person of each connection waits for an answer."""
    since = func.min(Registration.waiting_since)
    query = select(Registration.connection_id, since).where(Registration.waiting_since.is_not(None))
    found = db.session.execute(query.group_by(Registration.connection_id))
    return {connection_id: first for connection_id, first in found if first}


def _clarifications() -> dict[int, int]:
    """How many people of each connection have something to be looked into: an answer, or whose the identifier is."""
    query = select(Registration.connection_id, func.count()).group_by(Registration.connection_id)
    answers = query.where(Registration.clarification.is_not(None))
    doubted = query.join(Participant, Participant.id == Registration.participant_id).where(
        Participant.doubted_identity.is_not(None), Registration.clarification.is_(None)
    )
    counted: Counter[int] = Counter()
    for number, people in (*db.session.execute(answers), *db.session.execute(doubted)):
        counted[number] += people
    return counted


def _unknown_mediators() -> dict[int, dict[str, int]]:
    """Whom networks archived released people for want of: numbers of mediators, and how many people, by connection."""
    query = (
        select(Connection.id, Mediator.number, func.count())
        .select_from(ParticipantState)
        .join(
            Connection,
            (Connection.tenant_id == ParticipantState.tenant_id) & (Connection.state == ConnectionState.OPEN),
        )
        .join(Mediator, Mediator.id == ParticipantState.mediator_id)
        .where(ParticipantState.phase == Phase.MEDIATOR_UNKNOWN)
        .group_by(Connection.id, Mediator.number)
    )
    found: dict[int, dict[str, int]] = {}
    for connection_id, number, people in db.session.execute(query):
        found.setdefault(connection_id, {})[number] = people
    return found


def _sent(now: dt.datetime) -> dict[int, dt.datetime]:
    """When a delivery was last committed, or the first of the people released today was, whatever is later.

    Only of connections where that was long ago and a participant is released: all others are no news.
    """
    newest = and_(Delivery.connection_id == Connection.id, Delivery.sequence == Connection.committed_sequence)
    query = (
        select(Connection.id, Delivery.committed_at)
        .outerjoin(Delivery, newest)
        .where(
            Connection.state == ConnectionState.OPEN,
            or_(Delivery.id.is_(None), Delivery.committed_at < now - NOTHING_SENT_AFTER),
        )
    )
    found = {row[0]: row[1] for row in db.session.execute(query)}
    released = (
        select(Release.connection_id, func.min(Release.released_at))
        .where(Release.connection_id.in_(found), Release.ended_at.is_(None))
        .group_by(Release.connection_id)
    )
    return {
        connection_id: max(filter(None, (found[connection_id], first)))
        for connection_id, first in db.session.execute(released)
    }
