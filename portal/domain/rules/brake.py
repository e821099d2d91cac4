"""The removal brake: which delivery has to wait for a person (docs/domain.md#removal-brake). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Hold(StrEnum):
    """Why the brake holds a delivery."""

    TOO_MANY = "too-many"
    """More unexplained leavers within the days that count than the limit."""
    WHOLE_ORDER = "whole-order"
    EMPTY = "empty"
    """Without the explained leavers the delivery would be empty."""
    UNDER_HALF = "under-half"
    """Without the explained leavers fewer than half would be left."""


@dataclass(frozen=True)
class Limits:
    """A tenant's settings."""

    minimum: int = 3
    percent: int = 5
    order_minimum: int = 2
    """An order counts as vanished from this many people on: one person alone is not a whole order."""

    def unexplained(self, announced: int) -> int:
        """Return how many unexplained leavers pass where `told` people were announced."""
        return max(self.minimum, announced * self.percent // 100)


@dataclass(frozen=True)
class Leaving:
    """A delivery against what committed deliveries last told the network. All are numbers of people."""

    announced: int
    """Told and not since archived."""
    explained: int
    unexplained: int
    unexplained_before: int = 0
    """Unexplained leavers of committed deliveries in the days that count, without those of approved deliveries."""
    orders: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    """By order: how many were told, and how many of them leave unexplained."""


@dataclass(frozen=True)
class Braking:
    holds: tuple[Hold, ...]
    limit: int
    orders: tuple[int, ...] = ()
    """The orders that vanish."""


def brake(leaving: Leaving, limits: Limits) -> Braking:
    """Return what holds the delivery; nothing if it may go, as it always may without unexplained leavers."""
    limit = limits.unexplained(leaving.announced)
    if not leaving.unexplained:
        return Braking((), limit)
    holds = []
    if leaving.unexplained + leaving.unexplained_before > limit:
        holds.append(Hold.TOO_MANY)
    vanished = tuple(
        order
        for order, (announced, gone) in leaving.orders.items()
        if announced == gone >= limits.order_minimum
    )
    if vanished:
        holds.append(Hold.WHOLE_ORDER)
    expected = leaving.announced - leaving.explained
    staying = expected - leaving.unexplained
    if staying <= 0:
        holds.append(Hold.EMPTY)
    elif staying * 2 < expected:
        holds.append(Hold.UNDER_HALF)
    return Braking(tuple(holds), limit, vanished)
