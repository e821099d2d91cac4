"""What became of a participant: release, registration, place in last night's delivery, and the state by the rules."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from benchmarks.data.calendar import Calendar
from benchmarks.data.houses import House
from benchmarks.data.people import Person
from benchmarks.data.protocol import STEPS
from benchmarks.data.staff import Staff
from benchmarks.data.stories import LAST, OVERDUE, Story
from benchmarks.data.writing import Row, moment
from portal.domain.delivery_states import ChangeKind, Inclusion
from portal.domain.releases import EndCause, Event
from portal.domain.rules.status import Outcome
from portal.networks.registry import Network
from portal.releases.states import Clock, decide

RELEASE = (
    "id tenant_id connection_id participant_id released_at released_by consent_confirmed ended_at ended_by"
    " end_cause"
)
REGISTRATION = (
    "id tenant_id connection_id participant_id mediator_id release_id released status applicant_id applied_sequence"
    " archived archive_reason rejected_sequence rejection_reason rejection_detail clarification revision announced"
    " announced_sequence announced_revision announced_at announced_digest announced_mediator_id announced_order_id"
    " waiting_since stuck_since urgent refused_revision refused_detail"
)
DELIVERED = (
    "tenant_id delivery_id participant_id part novelty explained revision digest mediator_id order_id outcome reason"
    " answered_at"
)
STATE = (
    "tenant_id participant_id listed sort_key order_id mediator_id caseworker left_order status released announced"
    " consent_given findings phase troubled needs_action since recheck_at"
)
_TIMES = {"released_at", "ended_at", "announced_at", "waiting_since", "stuck_since"}
_RELEASE, _REGISTRATION = RELEASE.split(), REGISTRATION.split()
_RELEASING = STEPS.index(next(step for step in STEPS if step.event is Event.RELEASED))
_ENDING = {place for place, step in enumerate(STEPS) if step.event is Event.REVOKED}
_BLANK: dict[str, Any] = {
    "archived": False,
    "archive_reason": None,
    "rejected_sequence": 0,
    "rejection_reason": None,
    "rejection_detail": None,
    "clarification": None,
    "revision": 1,
    "urgent": False,
    "refused_revision": None,
    "refused_detail": None,
}
Plan = tuple[tuple[int, int], ...]
"""Slots and steps of a protocol."""


def nights_waiting(story: Story, calendar: Calendar) -> int:
    """Return how many nights ago a participant was sent whose answer is awaited; 0 where none is."""
    return calendar.overdue_nights if story.nights_waiting == OVERDUE else story.nights_waiting


class Registrations:
    """Makes the rows of one tenant's participants who were ever released, and the states of all."""

    def __init__(self, house: House, staff: Staff, calendar: Calendar, clock: Clock) -> None:
        self._house, self._calendar, self._clock = house, calendar, clock
        unmanned, inactive, unknown = set(staff.unmanned), set(staff.inactive), set(staff.unknown)
        self._orders = {
            row: SimpleNamespace(has_responsible=row not in unmanned) for row in (*staff.orders, *unmanned)
        }
        mediators = (*staff.active, *inactive, *unknown)
        self._mediators = {row: SimpleNamespace(active=row not in inactive) for row in mediators}
        self._known = {
            row: SimpleNamespace(known=row not in unknown, answered_sequence=LAST)
            for row in (*staff.active, *unknown)
        }

    def release(self, person: Person, story: Story, plan: Plan, code: str) -> Any:
        """Return the newest release, with the times of the protocol."""
        times, house = self._calendar.times, self._house
        ended_at, ended_by = None, None
        if story.ended_by:
            ended_at = times[next(slot for slot, step in reversed(plan) if step in _ENDING)]
            ended_by = code if story.ended_by is EndCause.PERSON else "Qualli.life"
        return SimpleNamespace(
            id=person.id,
            tenant_id=house.tenant_id,
            connection_id=house.connection_id,
            participant_id=person.id,
            released_at=times[next(slot for slot, step in reversed(plan) if step == _RELEASING)],
            released_by=code,
            consent_confirmed=person.consent_on is None and house.network == Network.JOBNETZWERK.value,
            ended_at=ended_at,
            ended_by=ended_by,
            end_cause=story.ended_by.value if story.ended_by else None,
        )

    def registration(self, person: Person, story: Story) -> Any:
        """Return the registration as the story leaves it."""
        columns, house, calendar = story.columns, self._house, self._calendar
        nights = nights_waiting(story, calendar)
        applied: int = columns["applied_sequence"]
        told = LAST if story.told else applied
        stuck = "stuck" in columns or ("archived" in columns and story.released)
        return SimpleNamespace(
            **{
                **_BLANK,
                **columns,
                "id": person.id,
                "tenant_id": house.tenant_id,
                "connection_id": house.connection_id,
                "participant_id": person.id,
                "mediator_id": person.mediator_id,
                "release_id": person.id,
                "released": story.released,
                "applicant_id": f"{house.network[:3].upper()}-{person.id:08}" if applied else None,
                "applied_sequence": max(0, applied - nights) if columns["announced"] else applied,
                "announced_sequence": told,
                "announced_revision": 1 if told else 0,
                "announced_at": calendar.committed(told) if told else None,
                "announced_digest": _digest(person) if told else None,
                "announced_mediator_id": person.mediator_id if told else None,
                "announced_order_id": person.order_id if told else None,
                "waiting_since": calendar.committed(LAST - nights + 1) if nights else None,
                "stuck_since": calendar.times[-10] if stuck else None,
            }
        )

    def release_row(self, release: Any) -> Row:
        """Return a release as it is written."""
        return self._row(release, _RELEASE)

    def registration_row(self, registration: Any) -> Row:
        """Return a registration as it is written."""
        return self._row(registration, _REGISTRATION)

    def _row(self, found: Any, columns: list[str]) -> Row:
        values, texts = vars(found), self._calendar.texts
        return [texts[values[name]] if name in _TIMES else values[name] for name in columns]

    def delivered_row(self, person: Person, story: Story) -> Row:
        """Return a participant's place in last night's delivery, and the answer to it."""
        house, named = self._house, story.columns["announced"]
        outcome, reason = _answer(story)
        novelty = ChangeKind.NEW if story.nights_waiting == 1 else ChangeKind.UNCHANGED
        return (
            house.tenant_id,
            house.first_delivery + LAST - 1,
            person.id,
            (Inclusion.NAMED if named else Inclusion.OMITTED).value,
            (novelty if named else ChangeKind.LEAVING).value,
            True,
            1,
            _digest(person) if named else None,
            person.mediator_id if named else None,
            person.order_id if named else None,
            outcome,
            reason,
            self._calendar.written[-2] if outcome else None,
        )

    def state_row(self, person: Person, registration: Any, release: Any) -> Row:
        """Return what lists show, decided by the rules."""
        mediator = registration.mediator_id if registration else None
        order, known = self._orders.get(person.order_id or 0), self._known.get(mediator or 0)
        chosen = self._mediators.get(mediator or 0)
        state = decide(self._clock, person, registration, release, order, chosen, known)
        state["status"], state["phase"] = str(state["status"]), str(state["phase"])
        state["since"] = self._calendar.texts[state["since"]]
        state["recheck_at"] = state["recheck_at"] and _moment(state["recheck_at"])
        return (self._house.tenant_id, person.id, *state.values())


_moment = lru_cache(maxsize=10_000)(moment)


def _digest(person: Person) -> str:
    """Return what stands for the digest of the record that was announced."""
    return hashlib.sha256(person.sort_key.encode()).hexdigest()


def _answer(story: Story) -> tuple[str | None, str | None]:
    """Outcome and reason; None while it is awaited."""
    if story.nights_waiting:
        return None, None
    columns = story.columns
    if "rejected_sequence" in columns:
        return Outcome.REJECTED.value, columns["rejection_reason"]
    if "archived" in columns:
        return Outcome.ARCHIVED.value, columns["archive_reason"]
    return Outcome.ACTIVE.value, None
