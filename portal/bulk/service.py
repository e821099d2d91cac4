"""Choose many people, and start what is meant for them. Never commits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import CursorResult, delete, func, insert, literal, select, update

from portal.accounts.errors import MediatorUnknown
from portal.bulk.errors import (
    BulkChanged,
    BulkNobody,
    BulkNothing,
    BulkNotYours,
    BulkStarted,
    BulkTooMany,
    BulkUnknown,
)
from portal.bulk.preview import PreviewGroup, preview
from portal.core.database import db
from portal.core.queue import enqueue_after_commit
from portal.core.refusal import Refusal
from portal.deliveries.errors import DeliveryHeld, DeliveryRunning
from portal.domain.actors import Actor
from portal.domain.bulk import BulkAction, BulkItem, BulkRun, BulkState
from portal.domain.delivery_states import DeliveryState
from portal.domain.participants import Mediator
from portal.domain.rules.preflight import Finding
from portal.domain.states import ParticipantState
from portal.releases.conditions import listed
from portal.releases.errors import MediatorInactive
from portal.releases.filters import Filters, apply_filters
from portal.releases.states import refresh_due
from portal.tenants.context import TenantContext

MOST = 50_000
"""People that one run may concern."""
MOST_TRANSFERRED = 5_000
"""People that one transfer of chosen people may concern; beyond, a transfer of everyone is quicker."""
KEPT = dt.timedelta(days=90)
"""How long a report is kept; a run that was never started goes after a day."""


@dataclass(frozen=True)
class Chosen:
    """The participants that a user chose: these rows, or everyone in the filtered list."""

    participant_ids: Collection[int] | None
    filters: Filters
    query: str = ""
    """Address of the list, behind the question mark."""


def choose(
    context: TenantContext,
    action: BulkAction,
    chosen: Chosen,
    actor: Actor,
    now: dt.datetime,
    mediator_id: int | None = None,
) -> BulkRun:
    """Store the participants of an action, so that what is shown is what is done.

    Raises Refusal `bulk-nobody`, `bulk-too-many`.
    """
    assert actor.account_id is not None
    run = BulkRun(
        tenant_id=context.tenant.id,
        action=action,
        state=BulkState.SHOWN,
        account_id=actor.account_id,
        initials=actor.initials,
        own_mediator_id=actor.mediator_id,
        mediator_id=mediator_id,
        query=chosen.query[:2000],
        created_at=now,
    )
    db.session.add(run)
    db.session.flush()
    refresh_due(context.tenant.id, now)
    most = MOST_TRANSFERRED if action is BulkAction.TRANSFER else MOST
    _freeze(run, context, chosen, most + 1)
    _count(run, most)
    return run


def _count(run: BulkRun, most: int) -> None:
    run.total = db.session.scalar(select(func.count()).where(BulkItem.bulk_id == run.id)) or 0
    if run.total == 0:
        raise BulkNobody
    if run.total > most:
        raise BulkTooMany(most=most)


def _freeze(run: BulkRun, context: TenantContext, chosen: Chosen, limit: int) -> None:
    """Write down who is chosen, by name."""
    found = listed().where(
        ParticipantState.tenant_id == run.tenant_id
    )  # an INSERT's SELECT is not scoped by itself
    if chosen.participant_ids is not None:
        found = found.where(ParticipantState.participant_id.in_(chosen.participant_ids))
    else:
        found = apply_filters(found, context, chosen.filters)
    rows = found.with_only_columns(
        literal(run.tenant_id), literal(run.id), ParticipantState.participant_id, literal(value=False)
    )
    columns = ["tenant_id", "bulk_id", "participant_id", "consent_confirmed"]
    rows = rows.order_by(ParticipantState.sort_key).limit(limit)
    db.session.execute(insert(BulkItem).from_select(columns, rows))


def get_run(bulk_id: int) -> BulkRun:
    """A run of the session's tenant. Raises NotFound."""
    run = db.session.scalar(select(BulkRun).where(BulkRun.id == bulk_id))
    if run is None:
        raise BulkUnknown
    return run


