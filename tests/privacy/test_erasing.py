"""Erasure by time: who goes, with everything about her; who stays, and why; the chain still verifies."""

from __future__ import annotations

import datetime as dt
import signal
from collections.abc import Callable

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from portal.audit.verifying import verify
from portal.core.database import EVERY_TENANT, Base, commit, db, scope_to, utcnow
from portal.core.leases import LeaseLost
from portal.deliveries.strangers import hide
from portal.domain import batches as pieces
from portal.domain.audit import AuditEntry, AuditEvent, ErasedEntry
from portal.domain.bulk import BulkItem, BulkRun, BulkState
from portal.domain.deliveries import Attempt, Delivery, DeliveryPart, DeliveryPerson, OddAnswer
from portal.domain.delivery_states import DeliveryState
from portal.domain.erasures import ErasureRun, ErasureState
from portal.domain.imports import ImportMode, ImportRejection, ImportRun, ImportState
from portal.domain.participants import Participant
from portal.domain.releases import Event, ProtocolEntry, Registration
from portal.domain.rules.retention import ErasureBlocker, months_before
from portal.domain.rules.status import Status
from portal.domain.tenants import Tenant
from portal.privacy import jobs as erasing
from portal.privacy.erasing import OWNED
from portal.privacy.jobs import run_erasure
from portal.privacy.queries import count_due_soon, list_blocked
from portal.privacy.service import plan_erasure
from tests.imports.exports import bring
from tests.privacy.past import CANARY, LONG_AGO, old_delivery, old_person, traces
from tests.support.bridge import Bridge
from tests.support.crash import dying_workers
from tests.support.database import Cast
from tests.support.factories import make_person
from worker import schedule

pytestmark = pytest.mark.conformance

DAY = dt.timedelta(days=1)


def plan(tenant_id: int) -> int:
    """A night's erasure of the tenant, as the sweep plans it."""
    scope_to(EVERY_TENANT)
    db.session.get_one(Tenant, tenant_id).next_erasure_at = utcnow() - dt.timedelta(minutes=1)
    commit()
    run = plan_erasure(tenant_id, utcnow())
    commit()
    assert run is not None
    return run.id


def erase(tenant_id: int, batch: int = 2) -> ErasureRun:
    """Do a night's erasure."""
    erasure_id = plan(tenant_id)
    run_erasure(erasure_id, batch)
    return db.session.get_one(ErasureRun, erasure_id, populate_existing=True)


def numbers(tenant_id: int) -> set[str]:
    scope_to(tenant_id)
    found = set(db.session.scalars(select(Participant.number)))
    commit()
    return found


def assert_chain_fits(erased: int) -> None:
    scope_to(EVERY_TENANT)
    result = verify()
    commit()
    assert result.finding is None
    assert result.erased == erased


# --- who goes ----------------------------------------------------------------------------------------------


def test_whoever_left_long_ago_goes_with_every_trace_of_her(app: Flask, cast: Cast) -> None:
    for number in ("1", "2", "3"):
        old_person(cast.alpha, number)
    old_person(cast.alpha, "9", ago=30 * DAY)
    scope_to(EVERY_TENANT)
    assert "profile.entries" in traces(CANARY)
    run = erase(cast.alpha)
    assert (run.state, run.people, run.entries) == (ErasureState.DONE, 3, 9)
    assert numbers(cast.alpha) == {"9"}
    ninth = db.session.scalars(select(Participant.id)).one()
    for model in (*OWNED, ProtocolEntry):
        assert set(db.session.scalars(select(model.participant_id))) == {ninth}, model
    db.session.get_one(Participant, ninth).changed_at = utcnow() - LONG_AGO
    commit()
    assert_chain_fits(9)


def test_no_word_of_her_is_found_anywhere(app: Flask, cast: Cast) -> None:
    """Not in a table that somebody may have forgotten."""
    old_person(cast.alpha, "TN-4711")
    erase(cast.alpha)
    scope_to(EVERY_TENANT)
    assert traces(CANARY, "TN-4711") == []


def test_every_table_that_names_participants_is_among_those_that_are_erased() -> None:
    naming = {
        table.name
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "participant"
    }
    assert naming == {model.__tablename__ for model in OWNED} | {"protocol_entry"}


