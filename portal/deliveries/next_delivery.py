"""The coming full delivery, foreseen from the rows as they are now. Counted in the database, nothing written.

`tests/deliveries/test_coming.py` holds it equal to what is then built.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from portal.core.database import db
from portal.deliveries.leavers import announced, explained, unexplained_before
from portal.domain.participants import Participant
from portal.domain.releases import Registration
from portal.domain.rules.brake import Braking, Leaving, Limits, brake
from portal.domain.rules.phase import Phase
from portal.domain.rules.preflight import Finding
from portal.releases.causes import CauseCount, causes
from portal.releases.conditions import blocked, registered
from portal.releases.filters import Filters
from portal.releases.rows import decided_row
from portal.tenants.context import TenantContext

Condition = ColumnElement[bool]


@dataclass(frozen=True)
class Coming:
    """Numbers of people."""

    new: int
    changed: int
    """Something about them is another since they were last told; building it may still find the same record."""
    unchanged: int
    explained: int
    """Leave, and a person's decision or the end of consent says why, or they are archived already."""
    unexplained: int
    blocked: int
    """Released, but blocked."""
    braking: Braking
    causes: list[CauseCount]
    """Why the blocked are."""

    @property
    def named(self) -> int:
        return self.new + self.changed + self.unchanged


@dataclass(frozen=True)
class Leaver:
    participant: Participant
    findings: tuple[Finding, ...]


def coming(context: TenantContext) -> Coming:
    """What the next full delivery would do if it were built now; wants a connection."""
    named = and_(Registration.released, ~blocked(context))
    kinds: dict[str, Condition] = {
        "new": and_(named, ~Registration.announced),
        "changed": and_(
            named, Registration.announced, Registration.revision != Registration.announced_revision
        ),
        "unchanged": and_(
            named, Registration.announced, Registration.revision == Registration.announced_revision
        ),
        "explained": and_(_leaving(context), explained()),
        "unexplained": and_(_leaving(context), ~explained()),
        "blocked": and_(Registration.released, blocked(context)),
        "explained_now": and_(_leaving(context), explained(), ~Registration.archived),
    }
    sums = [func.sum(case((condition, 1), else_=0)) for condition in kinds.values()]
    row = db.session.execute(registered(context).with_only_columns(*sums)).one()
    counted = {name: number or 0 for name, number in zip(kinds, row, strict=True)}
    explained_now = counted.pop("explained_now")
    return Coming(
        **counted,
        braking=_ask_brake(context, explained_now, counted["unexplained"]),
        causes=causes(context, Filters(phases=frozenset({Phase.BLOCKED}))).counts
        if counted["blocked"]
        else [],
    )


def leavers(context: TenantContext, *, with_explanation: bool, limit: int = 100) -> Sequence[Leaver]:
    """The first of those who would leave, by name."""
    condition = explained() if with_explanation else ~explained()
    query = (
        registered(context).where(_leaving(context), condition).order_by(Participant.sort_key).limit(limit)
    )
    found = [decided_row(context, row) for row in db.session.execute(query)]
    return [Leaver(row.participant, row.findings) for row in found]


def _leaving(context: TenantContext) -> Condition:
    return and_(Registration.announced, or_(~Registration.released, blocked(context)))


def _ask_brake(context: TenantContext, explained_now: int, unexplained: int) -> Braking:
    connection, tenant = context.connection, context.tenant
    assert connection is not None
    measured = announced(connection.id)
    return brake(
        Leaving(
            announced=db.session.scalar(select(func.count()).select_from(Registration).where(*measured)) or 0,
            explained=explained_now,
            unexplained=unexplained,
            unexplained_before=unexplained_before(connection.id, tenant, context.now),
            orders=_orders(context, measured) if unexplained else {},
        ),
        Limits(tenant.brake_minimum, tenant.brake_percent, tenant.brake_order_minimum),
    )


def _orders(context: TenantContext, measured: tuple[Condition, ...]) -> dict[int, tuple[int, int]]:
    gone = _by_order(registered(context).where(_leaving(context), ~explained()))
    were_told = _by_order(select(Registration).where(*measured, Registration.announced_order_id.in_(gone)))
    return {order: (were_told.get(order, 0), number) for order, number in gone.items()}


def _by_order(query: Select[*tuple[Any, ...]]) -> dict[int, int]:
    rows = db.session.execute(
        query.where(Registration.announced_order_id.is_not(None))
        .with_only_columns(Registration.announced_order_id, func.count())
        .group_by(Registration.announced_order_id)
    )
    return {int(row[0]): row[1] for row in rows if row[0] is not None}