def set_mediator(run: BulkRun, mediator_id: int, actor: Actor) -> None:
    """Set the mediator of a run. Raises NotFound; Refusal `mediator-inactive`, `bulk-started`, `bulk-not-yours`."""
    _refuse_other_person(run, actor)
    mediator = db.session.scalar(select(Mediator).where(Mediator.id == mediator_id))
    if mediator is None:
        raise MediatorUnknown
    if not mediator.active:
        raise MediatorInactive
    _set(run, BulkState.SHOWN, mediator_id=mediator_id)


def start(
    run: BulkRun,
    context: TenantContext,
    shown: str,
    confirmed: Collection[int],
    actor: Actor,
    now: dt.datetime,
) -> None:
    """Have the worker do what was shown; `confirmed` are those whose consent is at hand, by row.

    Raises Refusal `bulk-started`, `bulk-not-yours`, `bulk-changed`, `bulk-nothing`, and what `blocker` gives.
    """
    _refuse_other_person(run, actor)
    blocked_by = blocker(context, run)
    if blocked_by:
        raise blocked_by
    found = preview(context, run)
    if found.digest != shown:
        raise BulkChanged
    if not (found.counts[PreviewGroup.GOES] or found.counts[PreviewGroup.WITHDRAWS] or confirmed):
        raise BulkNothing
    _set(run, BulkState.SHOWN, state=BulkState.WAITING, started_at=now)
    if confirmed:
        db.session.execute(
            update(BulkItem)
            .where(BulkItem.bulk_id == run.id, BulkItem.participant_id.in_(confirmed))
            .values(consent_confirmed=True)
            .execution_options(synchronize_session=False)
        )
    enqueue_after_commit(BulkRun, run.id)


def blocker(context: TenantContext, run: BulkRun) -> Refusal | None:
    """Return why the run cannot be started now; None if it can."""
    if run.action is BulkAction.REVOKE:
        return None
    minded = set(context.findings)
    if run.action is BulkAction.RELEASE:
        minded.discard(Finding.NETWORK_CREDENTIALS_MISSING)  # mended without a new decision
    if run.action is BulkAction.MEDIATOR:
        minded &= {Finding.NETWORK_NOT_CHOSEN}
    for finding in context.findings:
        if finding in minded:
            return Refusal(finding.value)
    if run.action is BulkAction.TRANSFER and context.uncommitted:
        refusal = DeliveryHeld if context.uncommitted.state is DeliveryState.HELD else DeliveryRunning
        return refusal(number=context.uncommitted.sequence)
    return None


def forget_runs(now: dt.datetime, limit: int = 100) -> int:
    """Delete runs not started within a day, and old reports, of every tenant. Return how many."""
    query = select(BulkRun.id).where(
        ((BulkRun.state == BulkState.SHOWN) & (BulkRun.created_at < now - dt.timedelta(days=1)))
        | ((BulkRun.state == BulkState.DONE) & (BulkRun.created_at < now - KEPT))
    )
    ids: Sequence[int] = db.session.scalars(query.order_by(BulkRun.id).limit(limit)).all()
    db.session.execute(delete(BulkItem).where(BulkItem.bulk_id.in_(ids)))
    db.session.execute(delete(BulkRun).where(BulkRun.id.in_(ids)))
    return len(ids)


def _set(run: BulkRun, still: BulkState, **values: object) -> None:
    """Change a run that is `still` in that state. Raises Refusal `bulk-started` if another request was first."""
    result = db.session.execute(
        update(BulkRun)
        .where(BulkRun.id == run.id, BulkRun.state == still)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if not cast("CursorResult[object]", result).rowcount:
        raise BulkStarted
    db.session.refresh(run)


def _refuse_other_person(run: BulkRun, actor: Actor) -> None:
    if run.account_id != actor.account_id:
        raise BulkNotYours(by=run.initials)
