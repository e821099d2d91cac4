"""The nights of a tenant's deliveries, and when things may have happened between them. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from benchmarks.data.houses import NIGHTS
from benchmarks.data.writing import moment
from portal.domain.rules.phase import CLARIFICATION_WORKING_DAYS, OVERDUE_WORKING_DAYS
from portal.domain.rules.workdays import working_days_before

DAY, NIGHT, ANSWER = 0, 1, 2
"""Slots of each night: by day before it, when the receipt was stored, when it was answered."""
_TIMES = {DAY: dt.time(9, 12, 7), NIGHT: dt.time(21, 5, 20), ANSWER: dt.time(22, 10, 41)}
SLOTS = 3 * NIGHTS
AFTER_ALL = SLOTS
"""A slot after the newest delivery."""
_AFTER = dt.timedelta(minutes=25)


@dataclass(frozen=True)
class Calendar:
    """Times as they are written, by slot."""

    today: dt.date

    @cached_property
    def nights(self) -> list[dt.date]:
        """Dates of the deliveries 1, 2, 3 …"""
        return [self.today - dt.timedelta(days=NIGHTS - number) for number in range(NIGHTS)]

    @cached_property
    def times(self) -> list[dt.datetime]:
        """Of every slot, and of the one after all."""
        found = [
            dt.datetime.combine(night, _TIMES[kind], dt.UTC)
            for night in self.nights
            for kind in (DAY, NIGHT, ANSWER)
        ]
        return [*found, found[-1] + _AFTER]

    @cached_property
    def written(self) -> list[str]:
        """The same as they are written."""
        return [moment(time) for time in self.times]

    @cached_property
    def texts(self) -> dict[dt.datetime | None, str | None]:
        """How each is written, by time; also none."""
        return {None: None, **dict(zip(self.times, self.written, strict=True))}

    @cached_property
    def sealed(self) -> list[str]:
        """The same as seals read them."""
        return [time.isoformat() for time in self.times]

    @cached_property
    def overdue_nights(self) -> int:
        """How many nights ago a delivery was sent whose answers are overdue by noon, and not yet in clarification."""
        noon = dt.datetime.combine(self.today, dt.time(12), dt.UTC)
        newest, oldest = (
            working_days_before(noon, days, "BE", "Europe/Berlin")
            for days in (OVERDUE_WORKING_DAYS, CLARIFICATION_WORKING_DAYS)
        )
        late = (
            number for number in range(1, 15) if oldest <= self.times[3 * (NIGHTS - number) + NIGHT] < newest
        )
        return next(late, 4)

    def committed(self, sequence: int) -> dt.datetime:
        """Return when the receipt of a delivery was stored."""
        return self.times[3 * (sequence - 1) + NIGHT]
