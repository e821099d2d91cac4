"""Apply acknowledgements: what each does to a registration, the protocol and the delivery.

Source: docs/domain.md#status, #order-of-answers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import func, insert, select

from portal.core.database import db
from portal.deliveries.answer_page import AnswerPage
from portal.deliveries.reconciliation import name_answered, note_told
from portal.deliveries.strangers import keep_identifier
from portal.domain.deliveries import Delivery, DeliveryPerson, OddAnswer
from portal.domain.delivery_states import Trigger
from portal.domain.releases import Event, MediatorRegistration, ProtocolEntry, Registration
from portal.domain.rules.status import Effect, NetworkState, Outcome, Status, after_answer, read_reason
from portal.networks.protocol.contract import Acknowledgement
from portal.releases.rows import stuck_since

PARTICIPANT_OUTCOMES = frozenset(outcome.value for outcome in Outcome)
MEDIATOR_OUTCOMES = frozenset({"known", "unknown"})
SETTLED_BY_ANSWER = frozenset({"answer-missing", "answers-contradict"})
"""Clarifications that the answer to a newer delivery ends."""
_EVENTS = {
    Outcome.ACTIVE: Event.ANSWERED_ACTIVE,
    Outcome.ARCHIVED: Event.ANSWERED_ARCHIVED,
    Outcome.REJECTED: Event.ANSWERED_REJECTED,
}


def apply_items(delivery: Delivery, items: Sequence[Acknowledgement], now: dt.datetime) -> int:
    """Apply a page of answers. Return how many were new: the first about a participant or mediator of the delivery.

    Applying the same page again changes nothing. The caller commits.
    """
    if delivery.cause is Trigger.FOUND:
        name_answered(delivery, items)
    page = AnswerPage(delivery, items, now)
    for item in items:
        if item.subject == "participant" and item.outcome in PARTICIPANT_OUTCOMES:
            _apply_to_person(page, item)
        elif item.subject == "mediator" and item.outcome in MEDIATOR_OUTCOMES:
            _apply_to_mediator(page, item)
        else:
            _note_odd(page, item, "unknown-word")
    db.session.flush()
    if page.entries:  # all at once: SQLite would take each alone, to hear its number
        db.session.execute(insert(ProtocolEntry), page.entries)
    return page.news


def _apply_to_person(page: AnswerPage, item: Acknowledgement) -> None:
    person = page.people.get(item.id)
    if person is None:
        _note_odd(page, item, "stranger")
        return
    if person.row.outcome is not None:
        if (person.row.outcome, person.row.reason) != (item.outcome, item.reason):
            _note_odd(page, item, "contradictory")
        return
    page.news += 1
    person.row.outcome, person.row.reason = item.outcome, item.reason or None
    person.row.detail, person.row.answered_at = item.detail or None, item.at
    _take_applicant_id(page, person.registration, item)
    _move_registration(page, person.row, person.registration, item)


def _move_registration(
    page: AnswerPage, row: DeliveryPerson, registration: Registration, item: Acknowledgement
) -> None:
    """Move a registration by its first answer of this delivery, unless a newer delivery's answer came before."""
    outcome, before = Outcome(item.outcome), Status(registration.status)
    state = NetworkState(before, registration.applied_sequence, registration.rejected_sequence)
    decision = after_answer(state, page.delivery.sequence, outcome, read_reason(item.reason))
    if decision.effect is Effect.OVERTAKEN:
        _write(page, registration, Event.ANSWER_OVERTAKEN, outcome=item.outcome, reason=row.reason)
        return
    noteworthy = _is_noteworthy(registration, decision.state, outcome, row)
    if page.delivery.cause is Trigger.FOUND:
        note_told(page.delivery, registration, item.outcome, row.reason, page.now)
    _store(registration, decision.state, outcome, row)
    registration.waiting_since = _still_waiting(page.delivery, registration)
    if registration.clarification in SETTLED_BY_ANSWER:
        registration.clarification = None
    registration.stuck_since = stuck_since(registration, page.now)
    if noteworthy:
        _write_answer(page, row, registration, outcome, before)


def _write_answer(
    page: AnswerPage, row: DeliveryPerson, registration: Registration, outcome: Outcome, before: Status
) -> None:
    after = registration.status
    _write(
        page,
        registration,
        _EVENTS[outcome],
        reason=row.reason,
        detail=row.detail,
        applicant_id=registration.applicant_id if outcome is Outcome.ACTIVE else None,
        **({"from": before.value, "to": after.value} if after is not before else {}),
    )


def _is_noteworthy(
    registration: Registration, after: NetworkState, outcome: Outcome, row: DeliveryPerson
) -> bool:
    """Return whether an answer says something new: a repeated "active" belongs to the delivery alone."""
    if (
        after.status is not registration.status
        or registration.rejected_sequence > registration.applied_sequence
    ):
        return True
    if outcome is Outcome.REJECTED:
        return True
    if outcome is Outcome.ARCHIVED:
        return not registration.archived or registration.archive_reason != row.reason
    return row.novelty != "unchanged" or registration.archived