def test_another_tenants_people_stay(app: Flask, cast: Cast) -> None:
    old_person(cast.alpha, "1")
    old_person(cast.beta, "1")
    erase(cast.alpha)
    assert (numbers(cast.alpha), numbers(cast.beta)) == (set(), {"1"})


def test_the_audit_says_how_much_went_and_names_nobody(sqlite_app: Flask, cast: Cast) -> None:
    old_person(cast.alpha, "1")
    erase(cast.alpha)
    scope_to(cast.alpha)
    (entry,) = db.session.query(AuditEntry).filter_by(event=AuditEvent.ERASED)
    assert (entry.by, entry.data, entry.subject_id) == (
        "system",
        {"people": 1, "entries": 3, "parts": 1},
        None,
    )


def test_whoever_was_only_imported_goes_when_no_import_names_her_any_more(
    sqlite_app: Flask, cast: Cast
) -> None:
    """While full imports name her, she is there in Qualli.life, however little happens."""
    scope_to(cast.alpha)
    person = make_person(cast.alpha, "1", "Still", "Da")
    db.session.get_one(Participant, person).changed_at = utcnow() - LONG_AGO
    full = ImportRun(
        tenant_id=cast.alpha,
        mode=ImportMode.FULL,
        door="file",
        state=ImportState.DONE,
        started_by="SB",
        created_at=utcnow() - DAY,
        finished_at=utcnow() - DAY,
    )
    db.session.add(full)
    commit()
    erase(cast.alpha)
    assert numbers(cast.alpha) == {"1"}
    db.session.get_one(ImportRun, full.id, populate_existing=True).finished_at = utcnow() - LONG_AGO
    db.session.query(ErasureRun).delete()
    commit()
    erase(cast.alpha)
    assert numbers(cast.alpha) == set()


@pytest.mark.parametrize("late", ["changed", "left", "protocol"])
def test_any_later_activity_keeps_her(sqlite_app: Flask, cast: Cast, late: str) -> None:
    person = old_person(cast.alpha, "1")
    scope_to(cast.alpha)
    row = db.session.get_one(Participant, person)
    lately = utcnow() - 700 * DAY
    if late == "protocol":
        db.session.add(
            ProtocolEntry(
                tenant_id=cast.alpha, participant_id=person, at=lately, event=Event.ANSWERED_ACTIVE, by="x"
            )
        )
    else:
        setattr(row, f"{late}_at", lately)
    commit()
    erase(cast.alpha)
    assert numbers(cast.alpha) == {"1"}


def test_the_tenants_own_number_of_months_counts(sqlite_app: Flask, cast: Cast) -> None:
    old_person(cast.alpha, "1", ago=70 * DAY)
    scope_to(EVERY_TENANT)
    tenant = db.session.get_one(Tenant, cast.alpha)
    assert count_due_soon(tenant, utcnow()) == 0
    tenant.protocol_months = 3
    assert count_due_soon(tenant, utcnow()) == 1
    tenant.protocol_months = 2
    commit()
    erase(cast.alpha)
    assert numbers(cast.alpha) == set()


def test_months_are_those_of_the_calendar() -> None:
    zone, noon = "Europe/Berlin", dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)
    assert months_before(noon, 1, zone).date() == dt.date(2026, 2, 28)
    assert months_before(noon, 3, zone).date() == dt.date(2025, 12, 31)
    assert months_before(noon, 24, zone).date() == dt.date(2024, 3, 31)
    assert months_before(dt.datetime(2028, 3, 31, tzinfo=dt.UTC), 1, zone).date() == dt.date(2028, 2, 29)


# --- who stays ---------------------------------------------------------------------------------------------


def released(registration: Registration, delivery: Delivery) -> None:
    registration.released = True


def announced(registration: Registration, delivery: Delivery) -> None:
    registration.announced = True


def online_archived(registration: Registration, delivery: Delivery) -> None:
    registration.status = Status.ONLINE_ARCHIVED


def waiting(registration: Registration, delivery: Delivery) -> None:
    registration.waiting_since = utcnow() - LONG_AGO


