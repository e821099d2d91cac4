"""Stored states as conditions and queries. What they mean is decided by the pure rules (releases.states).

What concerns the whole tenant, such as its uncommitted delivery, is laid over them here, by asking the same rules for
every phase that is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, literal, not_, or_, select

from portal.core.database import db
from portal.domain.deliveries import DeliveryPerson
from portal.domain.delivery_states import DeliveryState
from portal.domain.participants import Mediator, Order, Participant
from portal.domain.releases import MediatorRegistration, Registration, Release
from portal.domain.rules.phase import Phase, Transit, shown_needs_action, shown_phase
from portal.domain.rules.preflight import TENANT_WIDE, Finding, to_bits
from portal.domain.states import ParticipantState
from portal.tenants.context import TenantContext

Condition = ColumnElement[bool]

LEFT_BUT_RELEASED = and_(ParticipantState.released, ParticipantState.left_order)


def listed() -> Select[ParticipantState]:
    """Everybody a list of the tenant may show, by what is stored of them alone: to filter, sort and count."""
    return select(ParticipantState).where(ParticipantState.listed)


def people(context: TenantContext) -> Select[*tuple[Any, ...]]:
    """The same with all that belongs to them on the context's connection: to show."""
    return _joined(context).where(ParticipantState.listed)


def registered(context: TenantContext) -> Select[*tuple[Any, ...]]:
    """Everybody who has a registration on the context's connection, which may be one that is being left: to deliver."""
    assert context.connection is not None
    return _joined(context).where(Registration.connection_id == context.connection.id)


def _joined(context: TenantContext) -> Select[*tuple[Any, ...]]:
    query = _joined_on(context.connection.id if context.connection else 0)
    return query.add_columns(in_transit(context).label("in_transit"))


@lru_cache(maxsize=500)
def _joined_on(connection_id: int) -> Select[*tuple[Any, ...]]:
    """Built once: that takes as long as asking for a page of them."""
    parts = (Participant, Registration, Release, Order, Mediator, MediatorRegistration, ParticipantState)
    query = (
        select(*parts)
        .select_from(ParticipantState)
        .join(Participant, Participant.id == ParticipantState.participant_id)
    )
    return join_parts(query, connection_id)


def join_parts(query: Select[*tuple[Any, ...]], connection_id: int) -> Select[*tuple[Any, ...]]:
    """Join to the participants of `query` what belongs to them on a connection, where there is any."""
    own = and_(Registration.participant_id == Participant.id, Registration.connection_id == connection_id)
    known = and_(
        MediatorRegistration.connection_id == connection_id,
        MediatorRegistration.mediator_id == Registration.mediator_id,
    )
    return (
        query.outerjoin(Registration, own)
        .outerjoin(Release, Release.id == Registration.release_id)
        .outerjoin(Order, Order.id == Participant.order_id)
        .outerjoin(Mediator, Mediator.id == Registration.mediator_id)
        .outerjoin(MediatorRegistration, known)
    )


def in_transit(context: TenantContext) -> Condition:
    """Whether a person is in the uncommitted delivery; before it is built, whether they will be."""
    delivery = context.uncommitted
    if delivery is None:
        return false()
    if delivery.state is not DeliveryState.PLANNED:
        return ParticipantState.participant_id.in_(
            select(DeliveryPerson.participant_id).where(DeliveryPerson.delivery_id == delivery.id)
        )
    if delivery.selection is not None:
        return ParticipantState.participant_id.in_(delivery.selection)
    return or_(ParticipantState.released, ParticipantState.announced)


def count_by_phase(
    context: TenantContext, query: Select[*tuple[Any, ...]], *columns: Any
) -> Iterator[tuple[Phase, list[Any], int]]:
    """Count the people of `query` by the phase in which they are shown and by `columns`, whose values come with it."""
    moving = [] if context.transit is None else [in_transit(context).label("in_transit")]
    keys = [ParticipantState.phase, *moving, *columns]
    for own, *values, number in db.session.execute(
        query.with_only_columns(*keys, func.count()).group_by(*keys)
    ):
        transit = context.transit if moving and values.pop(0) else None
        yield shown_phase(own, transit, bool(context.findings)), values, number


def shows_phase(context: TenantContext, phases: Collection[Phase]) -> Condition:
    """Whether a person is shown in one of these phases."""
    return _by_transit(context, lambda transit: _shown_in(context, phases, transit))


def _shown_in(context: TenantContext, phases: Collection[Phase], transit: Transit | None) -> Condition:
    blocked = bool(context.findings)
    own = [phase for phase in Phase if shown_phase(phase, transit, blocked) in phases]
    return ParticipantState.phase.in_(own)


def needs_action(context: TenantContext) -> Condition:
    """Return whether the tenant can do something for a participant now."""
    return _by_transit(context, _acts)


def _acts(transit: Transit | None) -> Condition:
    if transit is None:
        return ParticipantState.needs_action.expression
    always = [phase for phase in Phase if shown_needs_action(phase, True, False, transit)]
    found: Condition = ParticipantState.phase.in_(always)
    if shown_needs_action(Phase.BLOCKED, False, True, transit):
        found = or_(found, ParticipantState.troubled)
    return found


def _by_transit(context: TenantContext, condition: Callable[[Transit | None], Condition]) -> Condition:
    """A condition by where people stand with the uncommitted delivery; most often there is none."""
    if context.transit is None:
        return condition(None)
    within = in_transit(context)
    return or_(and_(not_(within), condition(None)), and_(within, condition(context.transit)))


def has_finding(context: TenantContext, findings: Collection[Finding]) -> Condition:
    """Return whether any of these findings concerns a participant; a finding of the tenant concerns all or none."""
    everybody = literal(bool(set(findings) & set(context.findings)))
    return or_(everybody, has_own_finding(set(findings) - TENANT_WIDE))


def has_own_finding(findings: Collection[Finding]) -> Condition:
    """Return whether any of these findings of participants concerns a participant."""
    return ParticipantState.findings.bitwise_and(to_bits(findings)) != 0


def blocked(context: TenantContext) -> Condition:
    """Whether anything keeps a person from being delivered."""
    return or_(literal(bool(context.findings)), ParticipantState.findings != 0)
