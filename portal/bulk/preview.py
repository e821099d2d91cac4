"""What would become of each of the chosen people, counted in the database by the same rules that will be asked.

`tests/bulk/test_preview.py` holds it equal to what then happens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, literal, or_, select
from sqlalchemy.orm import aliased

from portal.core.database import db
from portal.domain.bulk import BulkAction, BulkItem, BulkRun
from portal.domain.participants import Mediator, Participant
from portal.domain.rules.preflight import ENDING, OF_PARTICIPANT, Finding
from portal.domain.states import ParticipantState
from portal.networks.spec import ConsentProof
from portal.releases.conditions import blocked, has_own_finding, listed
from portal.tenants.context import TenantContext

Condition = ColumnElement[bool]
_LASTING = frozenset(OF_PARTICIPANT) - ENDING - {Finding.REFUSED_RECORD}
"""Findings that do not hinder a release, and keep people Offline after it."""


class PreviewGroup(StrEnum):
    """What awaits one of the chosen."""

    GOES = "goes"
    WITHDRAWS = "withdraws"
    """Taken out of the network by the transfer: no longer released, and still known there."""
    CONFIRM = "confirm"
    """Released only if the user confirms that consent is at hand."""
    UNCHANGED = "unchanged"
    ENDING = "ending"
    """Cannot be released: consent withdrawn or expired, left Qualli.life, or in doubt whose the identifier is."""
    BLOCKED = "blocked"
    """Released, but nothing of them can be sent yet."""


@dataclass(frozen=True)
class Preview:
    """What would happen if it were started now."""

    counts: dict[PreviewGroup, int]
    gone: int
    """Chosen people who are not on any list any more."""
    offline: int = 0
    """Of those who go: who stay Offline all the same."""
    causes: dict[Finding, int] = field(default_factory=dict)
    """Why they do; a participant with several causes counts for each."""

    @property
    def digest(self) -> str:
        """Digest of what was shown, so that nothing else is started."""
        shown = [*sorted(self.counts.items()), self.gone, self.offline, *sorted(self.causes.items())]
        return hashlib.sha256(repr(shown).encode()).hexdigest()[:20]

    @property
    def is_useful(self) -> bool:
        return any(
            self.counts[group] for group in (PreviewGroup.GOES, PreviewGroup.WITHDRAWS, PreviewGroup.CONFIRM)
        )


def preview(context: TenantContext, run: BulkRun) -> Preview:
    """Count what would become of the people of `run`."""
    group = group_case(context, run)
    causes = _causes(run)
    rows = (
        chosen_people(run)
        .with_only_columns(
            group.label("group"),
            case((or_(false(), *causes.values()), 1), else_=0).label("offline"),
            *(case((condition, 1), else_=0).label(item.name) for item, condition in causes.items()),
        )
        .subquery()
    )
    columns = [rows.c.offline, *(rows.c[item.name] for item in causes)]
    query = select(rows.c.group, func.count(), *(func.sum(column) for column in columns)).group_by(
        rows.c.group
    )
    counts = dict.fromkeys(PreviewGroup, 0)
    sums = [0] * len(columns)
    for name, number, *found in db.session.execute(query):
        counts[PreviewGroup(name)] = number
        if name == PreviewGroup.GOES:
            sums = found
    by_cause = {item: number for item, number in zip(causes, sums[1:], strict=True) if number}
    return Preview(counts, run.total - sum(counts.values()), sums[0], by_cause)


def people_of(
    context: TenantContext, run: BulkRun, group: PreviewGroup, after: int | None = None, limit: int = 100
) -> Sequence[tuple[int, Participant]]:
    """Return a page of the people in `group`, by name, each with their row in the run, the next page's `after`."""
    query = chosen_people(run).where(group_case(context, run) == group.value)
    if after is not None:
        query = query.where(BulkItem.id > after)
    rows = db.session.execute(
        query.with_only_columns(BulkItem.id, Participant).order_by(BulkItem.id).limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def group_case(context: TenantContext, run: BulkRun) -> ColumnElement[str]:
    """In SQL: what awaits a person of `chosen_people`."""
    released = ParticipantState.released.expression
    if run.action is BulkAction.RELEASE:
        connection = context.connection
        asks = connection is not None and connection.network.spec.consent is ConsentProof.CONFIRMED
        steps = [
            (released, PreviewGroup.UNCHANGED),
            (
                or_(has_own_finding(ENDING), Participant.doubted_identity.is_not(None)),
                PreviewGroup.ENDING,
            ),
            (and_(literal(asks), ~ParticipantState.consent_given), PreviewGroup.CONFIRM),
        ]
    elif run.action is BulkAction.REVOKE:
        steps = [(~released, PreviewGroup.UNCHANGED)]
    elif run.action is BulkAction.MEDIATOR:
        same = ParticipantState.mediator_id == run.mediator_id if run.mediator_id else false()
        steps = [(func.coalesce(same, false()), PreviewGroup.UNCHANGED)]
    else:
        steps = [
            (and_(released, blocked(context)), PreviewGroup.BLOCKED),
            (~or_(released, ParticipantState.announced), PreviewGroup.UNCHANGED),
            (~released, PreviewGroup.WITHDRAWS),
        ]
    return case(
        *((condition, literal(group.value)) for condition, group in steps),
        else_=literal(PreviewGroup.GOES.value),
    )


def _causes(run: BulkRun) -> dict[Finding, Condition]:
    """What keeps people Offline although they are released, the default mediator being chosen with it."""
    if run.action is not BulkAction.RELEASE:
        return {}
    conditions = {item: has_own_finding({item}) for item in _LASTING}
    without = conditions[Finding.MEDIATOR_MISSING]
    conditions[Finding.MEDIATOR_MISSING] = and_(without, ~_gets_default(run))
    return conditions


def _gets_default(run: BulkRun) -> Condition:
    """In SQL: the same as `releases.service._default_mediator`."""
    own, hers = aliased(Mediator), aliased(Mediator)
    is_own = exists(select(own.id).where(own.id == (run.own_mediator_id or 0), own.active))
    is_hers = exists(select(hers.id).where(hers.initials == Participant.caseworker, hers.active))
    return or_(is_own, is_hers)


def chosen_people(run: BulkRun) -> Select[*tuple[Any, ...]]:
    """Select the people of a run whom lists still show, with their stored states."""
    mine = and_(BulkItem.participant_id == ParticipantState.participant_id, BulkItem.bulk_id == run.id)
    return listed().join(Participant, Participant.id == ParticipantState.participant_id).join(BulkItem, mine)
