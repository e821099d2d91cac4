"""How long data about people is kept, and what hinders its erasure. Pure."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from zoneinfo import ZoneInfo

ERASE_AT = dt.time(3, 0)
"""Local time of the nightly erasure: behind the nightly transfer, and never skipped by the clocks."""
FORESEEN_DAYS = 30
"""How far ahead the page says what will be erased."""
LINKS_DAYS = 30
"""One-time links that are used or void are kept for so long."""


class ErasureBlocker(StrEnum):
    """Why a participant cannot be erased yet, the first reason that applies."""

    RELEASED = "released"
    IN_DELIVERY = "in-delivery"
    """A delivery that is not committed names or archives them."""
    ANNOUNCED = "announced"
    """A network holds them, and has not been told otherwise."""
    ARCHIVING = "archiving"
    """A network has been told to archive them, and has not said that it did."""
    IN_BULK = "in-bulk"
    """A decision for many that is under way concerns them."""
    IMPORTING = "importing"
    """An import is being taken over, which may name them."""


def months_before(now: dt.datetime, months: int, zone: str) -> dt.datetime:
    """Return the time `months` before `now`, at the same local time; the month's last day where it has no such day."""
    local = now.astimezone(ZoneInfo(zone))
    year, month = divmod(local.year * 12 + local.month - 1 - months, 12)
    last = (dt.date(year + (month == 11), (month + 1) % 12 + 1, 1) - dt.timedelta(days=1)).day
    day = dt.date(year, month + 1, min(local.day, last))
    return dt.datetime.combine(day, local.time(), ZoneInfo(zone)).astimezone(dt.UTC)
