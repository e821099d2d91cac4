"""Working days of the federal states, and when the nightly transfer is due, also when the clocks change."""

import datetime as dt

import holidays
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.domain.rules.workdays import (
    STATES,
    is_working_day,
    local_date,
    next_transfer,
    transfer_at,
    working_days_after,
    working_days_before,
)

BERLIN = "Europe/Berlin"
SKIPPED, TWICE = dt.date(2026, 3, 29), dt.date(2026, 10, 25)


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("day", "where"),
    [
        (dt.date(2027, 3, 8), {"BE", "MV"}),  # International Women's Day
        (dt.date(2025, 8, 15), {"BY", "SL"}),  # Assumption Day
        (dt.date(2026, 1, 6), {"BW", "BY", "ST"}),  # Epiphany
        (dt.date(2025, 9, 20), set(STATES)),  # Weltkindertag, a Saturday
        (dt.date(2023, 9, 20), {"TH"}),
        (dt.date(2025, 10, 31), {"BB", "HB", "HH", "MV", "NI", "SH", "SN", "ST", "TH"}),  # Reformation Day
        (dt.date(2028, 11, 1), {"BW", "BY", "NW", "RP", "SL"}),  # All Saints' Day
        (dt.date(2026, 11, 18), {"SN"}),  # Day of Repentance
        (dt.date(2026, 6, 4), {"BW", "BY", "HE", "NW", "RP", "SL"}),  # Corpus Christi
        (dt.date(2026, 5, 1), set(STATES)),
        (dt.date(2026, 3, 7), set(STATES)),  # a Saturday
        (dt.date(2026, 3, 9), set()),
    ],
)
def test_where_nobody_works(day: dt.date, where: set[str]) -> None:
    assert {state for state in STATES if not is_working_day(day, state)} == where


def test_the_federal_states_are_the_sixteen() -> None:
    """Those that the library knows, which knows a town, too."""
    known = holidays.list_supported_countries()["DE"]
    assert tuple(sorted(state for state in known if len(state) == 2)) == STATES
    assert len(STATES) == 16


# In March 2026 the 2nd is a Monday, and the clocks go forward on the 29th.
@pytest.mark.parametrize(
    ("now", "days", "expected"),
    [
        (utc(2026, 3, 4, 9), 1, utc(2026, 3, 3, 9)),
        (utc(2026, 3, 4, 9), 2, utc(2026, 3, 2, 9)),
        (utc(2026, 3, 4, 9), 3, utc(2026, 2, 27, 9)),  # over the weekend
        (utc(2026, 3, 2, 20), 1, utc(2026, 2, 27, 20)),
        # on days that do not count the clock stands at the end of the last one that does
        (utc(2026, 3, 7, 12), 1, dt.datetime(2026, 3, 5, 22, 59, 59, 999999, dt.UTC)),
        (utc(2026, 3, 8, 12), 1, dt.datetime(2026, 3, 5, 22, 59, 59, 999999, dt.UTC)),
        # local time counts: the same hour before and after the clocks went forward
        (utc(2026, 3, 30, 7), 1, utc(2026, 3, 27, 8)),
        (utc(2026, 10, 26, 8), 1, utc(2026, 10, 23, 7)),
        # over Christmas
        (utc(2026, 12, 29, 9), 2, utc(2026, 12, 24, 9)),
    ],
)
def test_so_many_working_days_ago(now: dt.datetime, days: int, expected: dt.datetime) -> None:
    assert working_days_before(now, days, "BE", BERLIN) == expected


def test_a_local_holiday_gives_the_network_another_day() -> None:
    now = utc(2027, 3, 9, 9)
    assert working_days_before(now, 1, "BE", BERLIN) == utc(2027, 3, 5, 9)
    assert working_days_before(now, 1, "BY", BERLIN) == utc(2027, 3, 8, 9)