def in_delivery(registration: Registration, delivery: Delivery) -> None:
    delivery.state, delivery.committed_at = DeliveryState.HELD, None


def in_bulk(registration: Registration, delivery: Delivery) -> None:
    db.session.query(BulkRun).one().state = BulkState.RUNNING
    db.session.query(BulkItem).one().outcome = None


@pytest.mark.parametrize(
    ("change", "blocker"),
    [
        (released, ErasureBlocker.RELEASED),
        (announced, ErasureBlocker.ANNOUNCED),
        (online_archived, ErasureBlocker.ARCHIVING),
        (waiting, ErasureBlocker.ARCHIVING),
        (in_delivery, ErasureBlocker.IN_DELIVERY),
        (in_bulk, ErasureBlocker.IN_BULK),
    ],
)
def test_nobody_goes_whom_something_hinders_and_the_list_says_what(
    sqlite_app: Flask, cast: Cast, change: Callable[[Registration, Delivery], None], blocker: ErasureBlocker
) -> None:
    person = old_person(cast.alpha, "1")
    change(db.session.query(Registration).one(), db.session.query(Delivery).one())
    commit()
    run = erase(cast.alpha)
    assert (run.state, run.people) == (ErasureState.DONE, 0)
    tenant = db.session.get_one(Tenant, cast.alpha)
    found = list_blocked(tenant, utcnow(), None, 10)
    assert [(item.participant.id, item.blocker) for item in found] == [(person, blocker)]
    assert list_blocked(tenant, utcnow(), person, 10) == []
    assert count_due_soon(tenant, utcnow()) == 0


def test_whoever_the_network_holds_goes_only_once_it_has_archived_her(bridge: Bridge) -> None:
    """With the real network: told, withdrawn, not yet answered, answered."""
    for number in ("1", "2", "3"):
        bridge.person(number)
    bridge.release("1", "2", "3")
    bridge.deliver()
    bridge.hasten()
    assert bridge.status("1") is Status.ONLINE
    bridge.revoke("1", "2")
    rule = bridge.sandbox.misbehave("answers-held", provider_id=bridge.provider, participants=["2"])
    bridge.deliver()
    bridge.hasten()
    assert (bridge.status("1"), bridge.status("2")) == (Status.OFFLINE_ARCHIVED, Status.ONLINE_ARCHIVED)
    with time_machine.travel(utcnow() + LONG_AGO):
        run = erase(bridge.tenant_id)
        assert (run.people, numbers(bridge.tenant_id)) == (1, {"2", "3"})
        bridge.sandbox.behave(rule)
    assert_chain_fits(run.entries)


def test_whoever_is_named_again_after_her_erasure_starts_anew(app: Flask, cast: Cast) -> None:
    before = old_person(cast.alpha, "T1")
    erase(cast.alpha)
    bring(cast.alpha, {"teilnehmer.csv": "tn_id;nachname;vorname\nT1;Neu;Nele\n"}, ImportMode.DELTA)
    scope_to(cast.alpha)
    again = db.session.query(Participant).one()
    assert (again.number, again.last_name, again.left_at) == ("T1", "Neu", None)
    for model in (Registration, ProtocolEntry, DeliveryPerson):
        assert db.session.query(model).filter_by(participant_id=again.id).count() == 0
    assert db.session.query(ErasedEntry).count() == 3
    assert before is not None


# --- what is frozen ----------------------------------------------------------------------------------------


def test_frozen_parts_go_after_ninety_days_unless_they_may_be_sent_again(
    sqlite_app: Flask, cast: Cast
) -> None:
    scope_to(cast.alpha)
    now = utcnow()
    kept = {
        old_delivery(cast.alpha, now - 89 * DAY).id,
        old_delivery(cast.alpha, now - 91 * DAY, DeliveryState.HELD).id,
    }
    for days in (91, 92, 93, 94, 95, 96, 97):
        old_delivery(cast.alpha, now - days * DAY)
    commit()
    run = erase(cast.alpha)
    assert run.parts == 7
    assert set(db.session.scalars(select(DeliveryPart.delivery_id))) == kept
    assert db.session.query(Delivery).count() == 9, "that it was sent is known for longer than what"


