"""Whether a frozen delivery may still be sent, and to this account.

Source: docs/domain.md#removal-brake, #withdrawn-consent.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import exists, or_, select

from portal.core.database import db
from portal.deliveries.account_checks import take_in
from portal.deliveries.outcomes import Stop
from portal.deliveries.refusals import reconcile
from portal.deliveries.transitions import DISCARD, FAIL, HOLD
from portal.domain.deliveries import Delivery, DeliveryPart, DeliveryPerson
from portal.domain.delivery_states import DeliveryProblem, Inclusion, Mode
from portal.domain.releases import Registration
from portal.domain.rules.preflight import ENDING, Finding, tenant_preflight
from portal.domain.states import ParticipantState
from portal.domain.tenants import Connection, Tenant
from portal.networks.protocol.contract import Account
from portal.releases.conditions import has_own_finding
from portal.releases.states import refresh_due
from portal.tenants.queries import tenant_facts, today_of

_LICENCE = frozenset({Finding.LICENCE_MISSING, Finding.LICENCE_EXPIRED})


def blocking_problem(delivery: Delivery, now: dt.datetime) -> DeliveryProblem | None:
    """Return why a frozen delivery must not be sent: a person in it lost release or consent, or the licence ended."""
    tenant = db.session.get_one(Tenant, delivery.tenant_id)
    today = today_of(tenant, now)
    refresh_due(delivery.tenant_id, now)
    if _is_any_blocked(delivery):
        return DeliveryProblem.NO_LONGER_ALLOWED
    connection = db.session.get_one(Connection, delivery.connection_id)
    only_withdraws = delivery.mode is Mode.DELTA and not delivery.counts.get("participant")
    findings = tenant_preflight(tenant_facts(tenant, connection), today)
    return DeliveryProblem.NOT_LICENSED if not only_withdraws and _LICENCE & set(findings) else None


def _is_any_blocked(delivery: Delivery) -> bool:
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


def judge_account(delivery: Delivery, account: Account, now: dt.datetime) -> Stop | None:
    """Return why a delivery cannot go to the account that the token opens."""
    connection = db.session.get_one(Connection, delivery.connection_id, populate_existing=True)
    doubt = take_in(connection, account, now)
    if doubt is DeliveryProblem.WRONG_NETWORK:
        return Stop(DeliveryProblem.REFUSED, FAIL, f"token of {account.network}")
    if doubt:
        return Stop(doubt, HOLD)
    if account.last_sequence > connection.attempted_sequence:
        return reconcile(delivery, connection, now)
    if delivery.mode is Mode.FULL and not connection.holdings_known:
        return Stop(DeliveryProblem.UNKNOWN_HOLDINGS, HOLD)
    if _has_parts_too_large(delivery, connection):  # the limit was not known, or higher, when it was built
        return Stop(DeliveryProblem.REPLACED, DISCARD, replan_at=now)
    return None


def _has_parts_too_large(delivery: Delivery, connection: Connection) -> bool:
    """Return whether the network would refuse a part that could be cut smaller; a single record cannot."""
    query = select(DeliveryPart.id).where(
        DeliveryPart.delivery_id == delivery.id,
        DeliveryPart.size > connection.max_part_bytes,
        DeliveryPart.records > 1,
    )
    return db.session.scalar(query.limit(1)) is not None
