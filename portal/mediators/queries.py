"""Mediators with what the network knows of them and whom they carry. Paged by key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, exists, func, or_, select

from portal.accounts.errors import MediatorUnknown
from portal.core.database import db
from portal.domain.participants import Mediator
from portal.domain.releases import MediatorRegistration, Registration
from portal.domain.states import ParticipantState
from portal.releases.conditions import listed
from portal.tenants.context import TenantContext


@dataclass(frozen=True)
class MediatorRow:
    mediator: Mediator
    known: bool | None
    """Whether the network knows them, as it last answered; None where it was never told of them."""
    participants: int
    released: int


@dataclass(frozen=True)
class MediatorPage:
    rows: list[MediatorRow]
    next: int | None
    """The mediator to go on from; None at the end."""


def list_mediators(context: TenantContext, after: int | None = None, limit: int = 50) -> MediatorPage:
    """A page by name, behind the mediator `after`: the active ones, and the inactive ones still in use."""
    query = select(Mediator).where(or_(Mediator.active, _in_use(context)))
    if after is not None:
        here = select(Mediator.sort_key).where(Mediator.id == after).scalar_subquery()
        query = query.where(Mediator.sort_key > here)
    found = db.session.scalars(query.order_by(Mediator.sort_key).limit(limit + 1)).all()
    kept = found[:limit]
    known, carried = _known(context, kept), _carried(kept)
    rows = [MediatorRow(item, known.get(item.id), *carried.get(item.id, (0, 0))) for item in kept]
    return MediatorPage(rows, kept[-1].id if len(found) > limit else None)


def idle_in_use_count(context: TenantContext) -> int:
    """Return how many inactive mediators people still have."""
    query = select(func.count()).select_from(Mediator).where(~Mediator.active, _in_use(context))
    return db.session.scalar(query) or 0


def get_mediator(mediator_id: int) -> Mediator:
    """A mediator of the session's tenant. Raises NotFound."""
    found = db.session.scalar(select(Mediator).where(Mediator.id == mediator_id))
    if found is None:
        raise MediatorUnknown
    return found


def _in_use(context: TenantContext) -> ColumnElement[bool]:
    connection_id = context.connection.id if context.connection else 0
    return exists(
        select(Registration.id).where(
            Registration.connection_id == connection_id, Registration.mediator_id == Mediator.id
        )
    )


def _known(context: TenantContext, mediators: Iterable[Mediator]) -> dict[int, bool]:
    if context.connection is None:
        return {}
    rows = db.session.execute(
        select(MediatorRegistration.mediator_id, MediatorRegistration.known).where(
            MediatorRegistration.connection_id == context.connection.id,
            MediatorRegistration.mediator_id.in_([item.id for item in mediators]),
        )
    )
    return {row.mediator_id: row.known for row in rows}


def _carried(mediators: Iterable[Mediator]) -> dict[int, tuple[int, int]]:
    """Participants and the released among them, as the list of participants would show them."""
    query = (
        listed()
        .where(ParticipantState.mediator_id.in_([item.id for item in mediators]))
        .with_only_columns(
            ParticipantState.mediator_id, func.count(), func.count(case((ParticipantState.released, 1)))
        )
        .group_by(ParticipantState.mediator_id)
    )
    return {row[0]: (row[1], row[2]) for row in db.session.execute(query) if row[0] is not None}