def test_rejected_lines_go_with_them_and_the_counts_stay(sqlite_app: Flask, cast: Cast) -> None:
    bring(cast.alpha, {"teilnehmer.csv": "tn_id;nachname;vorname\nT1;Neu;Nele\n;Ohne;Nummer\n"})
    scope_to(cast.alpha)
    run = db.session.query(ImportRun).one()
    assert db.session.query(ImportRejection).count() == 1
    run.finished_at = utcnow() - 89 * DAY
    commit()
    erase(cast.alpha)
    assert db.session.query(ImportRejection).count() == 1
    run = db.session.query(ImportRun).populate_existing().one()
    run.finished_at = utcnow() - 91 * DAY
    db.session.query(ErasureRun).delete()
    commit()
    erase(cast.alpha)
    assert db.session.query(ImportRejection).count() == 0
    assert db.session.query(ImportRun).populate_existing().one().counts["participant"]["rejected"] == 1


def test_requests_of_no_delivery_go_with_them_and_those_of_deliveries_stay(
    sqlite_app: Flask, cast: Cast
) -> None:
    scope_to(cast.alpha)
    now = utcnow()
    delivery = old_delivery(cast.alpha, now - 91 * DAY)
    row = {
        "tenant_id": cast.alpha,
        "connection_id": delivery.connection_id,
        "at": now - 99 * DAY,
        "call": "readAccount",
        "duration_ms": 1,
    }
    for delivery_id, days in ((None, 91), (None, 89), (delivery.id, 91)):
        db.session.add(Attempt(**row, delivery_id=delivery_id, last_at=now - days * DAY))
    commit()
    erase(cast.alpha)
    left = db.session.execute(select(Attempt.delivery_id, Attempt.last_at).order_by(Attempt.id)).all()
    assert [tuple(it) for it in left] == [(None, now - 89 * DAY), (delivery.id, now - 91 * DAY)]


# --- the night ---------------------------------------------------------------------------------------------


def test_a_night_comes_once_whoever_sweeps(app: Flask, cast: Cast) -> None:
    """First the time is only set; then each local date has one run, and a missed night is made up once."""
    evening = dt.datetime(2026, 3, 2, 20, 0, tzinfo=dt.UTC)
    with time_machine.travel(evening, tick=False) as clock:
        for hours in (0, 5, 6, 8, 8.01, 56, 57):
            clock.move_to(evening + dt.timedelta(hours=hours))
            schedule.sweep()
            schedule.sweep()
    scope_to(cast.alpha)
    nights = [str(run.local_date) for run in db.session.query(ErasureRun).order_by(ErasureRun.id)]
    assert nights == ["2026-03-03", "2026-03-04"]
    tenant = db.session.get_one(Tenant, cast.alpha)
    assert tenant.next_erasure_at == dt.datetime(2026, 3, 6, 2, 0, tzinfo=dt.UTC)


def test_two_who_plan_the_same_night_plan_one(app: Flask, cast: Cast) -> None:
    erasure_id = plan(cast.alpha)
    scope_to(EVERY_TENANT)
    assert plan_erasure(cast.alpha, utcnow()) is None
    db.session.get_one(Tenant, cast.alpha).next_erasure_at = utcnow() - dt.timedelta(
        minutes=1
    )  # the clock went back
    commit()
    assert plan_erasure(cast.alpha, utcnow()) is None
    commit()
    assert db.session.query(ErasureRun.id).filter_by(tenant_id=cast.alpha).all() == [(erasure_id,)]


def test_it_waits_for_an_import(sqlite_app: Flask, cast: Cast) -> None:
    old_person(cast.alpha, "1")
    running = ImportRun(
        tenant_id=cast.alpha,
        mode=ImportMode.DELTA,
        door="file",
        state=ImportState.APPLYING,
        started_by="SB",
        created_at=utcnow(),
    )
    db.session.add(running)
    commit()
    erasure_id = plan(cast.alpha)
    run_erasure(erasure_id)
    run = db.session.get_one(ErasureRun, erasure_id, populate_existing=True)
    assert (run.state, run.crashes, numbers(cast.alpha)) == (ErasureState.WAITING, 0, {"1"})
    db.session.get_one(ImportRun, running.id).state = ImportState.DONE
    commit()
    with time_machine.travel(utcnow() + erasing.WAIT + dt.timedelta(seconds=1)):
        run_erasure(erasure_id)
    assert numbers(cast.alpha) == set()


