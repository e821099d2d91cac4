"""Working days of a tenant's federal state, and the nightly transfer time (docs/domain.md#rules, #deliveries). Pure."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

STATES: tuple[str, ...] = (
    *("BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV"),
    *("NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH"),
)
"""Federal states by their two letters, as in ISO 3166-2:DE."""


@lru_cache(maxsize=64)
def _holidays(state: str, year: int) -> frozenset[dt.date]:
    import holidays  # noqa: PLC0415 - of all countries: few processes ask for a day

    # Assumption Day is a holiday in most Bavarian municipalities, which the library calls "catholic"
    categories = ("public", "catholic") if state == "BY" else ("public",)
    return frozenset(holidays.country_holidays("DE", subdiv=state, years=year, categories=categories))


def is_working_day(day: dt.date, state: str) -> bool:
    """Monday to Friday, and no public holiday of the federal state."""
    return day.weekday() < 5 and day not in _holidays(state, day.year)


def working_days_before(now: dt.datetime, days: int, state: str, zone: str) -> dt.datetime:
    """Return the time `days` working days before `now`, at the same local time of day.

    What was sent before it has waited for more than that many working days. Days that are none do not count: what
    was sent on a Friday evening has waited one working day on Monday evening.
    """
    local = now.astimezone(ZoneInfo(zone))
    day = local.date()
    if not is_working_day(
        day, state
    ):  # the clock stands still: as if it were the end of the last working day
        day = _previous_working_day(day, state)
        local = dt.datetime.combine(day, dt.time.max, tzinfo=ZoneInfo(zone))
    for _ in range(days):
        day = _previous_working_day(day, state)
    return dt.datetime.combine(day, local.time(), tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)


def working_days_after(moment: dt.datetime, days: int, state: str, zone: str) -> dt.datetime:
    """The time from which on `moment` lies more than `days` working days back: the inverse of `working_days_before`."""
    local = moment.astimezone(ZoneInfo(zone))
    day, time = local.date(), local.time()
    if not is_working_day(day, state):
        day, time = _next_working_day(day, state), dt.time()
    for _ in range(days):
        day = _next_working_day(day, state)
    return dt.datetime.combine(day, time, tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)


def _next_working_day(day: dt.date, state: str) -> dt.date:
    day += dt.timedelta(days=1)
    while not is_working_day(day, state):
        day += dt.timedelta(days=1)
    return day


def _previous_working_day(day: dt.date, state: str) -> dt.date:
    day -= dt.timedelta(days=1)
    while not is_working_day(day, state):
        day -= dt.timedelta(days=1)
    return day


def transfer_at(day: dt.date, at: dt.time, zone: str) -> dt.datetime:
    """When the nightly transfer of the local date `day` is due, in UTC.

    A local time that the clocks skip is due when they have jumped; one that comes twice is due the first time.
    """
    return dt.datetime.combine(day, at, tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)


def midnight(day: dt.date, zone: str) -> dt.datetime:
    """When the local date `day` begins, in UTC."""
    return transfer_at(day, dt.time(), zone)


def next_transfer(after: dt.datetime, at: dt.time, zone: str) -> dt.datetime:
    """Return the first nightly transfer later than `after`, in UTC."""
    day = after.astimezone(ZoneInfo(zone)).date()
    due = transfer_at(day, at, zone)
    return due if due > after else transfer_at(day + dt.timedelta(days=1), at, zone)


def local_date(now: dt.datetime, zone: str) -> dt.date:
    """Return the tenant's date at `now`."""
    return now.astimezone(ZoneInfo(zone)).date()
