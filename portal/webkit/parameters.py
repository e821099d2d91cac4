"""Numbers, dates and times as addresses and forms bring them: read here alone, in ASCII digits, within bounds."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

ROW_DIGITS = 18
"""No more than a database takes."""
_NUMBER = re.compile("[0-9]+")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile("([0-9]{2}):([0-9]{2})")
_FIRST_YEAR, _LAST_YEAR = 1900, 9000
"""Far enough from the calendar's ends that every time zone has these days."""


def whole_number(text: str | None, digits: int = ROW_DIGITS) -> int | None:
    """Read a number of at most so many digits; None for anything else, also in other digits than ours."""
    text = (text or "").strip()
    return int(text) if len(text) <= digits and _NUMBER.fullmatch(text) else None


def read_row(values: MultiDict[str, str], name: str) -> int | None:
    """Read the number of a row; None where there is none, or nonsense."""
    return whole_number(values.get(name))


def read_rows(values: MultiDict[str, str], name: str, limit: int) -> set[int]:
    """Read the numbers of the first so many rows; nonsense is left out."""
    return {row for text in values.getlist(name)[:limit] if (row := whole_number(text)) is not None}


def day(text: str | None) -> dt.date | None:
    """Read a date as JJJJ-MM-TT; None for anything else, and for implausible years."""
    if not text or not _DAY.fullmatch(text):
        return None
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return found if _FIRST_YEAR <= found.year <= _LAST_YEAR else None


def midnight(text: str | None, time_zone: str, days_later: int = 0) -> dt.datetime | None:
    """Read a date; the beginning of that day, or of one some days later, in a time zone."""
    found = day(text)
    if found is None:
        return None
    start = dt.datetime.combine(found + dt.timedelta(days=days_later), dt.time(), ZoneInfo(time_zone))
    return start.astimezone(dt.UTC)


def clock_time(text: str | None) -> dt.time | None:
    """Read a time of day as HH:MM; None for anything else."""
    found = _CLOCK.fullmatch(text or "")
    if not found:
        return None
    hour, minute = map(int, found.groups())
    return dt.time(hour, minute) if hour < 24 and minute < 60 else None