def test_a_lost_claim_erases_nothing(app: Flask, cast: Cast) -> None:
    old_person(cast.alpha, "1")
    erasure_id = plan(cast.alpha)
    scope_to(EVERY_TENANT)
    held = pieces.acquire(ErasureRun, erasure_id)
    commit()
    assert held is not None
    db.session.get_one(ErasureRun, erasure_id, populate_existing=True).fence += 1
    commit()
    scope_to(cast.alpha)
    with pytest.raises(LeaseLost), held.step() as run:
        erasing._do_piece(run, 2)
    assert numbers(cast.alpha) == {"1"}


def test_a_night_that_kills_its_worker_every_time_ends_and_says_so(sqlite_app: Flask, cast: Cast) -> None:
    old_person(cast.alpha, "1")
    erasure_id = plan(cast.alpha)
    scope_to(EVERY_TENANT)
    db.session.get_one(ErasureRun, erasure_id).crashes = pieces.CRASHES
    commit()
    run_erasure(erasure_id)
    run = db.session.get_one(ErasureRun, erasure_id, populate_existing=True)
    assert (run.state, run.problem, numbers(cast.alpha)) == (ErasureState.DONE, "erasure-crashed", {"1"})


@pytest.mark.processes
@pytest.mark.parametrize("when", ["before", "after"])
def test_it_is_resumed_wherever_it_is_killed(app: Flask, cast: Cast, when: str) -> None:
    """Killed at every commit in turn until it gets through: nobody is erased by halves, and the counts are right."""
    for number in ("1", "2", "3"):
        old_person(cast.alpha, number)
    erasure_id = plan(cast.alpha)
    commits, kills = 1, 0
    with dying_workers("erasure") as crash:
        while (ended := crash(erasure_id, commits, when)) != 0:
            assert ended == -signal.SIGKILL
            kills += 1
            assert_nobody_is_half_erased(cast.alpha)
            run = db.session.get_one(ErasureRun, erasure_id, populate_existing=True)
            run.crashes = 0  # each kill is a test of its own
            if run.lease_until:
                run.lease_until = utcnow() - DAY
            commit()
            commits = min(commits + 1, ONE_PIECE[when])
    run = db.session.get_one(ErasureRun, erasure_id, populate_existing=True)
    assert kills >= 5
    assert (run.state, run.people, run.entries, run.parts) == (ErasureState.DONE, 3, 9, 3)
    assert numbers(cast.alpha) == set()
    assert db.session.query(AuditEntry).filter_by(event=AuditEvent.ERASED).count() == 1
    assert_chain_fits(9)


ONE_PIECE = {"before": 3, "after": 2}
"""Commits after which a process that goes on with a night has done one piece: it claims first."""


def assert_nobody_is_half_erased(tenant_id: int) -> None:
    scope_to(tenant_id)
    left = set(db.session.scalars(select(Participant.id)))
    for model in (*OWNED, ProtocolEntry):
        assert set(db.session.scalars(select(model.participant_id))) == left, model
    commit()


def test_what_the_network_said_of_somebody_not_yet_known_goes_with_them(
    sqlite_app: Flask, cast: Cast
) -> None:
    old_person(cast.alpha, "K1")
    delivery = old_delivery(cast.alpha, utcnow() - LONG_AGO)
    common = {"delivery_id": delivery.id, "kind": "stranger", "outcome": "active", "at": utcnow() - LONG_AGO}
    for name in ("K1", "another"):
        row = {"number": hide(cast.alpha, name), "subject": "participant", "tenant_id": cast.alpha}
        db.session.add(OddAnswer(**common, **row))
    commit()
    run_erasure(plan(cast.alpha))
    scope_to(EVERY_TENANT)
    assert [odd.number for odd in db.session.scalars(select(OddAnswer))] == [hide(cast.alpha, "another")]
