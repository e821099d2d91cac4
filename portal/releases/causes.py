"""Why the people of a list are where they are: one line per cause, counted in the database."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import case, func, select

from portal.database import db
from portal.releases.conditions import finding_conditions, people, phase_case
from portal.releases.phase import Phase
from portal.releases.preflight import TENANT_WIDE, Finding
from portal.releases.queries import Filters, narrow
from portal.releases.view import View


@dataclass(frozen=True)
class CauseCount:
    """How many people a cause keeps where they are: a finding for the blocked, else their phase."""

    cause: Finding | Phase
    people: int

    @property
    def finding(self) -> Finding | None:
        """The finding, where the cause is one."""
        return self.cause if isinstance(self.cause, Finding) else None

    @property
    def tenant_wide(self) -> bool:
        """Whether it keeps everybody offline, so that no filter tells people apart by it."""
        return self.cause in TENANT_WIDE


@dataclass(frozen=True)
class Causes:
    """All causes, most people first. Somebody blocked by several findings is counted under each."""

    people: int
    counts: list[CauseCount]


def causes(view: View, filters: Filters) -> Causes:
    """The causes among the people that `filters` leave."""
    conditions = finding_conditions(view)
    narrowed = (
        narrow(people(view), view, filters)
        .with_only_columns(
            phase_case(view).label("phase"),
            *(case((condition, 1), else_=0).label(item.name) for item, condition in conditions.items()),
        )
        .subquery()
    )
    sums = [func.sum(narrowed.c[item.name]) for item in conditions]
    counted: Counter[Finding | Phase] = Counter()
    total = 0
    for name, number, *by_finding in db.session.execute(
        select(narrowed.c.phase, func.count(), *sums).group_by(narrowed.c.phase)
    ):
        total += number
        if name != Phase.BLOCKED.value:
            counted[Phase(name)] = number
            continue
        counted.update({item: found for item, found in zip(conditions, by_finding, strict=True) if found})
        counted.update(dict.fromkeys(view.findings, number))
    return Causes(total, [CauseCount(*pair) for pair in counted.most_common()])
