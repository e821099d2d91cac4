"""What a list of participants is narrowed to and sorted by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from portal.domain.participants import Mediator, Order, ParticipantWord
from portal.domain.releases import Registration
from portal.domain.rules.normalise import next_word
from portal.domain.rules.phase import Phase
from portal.domain.rules.preflight import Finding
from portal.domain.rules.status import Status
from portal.domain.states import ParticipantState
from portal.releases.conditions import (
    LEFT_BUT_RELEASED,
    has_finding,
    needs_action,
    shows_phase,
)
from portal.tenants.context import TenantContext

Condition = ColumnElement[bool]


class Sorting(StrEnum):
    """What a list of participants is sorted by; then by name."""

    NAME = "name"
    ACTION = "action"
    """People for whom a user of the tenant can do something come first."""
    WAITING = "waiting"
    """People who have waited longest come first, whatever they wait for (`phase.waits_since`)."""


@dataclass(frozen=True)
class Filters:
    """What a list of participants is narrowed to; everything given must hold."""

    statuses: frozenset[Status] = frozenset()
    phases: frozenset[Phase] = frozenset()
    findings: frozenset[Finding] = frozenset()
    order_id: int | None = None
    mediator_id: int | None = None
    caseworker: str | None = None
    mine: str | None = None
    """Initials of the account that looks, which must be the caseworker's, too."""
    words: tuple[str, ...] = ()
    """Folded for search (people.folding.search_words); each must begin one of the person's words."""
    joined: tuple[str, ...] = ()
    """The same words where no sign parts them (people.folding.joined_words); they may match in place of `words`."""
    number: str | None = None
    """Also finds those whose applicant ID, order number or mediator ID is exactly this, besides `words`."""
    left_but_released: bool = False
    needs_action: bool = False
    sorting: Sorting = Sorting.NAME


def apply_filters(
    query: Select[*tuple[Any, ...]], context: TenantContext, filters: Filters
) -> Select[*tuple[Any, ...]]:
    """Narrow `query` over stored states to `filters`, each of which must hold."""
    conditions = [*_by_state(context, filters), *_search(filters)]
    for column, value in (
        (ParticipantState.order_id, filters.order_id),
        (ParticipantState.mediator_id, filters.mediator_id),
        (ParticipantState.caseworker, filters.caseworker),
        (ParticipantState.caseworker, filters.mine),
    ):
        if value is not None:
            conditions.append(column == value)
    return query.where(*conditions)


def _by_state(context: TenantContext, filters: Filters) -> list[Condition]:
    found: list[Condition] = []
    if filters.statuses:
        found.append(ParticipantState.status.in_(filters.statuses))
    if filters.phases:
        found.append(shows_phase(context, filters.phases))
    if filters.needs_action:
        found.append(needs_action(context))
    if filters.findings:
        found += [ParticipantState.released.expression, has_finding(context, filters.findings)]
    if filters.left_but_released:
        found.append(LEFT_BUT_RELEASED)
    return found


def _search(filters: Filters) -> list[Condition]:
    readings = dict.fromkeys((filters.words, filters.joined or filters.words))
    found = [and_(*(_has_word(word) for word in words)) for words in readings if words]
    if filters.number is not None:
        found += [
            ParticipantState.participant_id.in_(
                select(Registration.participant_id).where(Registration.applicant_id == filters.number)
            ),
            ParticipantState.order_id.in_(select(Order.id).where(Order.number == filters.number)),
            ParticipantState.mediator_id.in_(select(Mediator.id).where(Mediator.number == filters.number)),
        ]
    return [or_(*found)] if found else []


def _has_word(word: str) -> Condition:
    """From the word to the people: there are fewer of them than people with words."""
    return ParticipantState.participant_id.in_(
        select(ParticipantWord.participant_id).where(
            ParticipantWord.word >= word, ParticipantWord.word < next_word(word)
        )
    )
