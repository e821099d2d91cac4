"""What a step of a delivery comes to, and the one function that writes it down. Never commits."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import structlog

from portal.core.queue import enqueue_after_commit
from portal.deliveries.braking import shown_digest
from portal.deliveries.service import cancel, replan
from portal.deliveries.transitions import DISCARD, Transition, move
from portal.domain.actors import SYSTEM
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryProblem, DeliveryState

log = structlog.get_logger()


@dataclass(frozen=True)
class Continue:
    """The next step follows at once, under the same lease."""


@dataclass(frozen=True)
class RetryAt:
    """The lease is given back; a worker continues at `time`."""

    time: dt.datetime
    crashes: int = 0
    """What remains counted of leases that ran out."""


@dataclass(frozen=True)
class Stop:
    """Nothing more is done: the delivery has ended, or waits for a person."""

    problem: DeliveryProblem | None = None
    transition: Transition | None = None
    """None where it had ended before."""
    detail: str | None = None
    replan_at: dt.datetime | None = None
    """When another delivery tells what this one was to tell."""


Outcome = Continue | RetryAt | Stop


def conclude(delivery: Delivery, outcome: Outcome, now: dt.datetime) -> Outcome:
    """Write down what a step came to, in the transaction of what it found, and return it. For who holds the lease."""
    match outcome:
        case Continue():
            pass
        case RetryAt(time, crashes):
            delivery.lease_until, delivery.crashes, delivery.next_step_at = None, crashes, time
            if (
                time <= now
            ):  # behind whatever waits: a page of answers is a turn, and other tenants have theirs
                enqueue_after_commit(Delivery, delivery.id)
        case Stop(transition=None):
            delivery.lease_until, delivery.crashes, delivery.next_step_at = None, 0, None
        case Stop(problem, Transition() as transition, detail, replan_at):
            _move(delivery, transition, problem, detail, now)
            if replan_at:
                replan(delivery, now).next_step_at = replan_at
    return outcome


def _move(
    delivery: Delivery,
    transition: Transition,
    problem: DeliveryProblem | None,
    detail: str | None,
    now: dt.datetime,
) -> None:
    said = {"delivery": delivery.id, "state": transition.target.value, "problem": problem and problem.value}
    match transition.target:
        case DeliveryState.HELD:
            log.warning("delivery_held", **said)
        case DeliveryState.FAILED:
            log.warning("delivery_ended", **said)
    if transition is DISCARD:
        assert problem
        cancel(delivery, problem, SYSTEM, now)
        return
    held = transition.target is DeliveryState.HELD
    shown = {"shown_digest": shown_digest(delivery)} if held else {}
    move(delivery, transition, now, problem=problem, problem_detail=detail, **shown)
