"""Which deliveries the removal brake holds, for tenants of every size and both sides of each limit."""

import pytest

from portal.domain.rules.brake import Hold, Leaving, Limits, brake

LIMITS = Limits()


def holds(announced: int, unexplained: int, explained: int = 0, **more: object) -> set[Hold]:
    leaving = Leaving(announced=announced, explained=explained, unexplained=unexplained, **more)  # type: ignore[arg-type]
    return set(brake(leaving, LIMITS).holds)


@pytest.mark.parametrize(
    ("announced", "most"),
    [(1, 3), (2, 3), (3, 3), (10, 3), (60, 3), (79, 3), (80, 4), (99, 4), (100, 5), (101, 5), (5000, 250)],
)
def test_the_limit_is_three_people_or_five_in_a_hundred(announced: int, most: int) -> None:
    assert LIMITS.unexplained(announced) == most
    assert Hold.TOO_MANY not in holds(announced, most)
    assert Hold.TOO_MANY in holds(announced, most + 1)


@pytest.mark.parametrize(
    ("announced", "unexplained", "expected"),
    [
        (1, 1, {Hold.EMPTY}),
        (2, 1, set()),
        (2, 2, {Hold.EMPTY}),
        (3, 1, set()),
        (3, 2, {Hold.UNDER_HALF}),
        (3, 3, {Hold.EMPTY}),
        (4, 2, set()),
        (5, 3, {Hold.UNDER_HALF}),
        (10, 3, set()),
        (10, 4, {Hold.TOO_MANY}),
        (10, 5, {Hold.TOO_MANY}),
        (10, 6, {Hold.TOO_MANY, Hold.UNDER_HALF}),
        (10, 10, {Hold.TOO_MANY, Hold.EMPTY}),
        (99, 4, set()),
        (99, 5, {Hold.TOO_MANY}),
        (100, 5, set()),
        (100, 6, {Hold.TOO_MANY}),
        (101, 5, set()),
        (101, 6, {Hold.TOO_MANY}),
        (5000, 250, set()),
        (5000, 251, {Hold.TOO_MANY}),
        (5000, 2500, {Hold.TOO_MANY}),
        (5000, 2501, {Hold.TOO_MANY, Hold.UNDER_HALF}),
    ],
)
def test_tenants_of_every_size(announced: int, unexplained: int, expected: set[Hold]) -> None:
    assert holds(announced, unexplained) == expected


@pytest.mark.parametrize("announced", [1, 2, 3, 10, 100, 5000])
@pytest.mark.parametrize("percent", [1, 50, 100])
def test_the_explained_leave_freely(announced: int, percent: int) -> None:
    assert holds(announced, 0, explained=max(1, announced * percent // 100)) == set()


@pytest.mark.parametrize(
    ("announced", "explained", "unexplained", "expected"),
    [
        (10, 9, 1, {Hold.EMPTY}),  # without the explained, the only one left vanishes
        (10, 8, 1, set()),
        (10, 7, 2, {Hold.UNDER_HALF}),
        (10, 6, 2, set()),
    ],
)
def test_halves_are_counted_without_the_explained(
    announced: int, explained: int, unexplained: int, expected: set[Hold]
) -> None:
    assert holds(announced, unexplained, explained) == expected


@pytest.mark.parametrize(
    ("before", "now", "held"), [(2, 1, False), (3, 1, True), (2, 2, True), (9, 0, False)]
)
def test_the_unexplained_are_summed_over_the_days_that_count(before: int, now: int, held: bool) -> None:
    assert (Hold.TOO_MANY in holds(50, now, unexplained_before=before)) is held


@pytest.mark.parametrize(
    ("orders", "vanished"),
    [
        ({7: (2, 2)}, (7,)),
        ({7: (3, 2)}, ()),
        ({7: (1, 1)}, ()),  # one person alone is not a whole order
        ({7: (2, 2), 8: (9, 1), 9: (3, 3)}, (7, 9)),
    ],
)
def test_a_whole_order_that_vanishes_is_held(
    orders: dict[int, tuple[int, int]], vanished: tuple[int, ...]
) -> None:
    found = brake(Leaving(announced=100, explained=0, unexplained=3, orders=orders), LIMITS)
    assert found.orders == vanished
    assert found.holds == ((Hold.WHOLE_ORDER,) if vanished else ())


def test_a_tenant_without_anybody_told_is_not_held() -> None:
    assert holds(0, 0) == set()


@pytest.mark.parametrize(("minimum", "percent", "most"), [(0, 0, 0), (10, 5, 10), (3, 50, 50), (3, 100, 100)])
def test_the_limits_are_settings(minimum: int, percent: int, most: int) -> None:
    assert Limits(minimum, percent).unexplained(100) == most
    assert brake(Leaving(100, 0, most + 1), Limits(minimum, percent)).limit == most
