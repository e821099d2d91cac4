"""Planning a delivery, letting a held one go, discarding one. Never commits."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import exists, func, or_, select

from portal.accounts.second_person import Starter, require_second
from portal.core.database import db
from portal.core.queue import enqueue_after_commit
from portal.core.refusal import Refusal
from portal.deliveries.errors import (
    AccountDoubted,
    ChangedSinceShown,
    DeliveryHeld,
    DeliveryRunning,
    NextIsDue,
    NotHeld,
    NothingToTransfer,
    Reconcile,
)
from portal.deliveries.transitions import APPROVE, APPROVE_UNBUILT, DISCARD, move
from portal.domain.actors import SYSTEM, Actor
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import (
    ACCOUNT_DOUBTS,
    ONLY_WITHDRAWALS,
    DeliveryProblem,
    DeliveryState,
    Mode,
    Trigger,
)
from portal.domain.releases import Event, Registration
from portal.domain.rules.preflight import Finding
from portal.domain.tenants import Connection, ConnectionState, Tenant
from portal.releases.conditions import blocked, registered
from portal.releases.service import write_protocol
from portal.releases.states import refresh_due
from portal.tenants.context import TenantContext, find_uncommitted, load_tenant_context
from portal.tenants.queries import lock_connection

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
    if not _anybody_to_tell(context, chosen):
        raise NothingToTransfer
    whole = chosen is None or context.connection.needs_full
    mode, selection = (Mode.FULL, None) if whole or chosen is None else (Mode.DELTA, sorted(chosen))
    delivery = plan(context.connection, Plan(mode, Trigger.NOW, actor, selection), now)
    if chosen:
        _note_request(context.connection, chosen, delivery, actor, now)
    return delivery


@dataclass(frozen=True)
class Plan:
    """What a delivery is to tell, and what set it off."""

    mode: Mode
    cause: Trigger
    actor: Actor = SYSTEM
    selection: list[int] | None = None
    """Participants by row; None: everybody."""
    local_date: dt.date | None = None
    """The night it is made for."""
    late: bool = False
    supersedes_id: int | None = None
    """The delivery that gave way to this one."""


def plan(connection: Connection, what: Plan, now: dt.datetime) -> Delivery:
    """Give the next number of the connection to a new delivery, and enqueue it after commit.

    Raises Refusal `reconcile`, `account-doubted`, `delivery-running`, `delivery-held`: one uncommitted delivery at a
    time.
    """
    # the lock on the connection's row keeps two planners apart; the partial unique index would stop the second
    connection = lock_connection(connection.id)
    if connection.reconcile_since:
        raise Reconcile
    if connection.account_doubt:
        raise AccountDoubted
    ensure_no_open_delivery(find_uncommitted(connection.id))
    connection.last_sequence += 1
    delivery = Delivery(
        tenant_id=connection.tenant_id,
        connection_id=connection.id,
        sequence=connection.last_sequence,
        mode=what.mode,
        cause=what.cause,
        started_by=what.actor.initials,
        started_by_account_id=what.actor.account_id,
        selection=what.selection,
        local_date=what.local_date,
        late=what.late,
        state=DeliveryState.PLANNED,
        idempotency_key=str(uuid.uuid4()),
        created_at=now,
        next_step_at=now,
        supersedes_id=what.supersedes_id,
        counts={},
        answered={},
    )
    db.session.add(delivery)
    db.session.flush()
    enqueue_after_commit(Delivery, delivery.id)
    return delivery


def ensure_no_open_delivery(other: Delivery | None) -> None:
    """Refuse to plan beside an uncommitted delivery."""
    if other is not None:
        refusal = DeliveryHeld if other.state is DeliveryState.HELD else DeliveryRunning
        raise refusal(number=other.sequence)


def replan(given_up: Delivery, now: dt.datetime, cause: Trigger = Trigger.REBUILT) -> Delivery:
    """Plan a delivery in place of `given_up`, from a new snapshot."""
    connection = db.session.get_one(Connection, given_up.connection_id)
    again = Plan(
        Mode.FULL if connection.needs_full else given_up.mode,
        given_up.cause if given_up.local_date else cause,
        Actor(given_up.started_by, given_up.started_by_account_id),
        None if connection.needs_full else given_up.selection,
        given_up.local_date,
        given_up.late,
        given_up.supersedes_id,
    )
    return plan(connection, again, now)


def replan_superseded(delivery: Delivery, now: dt.datetime) -> None:
    """Plan again the delivery that had yielded to this one, if any."""
    if delivery.supersedes_id is not None:
        waiting = db.session.get_one(Delivery, delivery.supersedes_id)
        replan(waiting, now, waiting.cause)


def plan_withdrawals(connection: Connection, cause: Trigger, now: dt.datetime) -> Delivery | None:
    """Plan the delta of withdrawals that does not wait; None where one has to be waited for.

    A delivery whose commit was not yet attempted gives way, held or not, and is planned anew afterwards.
    """
    other = find_uncommitted(connection.id)
    anew = None
    if other is not None:
        if other.cause in ONLY_WITHDRAWALS and other.problem is None:
            return None
        if not cancel(other, DeliveryProblem.REPLACED, SYSTEM, now):
            return None
        anew = other.supersedes_id if other.cause in ONLY_WITHDRAWALS else other.id
    selection = None
    if cause is Trigger.CONSENT:
        selection = list(
            db.session.scalars(
                select(Registration.participant_id)
                .where(
                    Registration.connection_id == connection.id,
                    Registration.urgent,
                    Registration.announced,
                    ~Registration.released,
                )
                .limit(10_000)
            )
        )
        if not selection:
            return None
    return plan(connection, Plan(Mode.DELTA, cause, selection=selection, supersedes_id=anew), now)


def cancel(delivery: Delivery, problem: DeliveryProblem, actor: Actor, now: dt.datetime) -> bool:
    """Discard a delivery whose commit was not attempted. Return False if it was, or if the delivery has ended.

    A worker on it loses the lease. What was opened at the network is abandoned there in a later step.
    """
    return move(
        delivery,
        DISCARD,
        now,
        Delivery.commit_attempted_at.is_(None),
        problem=problem,
        discarded_by=actor.initials,
        next_step_at=now if delivery.remote_id else None,
    )


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


def _check_tenant(context: TenantContext, chosen: set[int] | None) -> None:
    """Refuse what the tenant may not; withdrawals need no licence."""
    findings = set(context.findings)
    if (
        findings
        and findings <= _ONLY_WITHDRAWALS_PASS
        and chosen is not None
        and not _anybody_to_name(context, chosen)
    ):
        return
    if findings:
        raise Refusal(context.findings[0].value)


def _anybody_to_name(context: TenantContext, chosen: set[int]) -> bool:
    query = registered(context).where(Registration.released, Registration.participant_id.in_(chosen))
    return bool(db.session.scalar(query.with_only_columns(func.count())))


def _anybody_to_tell(context: TenantContext, chosen: set[int] | None) -> bool:
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
