"""Plan a delivery, plan it again, cancel it. Never commits."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import select

from portal.core.database import db
from portal.core.queue import enqueue_after_commit
from portal.deliveries.errors import AccountDoubted, DeliveryHeld, DeliveryRunning, Reconcile
from portal.deliveries.transitions import DISCARD, move
from portal.domain.actors import SYSTEM, Actor
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import ONLY_WITHDRAWALS, DeliveryProblem, DeliveryState, Mode, Trigger
from portal.domain.releases import Registration
from portal.domain.tenants import Connection
from portal.tenants.context import find_uncommitted
from portal.tenants.queries import lock_connection


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
    connection = _lock_for_planning(connection)
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


def _lock_for_planning(connection: Connection) -> Connection:
    # the lock on the connection's row keeps two planners apart; the partial unique index would stop the second
    connection = lock_connection(connection.id)
    if connection.reconcile_since:
        raise Reconcile
    if connection.account_doubt:
        raise AccountDoubted
    ensure_no_open_delivery(find_uncommitted(connection.id))
    return connection


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
