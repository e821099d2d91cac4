"""What a delivery's page shows beside its rows: the line of steps, why it is held, how often to ask."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import AWAITING, UNCOMMITTED, DeliveryState
from portal.domain.rules.brake import Hold

_WAY = (
    DeliveryState.PLANNED,
    DeliveryState.BUILT,
    DeliveryState.SENDING,
    DeliveryState.COMMITTED,
    DeliveryState.ANSWERING,
    DeliveryState.COMPLETE,
)
_RUNNING_SECONDS, _AWAITING_SECONDS, _RESTING_SECONDS = 2, 5, 30


class StepState(StrEnum):
    DONE = "done"
    CURRENT = "current"
    OPEN = "open"


@dataclass(frozen=True)
class Step:
    state: DeliveryState
    progress: StepState


def steps(delivery: Delivery) -> list[Step]:
    """Return the way of a delivery; being held, and the ways out of it, stand where it left the way."""
    state = DeliveryState(delivery.state)
    if state in _WAY:
        here = _WAY.index(state)
        last = len(_WAY) - 1
        return [Step(item, _progress(at, here, last)) for at, item in enumerate(_WAY)]
    reached = _reached(delivery)
    done = [Step(item, StepState.DONE) for item in _WAY[: reached + 1]]
    rest = [Step(item, StepState.OPEN) for item in _WAY[reached + 1 :]] if state is DeliveryState.HELD else []
    return [*done, Step(state, StepState.CURRENT), *rest]


def _progress(at: int, here: int, last: int) -> StepState:
    if at < here or here == last:
        return StepState.DONE
    return StepState.CURRENT if at == here else StepState.OPEN


def _reached(delivery: Delivery) -> int:
    """Return the last step that a held, failed or discarded delivery had behind it."""
    if delivery.committed_at:
        return _WAY.index(DeliveryState.COMMITTED)
    if delivery.sent_at:
        return _WAY.index(DeliveryState.SENDING)
    return _WAY.index(DeliveryState.BUILT if delivery.built_at else DeliveryState.PLANNED)


def held_because(delivery: Delivery) -> list[Hold]:
    """What the brake found."""
    found = (delivery.brake or {}).get("holds", [])
    known = {item.value: item for item in Hold}
    return [known[item] for item in found if item in known]


def seconds_until_asked(delivery: Delivery) -> int:
    """Return how long the open page waits before it asks for news of this delivery."""
    state = DeliveryState(delivery.state)
    if state in AWAITING:
        return _AWAITING_SECONDS
    return _RUNNING_SECONDS if state in UNCOMMITTED - {DeliveryState.HELD} else _RESTING_SECONDS
