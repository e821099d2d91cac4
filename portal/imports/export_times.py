"""When an export was made, as far as its files or its sender say, and whether a newer one was taken before. Pure.

Kept is a date, or an instant in UTC, both in ISO form.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

_GERMAN = re.compile(
    r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})"
    r"(?:[\s,]+(?P<hour>[0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?:\s*Uhr)?)?"
)
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EARLIEST = 2000
"""Archives without times say 1980, others one of the years after it."""
_AHEAD = dt.timedelta(days=1)
"""A time further ahead than this is a wrong clock's, and says nothing."""
_GRAIN = dt.timedelta(seconds=2)
"""Archives keep times in steps of this."""

Moment = dt.date | dt.datetime
"""A day, a local time, or an instant."""


def read_moment(text: str) -> Moment | None:
    """Read a day or time in German or ISO form; None where it is none."""
    text = text.strip()
    if found := _GERMAN.fullmatch(text):
        day, month, year, hour, minute, second = found.groups(default="00")
        text = f"{year}-{month:0>2}-{day:0>2}"
        if found["hour"]:
            text += f"T{hour:0>2}:{minute}:{second}"
    try:
        moment = dt.date.fromisoformat(text) if _DAY.fullmatch(text) else dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if _EARLIEST <= moment.year < dt.MAXYEAR else None


def of_entry(date_time: tuple[int, ...]) -> Moment | None:
    """Return the local time of a file in an archive; None where the archive has none."""
    return read_moment("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}".format(*date_time))


def as_kept(moment: Moment, zone: str) -> str:
    """Return what is kept of a time; local ones are the tenant's."""
    if not isinstance(moment, dt.datetime):
        return moment.isoformat()
    local = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    return local.astimezone(dt.UTC).isoformat()


def oldest(kept: Iterable[str], zone: str) -> str | None:
    """Return the oldest of some times: an export is as old as its oldest part."""
    return min(kept, key=lambda text: _span(text, zone)[0], default=None)


def find_older(
    exported: Mapping[str, str], newest: Mapping[str, str], now: dt.datetime, zone: str
) -> dict[str, tuple[str, str]]:
    """Find the kinds of which a newer export was taken: the time of this one, and of that."""
    return {
        kind: (own, newest[kind])
        for kind, own in exported.items()
        if kind in newest
        and _is_possible(newest[kind], now, zone)
        and _span(own, zone)[1] + _GRAIN < _span(newest[kind], zone)[0]
    }


def newest_of(
    newest: Mapping[str, str], exported: Mapping[str, str], now: dt.datetime, zone: str
) -> dict[str, str]:
    """Return the times of the newest exports, once one more was taken."""
    known = {kind: text for kind, text in newest.items() if _is_possible(text, now, zone)}
    for kind, text in exported.items():
        if _is_possible(text, now, zone):
            known[kind] = max(known.get(kind, text), text, key=lambda it: _span(it, zone)[0])
    return known


def _is_possible(text: str, now: dt.datetime, zone: str) -> bool:
    return _span(text, zone)[0] <= now + _AHEAD


def _span(text: str, zone: str) -> tuple[dt.datetime, dt.datetime]:
    """Return the first and last instant that a kept time may mean."""
    moment = read_moment(text)
    if isinstance(moment, dt.datetime):
        return moment, moment
    assert moment is not None
    begin = dt.datetime.combine(moment, dt.time(), ZoneInfo(zone))
    return begin, dt.datetime.combine(moment, dt.time(23, 59), ZoneInfo(zone))
