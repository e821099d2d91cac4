"""Approve or discard a held delivery. Never commits."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from portal.accounts.second_person import Starter, require_second
from portal.core.database import db
from portal.core.queue import enqueue_after_commit
from portal.deliveries.errors import AccountDoubted, ChangedSinceShown, NextIsDue, NotHeld, Reconcile
from portal.deliveries.service import cancel
from portal.deliveries.transitions import APPROVE, APPROVE_UNBUILT, move
from portal.domain.actors import Actor
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import ACCOUNT_DOUBTS, DeliveryProblem, DeliveryState
from portal.domain.tenants import Connection, ConnectionState, Tenant


def approve(delivery_id: int, shown_digest: str, actor: Actor, now: dt.datetime) -> Delivery:
    """Approve a held delivery, exactly as it was shown, by another person than the one who started it.

    Raises Refusal `not-held`, `same-person`, `link-seen`, `changed-since-shown`, `reconcile`, and `next-is-due`
    even before cron has discarded it: once the next is due, what was shown is void (docs/domain.md#removal-brake).
    """
    delivery = db.session.get_one(Delivery, delivery_id)
    if delivery.state is not DeliveryState.HELD:
        raise NotHeld(number=delivery.sequence)
    if delivery.problem is DeliveryProblem.RECONCILE:
        raise Reconcile
    if delivery.problem in ACCOUNT_DOUBTS:
        raise AccountDoubted
    require_second(starter_of(delivery), actor)
    if _next_is_due(delivery, now):
        raise NextIsDue(number=delivery.sequence)
    was, transition = delivery.problem, APPROVE if delivery.built_at else APPROVE_UNBUILT
    shown = Delivery.shown_digest == shown_digest
    if not move(delivery, transition, now, shown, approved_by=actor.initials):
        raise ChangedSinceShown(number=delivery.sequence)
    if was is DeliveryProblem.UNKNOWN_HOLDINGS:
        db.session.get_one(Connection, delivery.connection_id).holdings_known = True
    enqueue_after_commit(Delivery, delivery.id)
    return delivery


def discard(delivery_id: int, actor: Actor, now: dt.datetime) -> Delivery:
    """Discard a held delivery. Raises Refusal `not-held`, `same-person`, `link-seen`."""
    delivery = db.session.get_one(Delivery, delivery_id)
    if delivery.state is DeliveryState.HELD:
        require_second(starter_of(delivery), actor)
        if cancel(delivery, DeliveryProblem.BY_PERSON, actor, now):
            return delivery
    raise NotHeld(number=delivery.sequence)


def starter_of(delivery: Delivery) -> Starter:
    """Who has started it."""
    return Starter(delivery.started_by, delivery.started_by_account_id)


def _next_is_due(delivery: Delivery, now: dt.datetime) -> bool:
    """Return whether the tenant's next transfer is due, which replaces what waits on its open connection."""
    due = (
        select(Tenant.id)
        .join(Connection, Connection.tenant_id == Tenant.id)
        .where(
            Connection.id == delivery.connection_id,
            Connection.state == ConnectionState.OPEN,
            Tenant.next_transfer_at <= now,
        )
    )
    return db.session.scalar(due) is not None
