"""Why the people of a list are where they are: one line per cause, counted in the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy import func

from portal.core.database import db
from portal.domain.participants import Mediator
from portal.domain.rules.phase import Phase, shown_phase
from portal.domain.rules.preflight import TENANT_WIDE, Finding, from_bits
from portal.domain.states import ParticipantState
from portal.releases import counts
from portal.releases.conditions import count_by_phase, listed, shows_phase
from portal.releases.filters import Filters, Sorting, apply_filters
from portal.tenants.context import TenantContext

_MEDIATORS = 20


@dataclass(frozen=True)
class UnknownMediator:
    """A mediator whom the network does not know, and how many people it archived for want of them."""

    mediator: Mediator
    people: int


@dataclass(frozen=True)
class CauseCount:
    """How many people a cause keeps where they are: a finding for the blocked, else their phase."""

    cause: Finding | Phase
    people: int
    mediators: tuple[UnknownMediator, ...] = ()
    """Of the phase `mediator-unknown`: who is to be created in the network or replaced; the most needed first."""

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
    """All causes, most people first. A participant blocked by several findings is counted under each."""

    people: int
    counts: list[CauseCount]


def causes(context: TenantContext, filters: Filters) -> Causes:
    """The causes among the people that `filters` leave."""
    counted: Counter[Finding | Phase] = Counter()
    total = 0
    for phase, bits, number in _by_phase(context, filters):
        total += number
        found = (*from_bits(bits), *context.findings) if phase is Phase.BLOCKED else (phase,)
        counted.update(dict.fromkeys(found, number))
    counts = [
        CauseCount(cause, number, _mediators(context, filters) if cause is Phase.MEDIATOR_UNKNOWN else ())
        for cause, number in counted.most_common()
    ]
    return Causes(total, counts)


def _by_phase(context: TenantContext, filters: Filters) -> Iterator[tuple[Phase, int, int]]:
    """The phases in which people are shown, with their own findings as bits, and how many people there are."""
    if context.transit is None and replace(filters, sorting=Sorting.NAME) == Filters():  # everybody
        for row in counts.kept(context.tenant.id):
            yield shown_phase(row.phase, None, bool(context.findings)), row.findings, row.number
        return
    query = apply_filters(listed(), context, filters)
    for phase, (bits,), number in count_by_phase(context, query, ParticipantState.findings):
        yield phase, bits, number


def _mediators(context: TenantContext, filters: Filters) -> tuple[UnknownMediator, ...]:
    number = func.count(Mediator.id)
    query = (
        apply_filters(listed(), context, filters)
        .join(Mediator, Mediator.id == ParticipantState.mediator_id)
        .where(shows_phase(context, {Phase.MEDIATOR_UNKNOWN}))
        .with_only_columns(Mediator, number)
        .group_by(Mediator.id)
        .order_by(number.desc(), Mediator.id)
    )
    rows = db.session.execute(query.limit(_MEDIATORS))
    return tuple(UnknownMediator(mediator, count) for mediator, count in rows)