@given(
    st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2032, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001
    st.sampled_from(STATES),
    st.integers(1, 5),
)
def test_more_days_are_longer_ago_and_time_never_runs_back(now: dt.datetime, state: str, days: int) -> None:
    before = working_days_before(now, days, state, BERLIN)
    assert before <= now - dt.timedelta(days=days) + dt.timedelta(hours=1)  # clocks may have gone forward
    assert working_days_before(now, days + 1, state, BERLIN) < before
    later = working_days_before(now + dt.timedelta(hours=3), days, state, BERLIN)
    assert later >= before


@given(
    st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2027, 12, 31), timezones=st.just(dt.UTC)),  # noqa: DTZ001
    st.sampled_from(STATES),
    st.integers(1, 5),
)
@example(utc(2026, 10, 22, 0, 30), "BE", 2)
@example(utc(2026, 3, 27, 1, 30), "BE", 1)
def test_from_then_on_it_lies_so_many_working_days_back(moment: dt.datetime, state: str, days: int) -> None:
    """The inverse of looking back: never too early, and not much too late, whatever the clocks do."""
    then = working_days_after(moment, days, state, BERLIN)
    for earlier in (dt.timedelta(hours=2), dt.timedelta(microseconds=1)):
        assert working_days_before(then - earlier, days, state, BERLIN) <= moment
    assert working_days_before(then + dt.timedelta(hours=2), days, state, BERLIN) > moment


@pytest.mark.parametrize(
    ("day", "at", "expected"),
    [
        (dt.date(2026, 3, 2), dt.time(22), utc(2026, 3, 2, 21)),
        (dt.date(2026, 7, 1), dt.time(22), utc(2026, 7, 1, 20)),
        (SKIPPED, dt.time(22), utc(2026, 3, 29, 20)),
        (SKIPPED, dt.time(2, 30), utc(2026, 3, 29, 1, 30)),  # there is none: 03:30 local time
        (SKIPPED, dt.time(3, 0), utc(2026, 3, 29, 1)),
        (TWICE, dt.time(2, 30), utc(2026, 10, 25, 0, 30)),  # the first of two
        (TWICE, dt.time(3, 0), utc(2026, 10, 25, 2)),
    ],
)
def test_when_the_nightly_transfer_is_due(day: dt.date, at: dt.time, expected: dt.datetime) -> None:
    assert transfer_at(day, at, BERLIN) == expected


@pytest.mark.parametrize(
    ("after", "at", "expected"),
    [
        (utc(2026, 3, 2, 9), dt.time(22), utc(2026, 3, 2, 21)),
        (utc(2026, 3, 2, 20, 59, 59), dt.time(22), utc(2026, 3, 2, 21)),
        (utc(2026, 3, 2, 21), dt.time(22), utc(2026, 3, 3, 21)),
        (utc(2026, 3, 2, 23, 30), dt.time(0, 15), utc(2026, 3, 3, 23, 15)),  # it is the 3rd there already
        (utc(2026, 10, 25, 0, 30), dt.time(2, 30), utc(2026, 10, 26, 1, 30)),  # not once more an hour later
    ],
)
def test_when_the_next_one_is_due(after: dt.datetime, at: dt.time, expected: dt.datetime) -> None:
    assert next_transfer(after, at, BERLIN) == expected


@given(
    st.datetimes(dt.datetime(2026, 3, 1), dt.datetime(2026, 11, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001
    st.times(),
)
def test_every_local_date_has_one_transfer_whatever_the_clocks_do(start: dt.datetime, at: dt.time) -> None:
    due = [start]
    for _ in range(40):
        due.append(next_transfer(due[-1], at, BERLIN))
    nights = [local_date(moment, BERLIN) for moment in due[1:]]
    assert nights == [nights[0] + dt.timedelta(days=number) for number in range(40)]


def test_the_date_is_the_tenants() -> None:
    assert local_date(utc(2026, 3, 2, 23, 30), BERLIN) == dt.date(2026, 3, 3)
    assert local_date(utc(2026, 3, 2, 23, 30), "UTC") == dt.date(2026, 3, 2)
