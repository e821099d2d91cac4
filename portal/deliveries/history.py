"""What became of the people delivered on each of the last days: a small chart, and the table behind it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal.core.database import db
from portal.domain.deliveries import Delivery
from portal.tenants.context import TenantContext

DAYS = 30
_MOST = 2000
"""Deliveries that are looked at: more of one month are not drawn."""
WIDTH, HEIGHT, GAP = 720, 80, 4
"""Of the drawing, in its own units; the gap is between two days."""


@dataclass(frozen=True)
class Day:
    """People of the deliveries committed on one local date."""

    date: dt.date
    confirmed: int = 0
    rejected: int = 0
    open: int = 0
    deliveries: int = 0

    @property
    def total(self) -> int:
        return self.confirmed + self.rejected + self.open


@dataclass(frozen=True)
class Bar:
    """A rectangle of the drawing."""

    kind: str
    x: float
    y: float
    width: float
    height: float


def last_days(context: TenantContext) -> list[Day]:
    """Return the last thirty local dates, oldest first; empty where nothing was committed."""
    zone = ZoneInfo(context.tenant.time_zone)
    since = dt.datetime.combine(context.today - dt.timedelta(days=DAYS - 1), dt.time(), zone)
    rows = db.session.execute(
        select(Delivery.committed_at, Delivery.counts, Delivery.answered)
        .where(Delivery.committed_at >= since)
        .order_by(Delivery.id.desc())
        .limit(_MOST)
    ).all()
    if not rows:
        return []
    days = {context.today - dt.timedelta(days=back): [0, 0, 0, 0] for back in range(DAYS)}
    for committed_at, counts, answered in rows:
        sums = days.get(committed_at.astimezone(zone).date()) if committed_at else None
        if sums is not None:
            for place, number in enumerate(_numbers(counts or {}, answered or {})):
                sums[place] += number
    return [Day(date, *days[date]) for date in sorted(days)]


def _numbers(counts: dict[str, int], answered: dict[str, int]) -> tuple[int, int, int, int]:
    people = sum(counts.get(name, 0) for name in ("new", "changed", "unchanged", "leaving"))
    confirmed = answered.get("active", 0) + answered.get("archived", 0)
    rejected = answered.get("rejected", 0)
    return confirmed, rejected, max(0, people - confirmed - rejected), 1


def bars(days: Iterable[Day]) -> list[Bar]:
    """Return the days as stacked bars, from left to right; a share above zero is at least one unit high."""
    days = list(days)
    most = max((day.total for day in days), default=0) or 1
    step = WIDTH / max(len(days), 1)
    drawn = []
    for place, day in enumerate(days):
        bottom = float(HEIGHT)
        for kind, number in (("confirmed", day.confirmed), ("open", day.open), ("rejected", day.rejected)):
            if number:
                height = max(1.0, round(number * (HEIGHT - 3) / most, 1))
                bottom -= height
                drawn.append(
                    Bar(kind, round(place * step, 1), round(bottom, 1), round(step - GAP, 1), height)
                )
    return drawn
