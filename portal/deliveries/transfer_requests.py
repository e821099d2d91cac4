"""Transfers that a user wants now. Never commits."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import exists, func, or_, select

from portal.core.database import db
from portal.core.refusal import Refusal
from portal.deliveries.errors import NothingToTransfer
from portal.deliveries.service import Plan, plan
from portal.domain.actors import Actor
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import Mode, Trigger
from portal.domain.releases import Event, Registration
from portal.domain.rules.preflight import Finding
from portal.domain.tenants import Connection
from portal.releases.conditions import blocked, registered
from portal.releases.registrations import write_protocol
from portal.releases.states import refresh_due
from portal.tenants.context import TenantContext, load_tenant_context

_ONLY_WITHDRAWALS_PASS = frozenset({Finding.LICENCE_MISSING, Finding.LICENCE_EXPIRED})


def request_transfer(
    tenant_id: int, actor: Actor, now: dt.datetime, participant_ids: list[int] | None = None
) -> Delivery:
    """Plan a transfer that a user wants now: of everyone, or of these participants.

    Raises Refusal: the tenant's findings (`licence-…`, `network-…`), `reconcile`, `account-doubted`,
    `delivery-running`, `delivery-held`, `nothing-to-transfer`.
    """
    context = load_tenant_context(tenant_id, now)
    chosen = set(participant_ids) if participant_ids is not None else None
    _check_tenant(context, chosen)
    assert context.connection is not None
    if not _has_content(context, chosen):
        raise NothingToTransfer
    whole = chosen is None or context.connection.needs_full
    mode, selection = (Mode.FULL, None) if whole or chosen is None else (Mode.DELTA, sorted(chosen))
    delivery = plan(context.connection, Plan(mode, Trigger.NOW, actor, selection), now)
    if chosen:
        _note_request(context.connection, chosen, delivery, actor, now)
    return delivery


def _check_tenant(context: TenantContext, chosen: set[int] | None) -> None:
    """Refuse what the tenant may not; withdrawals need no licence."""
    findings = set(context.findings)
    if (
        findings
        and findings <= _ONLY_WITHDRAWALS_PASS
        and chosen is not None
        and not _names_any(context, chosen)
    ):
        return
    if findings:
        raise Refusal(context.findings[0].value)


def _names_any(context: TenantContext, chosen: set[int]) -> bool:
    query = registered(context).where(Registration.released, Registration.participant_id.in_(chosen))
    return bool(db.session.scalar(query.with_only_columns(func.count())))


def _has_content(context: TenantContext, chosen: set[int] | None) -> bool:
    """Return whether a transfer would name or withdraw any participant."""
    refresh_due(context.tenant.id, context.now)
    released, announced = Registration.released.expression, Registration.announced.expression
    to_name = released & ~blocked(context)
    to_withdraw = announced & ~released if chosen is not None else announced
    query = registered(context).where(or_(to_name, to_withdraw))
    if chosen is not None:
        query = query.where(Registration.participant_id.in_(chosen))
    return bool(
        db.session.scalar(select(exists(query.with_only_columns(Registration.id).subquery().select())))
    )


def _note_request(
    connection: Connection, chosen: set[int], delivery: Delivery, actor: Actor, now: dt.datetime
) -> None:
    """Note in the protocols of those chosen who wanted the transfer; in one statement, however many they are."""
    theirs = select(Registration).where(
        Registration.connection_id == connection.id, Registration.participant_id.in_(chosen)
    )
    for registration in db.session.scalars(theirs.order_by(Registration.participant_id)).all():
        write_protocol(registration, Event.TRANSFER_REQUESTED, actor, now, number=delivery.sequence)
