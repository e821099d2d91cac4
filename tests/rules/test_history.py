"""The chart of the last days: what there is can be seen, and nothing sticks out."""

from __future__ import annotations

import datetime as dt
import itertools

from portal.deliveries.history import HEIGHT, WIDTH, Day, bars

FIRST = dt.date(2026, 3, 1)


def test_bars_stand_on_each_other_and_fit() -> None:
    days = [
        Day(FIRST, confirmed=900, rejected=1, open=99, deliveries=2),
        Day(FIRST, confirmed=10, deliveries=1),
    ]
    drawn = bars(days)
    assert [bar.kind for bar in drawn] == ["confirmed", "open", "rejected", "confirmed"]
    first = drawn[:3]
    assert first[0].y + first[0].height == HEIGHT
    for lower, upper in itertools.pairwise(first):
        assert abs(upper.y + upper.height - lower.y) < 0.2
    assert first[2].height == 1  # one of a thousand is still to be seen
    assert all(bar.y >= 0 and bar.x + bar.width <= WIDTH for bar in drawn)


def test_without_anybody_nothing_is_drawn() -> None:
    assert bars([Day(FIRST)]) == []
    assert bars([]) == []
