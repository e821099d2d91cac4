"""Bugs put in on purpose: each replaces one function of the product. The machine is worth something if it finds them.

`rules` narrows the story to what the bug is about, so that a few examples are enough; `said` is what is found.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import func, select, update

from portal.core import leases
from portal.core.database import commit, db, utcnow
from portal.deliveries import (
    answers,
    applying,
    approval,
    braking,
    build_step,
    building,
    planning,
    receipts,
    sending,
)
from portal.deliveries import jobs as steps
from portal.deliveries import reconciliation as reconciling
from portal.domain.deliveries import Delivery, DeliveryPerson
from portal.domain.delivery_states import ChangeKind, DeliveryState
from portal.domain.releases import MediatorRegistration, Registration
from portal.domain.rules.status import Outcome, Reason
from portal.domain.tenants import Connection
from portal.releases import imported, tracking
from tests.properties.wire import Fault
from tests.properties.world import PEOPLE, World
from tests.support import failpoints

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Mutant:
    name: str
    put_in: Callable[[Patch], None]
    rules: tuple[str, ...]
    said: str
    before: Callable[[World], None] | None = None


def _archived_on_rejection(patch: Patch) -> None:
    right = applying.after_answer

    def wrong(state: Any, sequence: int, outcome: Outcome, reason: Reason | None) -> Any:
        return right(state, sequence, Outcome.ARCHIVED if outcome is Outcome.REJECTED else outcome, reason)

    patch.setattr(applying, "after_answer", wrong)


def _older_answer_applied(patch: Patch) -> None:
    right = applying.after_answer

    def wrong(state: Any, sequence: int, outcome: Outcome, reason: Reason | None) -> Any:
        return right(replace(state, applied_sequence=0, rejected_sequence=0), sequence, outcome, reason)

    patch.setattr(applying, "after_answer", wrong)


def _change_unnoticed(patch: Patch) -> None:
    """An answer changes somebody, and what is stored for lists stays."""
    right = tracking._notice_row

    def wrong(session: Any, row: Any) -> None:
        # the answer about the mediator, on the same page, would have all of the mediator's participants looked at
        if not isinstance(row, Registration | MediatorRegistration):
            right(session, row)

    patch.setattr(tracking, "_notice_row", wrong)


def _fence_ignored(patch: Patch) -> None:
    def wrong(held: Any, *_: Any) -> Delivery:
        return db.session.get_one(Delivery, held.row_id, populate_existing=True)

    patch.setattr(leases, "renew", wrong)


def _base_dropped(patch: Patch) -> None:
    right = sending.take_snapshot
    patch.setattr(sending, "take_snapshot", lambda *them: replace(right(*them), base_sequence=None))


def _explained_counted(patch: Patch) -> None:
    right = build_step.ask_brake

    def wrong(context: Any, _unexplained: int) -> Any:
        query = select(func.count()).where(
            DeliveryPerson.delivery_id == context.uncommitted.id, DeliveryPerson.novelty == ChangeKind.LEAVING
        )
        return right(context, db.session.scalar(query) or 0)

    patch.setattr(build_step, "ask_brake", wrong)


def _last_look_skipped(patch: Patch) -> None:
    patch.setattr(sending, "blocking_problem", lambda *_: None)


def _unknown_commit_repeated_unasked(patch: Patch) -> None:
    patch.setattr(sending.Sending, "take_back", lambda _: None)


def _cursor_moved_first(patch: Patch) -> None:
    right = answers._apply

    def wrong(delivery: Any, question: Any, page: Any, *more: Any) -> Any:
        delivery.cursor = page.next
        commit()
        failpoints.reach("cursor-moved.after")
        return right(delivery, replace(question, cursor=page.next), page, *more)

    patch.setattr(answers, "_apply", wrong)


def _receipt_applied_twice(patch: Patch) -> None:
    def wrong(*arguments: Any) -> None:
        receipts.apply_receipt(*arguments)
        receipts.apply_receipt(*arguments)

    patch.setattr(sending, "apply_receipt", wrong)


def _withdrawal_waits_for_the_night(patch: Patch) -> None:
    patch.setattr(planning, "plan_withdrawals", lambda *_: None)


def _unknown_mediator_is_a_withdrawal(patch: Patch) -> None:
    right = applying.after_answer

    def wrong(state: Any, sequence: int, outcome: Outcome, reason: Reason | None) -> Any:
        return right(state, sequence, outcome, Reason.WITHDRAWN if reason else None)

    patch.setattr(applying, "after_answer", wrong)


def _brake_forgets(patch: Patch) -> None:
    patch.setattr(braking, "unexplained_before", lambda *_: 0)


def _parts_read_anew(patch: Patch) -> None:
    right = sending.send

    def wrong(held: Any) -> Any:
        with held.step() as delivery:
            again = delivery.state is DeliveryState.SENDING and delivery.commit_attempted_at is None
            context = build_step._context(delivery, utcnow())
        if again:
            counts = building.build_parts(held, context).counts
            with held.step() as delivery:
                delivery.counts = counts
        return right(held)

    patch.setitem(steps.STEPS, DeliveryState.SENDING, wrong)


def _vanished_leave_as_if_without_consent(patch: Patch) -> None:
    right = imported.end_lost_releases

    def wrong(*arguments: Any, **options: Any) -> int:
        ended = right(*arguments, **options)
        announced = update(Registration).where(Registration.announced, ~Registration.released)
        db.session.execute(announced.values(urgent=True).execution_options(synchronize_session=False))
        return ended

    patch.setattr(imported, "end_lost_releases", wrong)


def _new_key_each_time(patch: Patch) -> None:
    right = sending.take_snapshot
    patch.setattr(
        sending, "take_snapshot", lambda *them: replace(right(*them), idempotency_key=str(uuid.uuid4()))
    )


def _reconciling_forgotten(patch: Patch) -> None:
    right = sending.judge_account

    def wrong(delivery: Any, account: Any, now: Any) -> Any:
        db.session.execute(update(Connection).values(attempted_sequence=account.last_sequence))
        return right(delivery, account, now)

    patch.setattr(sending, "judge_account", wrong)


def _revoked_come_back_to_life(patch: Patch) -> None:
    patch.setattr(reconciling, "end_release", lambda *_: None)


def _whoever_started_it_lets_it_go(patch: Patch) -> None:
    patch.setattr(approval, "require_second", lambda *_: None)


def _shown_or_not(patch: Patch) -> None:
    right = approval.approve

    def wrong(delivery_id: int, _shown_digest: str, actor: Any, now: Any) -> Delivery:
        digest = db.session.get_one(Delivery, delivery_id).shown_digest or ""
        return right(delivery_id, digest, actor, now)

    patch.setattr(approval, "approve", wrong)


def _rejects_some(world: World) -> None:
    for number in PEOPLE[:4]:
        world.sandbox.force(world.provider, number, "rejected", "invalid-data", "Unfug")


def _holds_answers(world: World) -> None:
    world.sandbox.misbehave("answers-held", provider_id=world.provider)


def _knows_no_mediator(world: World) -> None:
    world.sandbox.set_mediator(world.provider, "V1", False)


def _is_overtaken(world: World) -> None:
    world.overtake("commitDelivery")


def _loses(call: str, fault: Fault) -> Callable[[World], None]:
    def lose(world: World) -> None:
        world.tap.faults[call] = fault

    return lose


MUTANTS = (
    Mutant(
        "a rejection archives", _archived_on_rejection, ("some_move", "transfer"), "instead of", _rejects_some
    ),
    Mutant(
        "an older answer is applied",
        _older_answer_applied,
        ("revoke", "transfer", "late_answers_come"),
        "instead of",
        _holds_answers,
    ),
    Mutant("a change is not noticed", _change_unnoticed, ("revoke", "transfer"), "stored otherwise"),
    Mutant("the fence is ignored", _fence_ignored, ("transfer", "faults_stop"), "twice", _is_overtaken),
    Mutant("the base is dropped", _base_dropped, ("transfer",), "base-mismatch"),
    Mutant("the explained are counted", _explained_counted, ("revoke", "transfer"), "for no reason"),
    Mutant(
        "the last look is skipped",
        _last_look_skipped,
        ("revoke", "consent_is_withdrawn", "faults_stop"),
        "without",
        _loses("putPart", Fault.UNAVAILABLE),
    ),
    Mutant(
        "an unknown commit is repeated whatever has changed",
        _unknown_commit_repeated_unasked,
        ("revoke", "consent_is_withdrawn", "faults_stop"),
        "without",
        _loses("commitDelivery", Fault.LOST),
    ),
    Mutant(
        "the cursor is moved first",
        _cursor_moved_first,
        ("some_move", "a_worker_dies_reading_answers", "faults_stop"),
        "was lost",
    ),
    Mutant("a receipt is applied twice", _receipt_applied_twice, ("transfer", "faults_stop"), "twice"),
    Mutant(
        "withdrawn consent waits for the night",
        _withdrawal_waits_for_the_night,
        ("consent_is_withdrawn", "faults_stop"),
        "has no consent",
    ),
    Mutant(
        "an unknown mediator counts as a withdrawal",
        _unknown_mediator_is_a_withdrawal,
        ("some_move", "transfer"),
        "instead of",
        _knows_no_mediator,
    ),
    Mutant(
        "the brake forgets earlier days",
        _brake_forgets,
        ("one_vanishes_before_a_transfer", "time_goes_on"),
        "has to be held",
    ),
    Mutant(
        "what is sent again is read anew",
        _parts_read_anew,
        ("some_move", "faults_stop"),
        "anew|other bytes|refuses",
        _loses("putPart", Fault.UNANSWERED),
    ),
    Mutant(
        "the vanished leave as if they had no consent",
        _vanished_leave_as_if_without_consent,
        ("some_vanish", "cron_sweeps"),
        "for consent alone",
    ),
    Mutant("each try has a key of its own", _new_key_each_time, ("transfer",), "another key"),
    Mutant(
        "a restored backup is believed",
        _reconciling_forgotten,
        ("a_backup_misses_a_decision",),
        "unreconciled|refuses",
    ),
    Mutant(
        "the revoked come back to life with a backup",
        _revoked_come_back_to_life,
        ("a_backup_misses_a_decision",),
        "comes back to life",
    ),
    Mutant(
        "whoever started it lets it go",
        _whoever_started_it_lets_it_go,
        ("many_vanish_before_a_transfer", "it_is_approved"),
        "should be refused as same-person",
    ),
    Mutant(
        "let go is whatever there is",
        _shown_or_not,
        ("many_vanish_before_a_transfer", "it_is_approved"),
        "should be refused as changed-since-shown",
    ),
)
"""Each is found within the examples of tests/properties/test_mutants.py."""
