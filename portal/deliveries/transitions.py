"""How a delivery goes from one state to another: a table, and the one statement that does it. Never commits.

Source: docs/domain.md#deliveries.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, update
from sqlalchemy.engine import CursorResult

from portal.core.database import db
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import AWAITING, UNCOMMITTED, DeliveryState

_AT_REST = MappingProxyType({"next_step_at": None, "lease_until": None, "crashes": 0})
"""Values of a delivery with no step due and no lease."""


@dataclass(frozen=True)
class Transition:
    """A change of state: where it may begin, where it leads, and the columns that change with it."""

    sources: frozenset[DeliveryState]
    target: DeliveryState
    stamps: tuple[str, ...] = ()
    """Columns that take the time of the change."""
    values: Mapping[str, Any] = field(default_factory=dict)
    fences_off: bool = False
    """Whether a worker on the delivery loses the lease."""


FREEZE = Transition(frozenset({DeliveryState.PLANNED}), DeliveryState.BUILT, ("built_at",))
FREEZE_AND_HOLD = Transition(FREEZE.sources, DeliveryState.HELD, ("built_at", "held_at"), _AT_REST)
HOLD = Transition(UNCOMMITTED - {DeliveryState.HELD}, DeliveryState.HELD, ("held_at",), _AT_REST)
APPROVE = Transition(
    frozenset({DeliveryState.HELD}),
    DeliveryState.BUILT,
    ("approved_at", "next_step_at"),
    {"problem": None, "crashes": 0},
)
APPROVE_UNBUILT = replace(APPROVE, target=DeliveryState.PLANNED)
BEGIN_SENDING = Transition(frozenset({DeliveryState.BUILT}), DeliveryState.SENDING, ("sent_at",))
COMMIT = Transition(
    frozenset({DeliveryState.SENDING}),
    DeliveryState.COMMITTED,
    ("committed_at",),
    {"outcome_unknown": False, "problem": None},
)
ANSWER = Transition(frozenset({DeliveryState.COMMITTED}), DeliveryState.ANSWERING)
COMPLETE = Transition(AWAITING, DeliveryState.COMPLETE, ("completed_at", "ended_at"), _AT_REST)
FAIL = Transition(
    UNCOMMITTED,
    DeliveryState.FAILED,
    ("ended_at",),
    {**_AT_REST, "outcome_unknown": False},
    fences_off=True,
)
DISCARD = Transition(UNCOMMITTED, DeliveryState.DISCARDED, ("ended_at",), _AT_REST, fences_off=True)
READ_AGAIN = Transition(
    AWAITING | {DeliveryState.COMPLETE},
    DeliveryState.COMMITTED,
    ("next_step_at",),
    {
        "lease_until": None,
        "cursor": None,
        "empty_polls": 0,
        "completed_at": None,
        "ended_at": None,
        "problem": None,
    },
    fences_off=True,
)


def move(
    delivery: Delivery,
    transition: Transition,
    now: dt.datetime,
    *conditions: ColumnElement[bool],
    **values: Any,
) -> bool:
    """Change the state by compare-and-set, with `values` besides; False where it, or `conditions`, do not allow it.

    The delivery is read anew either way.
    """
    fence = {"fence": Delivery.fence + 1} if transition.fences_off else {}
    result = db.session.execute(
        update(Delivery)
        .where(Delivery.id == delivery.id, Delivery.state.in_(transition.sources), *conditions)
        .values(
            state=transition.target,
            **dict.fromkeys(transition.stamps, now),
            **({**transition.values, **values} | fence),
        )
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    db.session.refresh(delivery)
    return bool(result.rowcount)
