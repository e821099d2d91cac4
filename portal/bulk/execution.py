"""Do what a run was started for, piece by piece. Never commits."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, update

from portal.bulk.preview import PreviewGroup, chosen_people, group_case
from portal.core.database import db
from portal.core.refusal import Refusal
from portal.deliveries.errors import NothingToTransfer
from portal.deliveries.transfer_requests import request_transfer
from portal.domain.actors import Actor
from portal.domain.bulk import BulkAction, BulkItem, BulkOutcome, BulkRun
from portal.domain.states import ParticipantState
from portal.releases.errors import AlreadyReleased, NotReleased
from portal.releases.registrations import find_registration
from portal.releases.service import choose_mediator, release, revoke
from portal.tenants.context import load_tenant_context
from portal.tenants.queries import find_connection

WITHDRAWN = "withdrawn"
"""Code of those whom a transfer takes out of the network."""


def do_some(run: BulkRun, now: dt.datetime, limit: int) -> bool:
    """Do the next piece of a run; whether there is more. Commit after each, so that nothing is done twice."""
    actor = Actor(run.initials, run.account_id, run.own_mediator_id)
    if run.action is BulkAction.TRANSFER:
        _transfer(run, actor, now)
        return False
    query = select(BulkItem).where(BulkItem.bulk_id == run.id, BulkItem.outcome.is_(None))
    items = db.session.scalars(query.order_by(BulkItem.id).limit(limit)).all()
    for item in items:
        _do(run, item, actor, now)
    run.done = BulkRun.done + len(items)
    return len(items) == limit


def _do(run: BulkRun, item: BulkItem, actor: Actor, now: dt.datetime) -> None:
    item.outcome = BulkOutcome.DONE
    try:
        with db.session.begin_nested():
            if run.action is BulkAction.RELEASE:
                release(item.participant_id, actor, now, consent_confirmed=item.consent_confirmed)
            elif run.action is BulkAction.REVOKE:
                revoke(item.participant_id, actor, now)
            elif not _change_mediator(run, item, actor, now):
                item.outcome = BulkOutcome.UNCHANGED
    except Refusal as refusal:
        already = isinstance(refusal, (AlreadyReleased, NotReleased))
        item.outcome = BulkOutcome.UNCHANGED if already else BulkOutcome.REFUSED
        item.code = refusal.code
        finding = refusal.values.get("finding")
        item.finding = str(finding) if finding else None


def _change_mediator(run: BulkRun, item: BulkItem, actor: Actor, now: dt.datetime) -> bool:
    assert run.mediator_id is not None
    connection = find_connection(run.tenant_id)
    registration = find_registration(connection, item.participant_id) if connection else None
    before = registration.mediator_id if registration else None
    choose_mediator(item.participant_id, run.mediator_id, actor, now)
    return before != run.mediator_id


def _transfer(run: BulkRun, actor: Actor, now: dt.datetime) -> None:
    by_group = _group_people(run, now)
    going, leaving = by_group.get(PreviewGroup.GOES.value, []), by_group.get(PreviewGroup.WITHDRAWS.value, [])
    mine = update(BulkItem).where(BulkItem.bulk_id == run.id).execution_options(synchronize_session=False)
    run.done = run.total
    try:
        with db.session.begin_nested():
            if not going and not leaving:
                raise NothingToTransfer
            delivery = request_transfer(run.tenant_id, actor, now, [*going, *leaving])
    except Refusal as refusal:
        run.problem = refusal.code
        run.problem_values = {key: str(value) for key, value in refusal.values.items()}
        db.session.execute(mine.values(outcome=BulkOutcome.REFUSED, code=refusal.code))
        return
    run.delivery_id = delivery.id
    db.session.execute(mine.values(outcome=BulkOutcome.UNCHANGED))
    blocked = by_group.get(PreviewGroup.BLOCKED.value, [])
    for ids, outcome, code in (
        (going, BulkOutcome.DONE, None),
        (leaving, BulkOutcome.DONE, WITHDRAWN),
        (blocked, BulkOutcome.REFUSED, "blocked"),
    ):
        db.session.execute(mine.where(BulkItem.participant_id.in_(ids)).values(outcome=outcome, code=code))


def _group_people(run: BulkRun, now: dt.datetime) -> dict[str, list[int]]:
    """Return the participants of a transfer by what it would do with them now."""
    context = load_tenant_context(run.tenant_id, now)
    columns = (ParticipantState.participant_id, group_case(context, run))
    by_group: dict[str, list[int]] = {}
    for participant_id, group in db.session.execute(chosen_people(run).with_only_columns(*columns)):
        by_group.setdefault(group, []).append(participant_id)
    return by_group