def _store(registration: Registration, state: NetworkState, outcome: Outcome, row: DeliveryPerson) -> None:
    registration.status = state.status
    registration.applied_sequence = state.applied_sequence
    registration.rejected_sequence = state.rejected_sequence
    if outcome is Outcome.REJECTED:
        registration.rejection_reason, registration.rejection_detail = row.reason, row.detail
        return
    registration.archived = outcome is Outcome.ARCHIVED
    registration.archive_reason = row.reason if registration.archived else None
    registration.archive_detail = row.detail if registration.archived else None


def _still_waiting(delivery: Delivery, registration: Registration) -> dt.datetime | None:
    """Commit of the oldest unanswered delivery newer than this answer; None where this was the newest."""
    if registration.announced_sequence <= delivery.sequence:
        return None
    db.session.flush()
    return db.session.scalar(
        select(func.min(Delivery.committed_at))
        .join(DeliveryPerson, DeliveryPerson.delivery_id == Delivery.id)
        .where(
            DeliveryPerson.participant_id == registration.participant_id,
            DeliveryPerson.outcome.is_(None),
            Delivery.connection_id == registration.connection_id,
            Delivery.sequence > delivery.sequence,
        )
    )


def _take_applicant_id(page: AnswerPage, registration: Registration, item: Acknowledgement) -> None:
    """Remember the Bewerber-ID: the newest counts, a missing one is taken from any answer (docs/domain.md#rules)."""
    new, old = page.applicant_id(item), registration.applicant_id
    older_answer = page.delivery.sequence < registration.applied_sequence
    if not new or new == old or (old and older_answer):
        return
    if new in page.owners:
        registration.clarification = "applicant-id-taken"
        registration.stuck_since = stuck_since(registration, page.now)
        _write(page, registration, Event.APPLICANT_ID_TAKEN, applicant_id=new)
        return
    if new in page.freed:  # the other one lets it go first
        db.session.flush()
    registration.applicant_id = new
    page.owners[new] = registration.participant_id
    if registration.clarification == "applicant-id-taken":
        registration.clarification = None
    if old:
        page.owners.pop(old, None)
        page.freed.add(old)
        _write(page, registration, Event.APPLICANT_ID_CHANGED, applicant_id=new, before=old)


def _apply_to_mediator(page: AnswerPage, item: Acknowledgement) -> None:
    row = page.mediators.get(item.id)
    if row is None:
        _note_odd(page, item, "stranger")
        return
    if row.outcome is not None:
        if row.outcome != item.outcome:
            _note_odd(page, item, "contradictory")
        return
    page.news += 1
    row.outcome, row.answered_at = item.outcome, item.at
    sequence, connection_id = page.delivery.sequence, page.delivery.connection_id
    known = db.session.scalar(
        select(MediatorRegistration).where(
            MediatorRegistration.connection_id == connection_id,
            MediatorRegistration.mediator_id == row.mediator_id,
        )
    )
    if known is None:
        known = MediatorRegistration(
            tenant_id=row.tenant_id,
            connection_id=connection_id,
            mediator_id=row.mediator_id,
            answered_sequence=0,
        )
        db.session.add(known)
    if sequence >= known.answered_sequence:
        known.known, known.answered_sequence, known.answered_at = item.outcome == "known", sequence, item.at


def _note_odd(page: AnswerPage, item: Acknowledgement, kind: str) -> None:
    """Record on the delivery what moves nothing; once, however often it comes."""
    if page.room_for_odd:  # without it a page of strangers asks nothing
        _keep_odd(page, item, kind)
    if kind == "contradictory" and item.id in page.people and item.subject == "participant":
        registration = page.people[item.id].registration
        if registration.clarification is None:
            registration.clarification = "answers-contradict"
            registration.stuck_since = stuck_since(registration, page.now)
            _write(page, registration, Event.ANSWER_CONTRADICTORY, outcome=item.outcome, reason=item.reason)


def _keep_odd(page: AnswerPage, item: Acknowledgement, kind: str) -> None:
    values = {
        "delivery_id": page.delivery.id,
        "kind": kind,
        "subject": item.subject,
        "number": keep_identifier(page.delivery.tenant_id, item.subject, item.id),
        "outcome": item.outcome,
    }
    if db.session.scalar(select(OddAnswer.id).filter_by(**values)) is None:
        page.room_for_odd -= 1
        odd = OddAnswer(tenant_id=page.delivery.tenant_id, at=item.at, reason=item.reason or None, **values)
        db.session.add(odd)
        db.session.flush()


def _write(page: AnswerPage, registration: Registration, event: Event, **data: object) -> None:
    page.entries.append(
        {
            "tenant_id": registration.tenant_id,
            "participant_id": registration.participant_id,
            "connection_id": registration.connection_id,
            "delivery_id": page.delivery.id,
            "at": page.now,
            "event": event,
            "by": page.network.initials,
            "data": {key: value for key, value in data.items() if value is not None},
        }
    )
