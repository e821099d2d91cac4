"""Yesterday's backup restored: our numbers are behind the network's, and everything waits until a person has decided.

A release that was revoked after the backup does not come back to life.
"""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest
from flask import current_app
from sqlalchemy import create_engine, make_url, select, text
from sqlalchemy.exc import OperationalError

from portal.audit.verifying import verify
from portal.core.database import EVERY_TENANT, commit, db, rollback, scope_to, scoped_to, utcnow
from portal.core.refusal import Refusal
from portal.core.row_level_security import EVERY, SETTING
from portal.deliveries import attempts
from portal.deliveries.reconciling import Differences, find_differences, read_again, settle
from portal.deliveries.service import cancel
from portal.deliveries.strangers import hide
from portal.domain.actors import SYSTEM
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryProblem, DeliveryState, Mode, Trigger
from portal.domain.releases import EndCause
from portal.domain.rules.status import Status
from tests.support.bridge import SUPERVISOR, Bridge, hold_answers
from tests.support.clock import today
from tests.support.invariants import assert_done_once
from worker import schedule

Restore = Callable[[], None]


@contextmanager
def backup(folder: Path) -> Iterator[Restore]:
    """A copy of the database as it is now; calling what is given brings it back."""
    url = make_url(current_app.config["SQLALCHEMY_DATABASE_URI"])
    db.session.remove()
    if url.get_backend_name() == "sqlite":
        db.engine.dispose()
        assert url.database
        live, copy = Path(url.database), folder / "backup.db"
        with closing(sqlite3.connect(live)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        yield lambda: restore_file(live, copy)
        return
    name, kept = url.database, f"{url.database}_backup"
    copy_database(name, kept)
    try:
        yield lambda: copy_database(kept, name)
    finally:
        with administrating() as say:
            say(f'DROP DATABASE IF EXISTS "{kept}" WITH (FORCE)')


def restore_file(live: Path, copy: Path) -> None:
    db.session.remove()
    db.engine.dispose()
    assert not openers(live), "whoever has the old file open would write into the restored one"
    for suffix in ("-wal", "-shm"):
        live.with_name(live.name + suffix).unlink(missing_ok=True)
    shutil.copy(copy, live)


def openers(path: Path) -> list[int]:
    """Processes that have the file open."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if link.readlink() == path:
                found.add(int(link.parts[2]))
    return sorted(found)


def copy_database(source: str | None, target: str | None) -> None:
    db.session.remove()
    db.engine.dispose()
    with administrating() as say:
        say(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
        say(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')


@contextmanager
def administrating() -> Iterator[Callable[[str], object]]:
    url = make_url(current_app.config["SQLALCHEMY_DATABASE_URI"]).set(
        username="postgres", database="postgres"
    )
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield lambda statement: connection.execute(text(statement))
    engine.dispose()


@pytest.fixture
def restored(bridge: Bridge, tmp_path: Path) -> Iterator[Bridge]:
    """Four people are online; the backup is made; then 1 is revoked, 2 loses consent, 5 and 6 come; all is answered.

    Then the backup is restored, which knows none of it, nor 6 at all.
    """
    for number in "12345":
        bridge.person(number)
    bridge.release("1", "2", "3", "4")
    bridge.deliver()
    bridge.hasten()
    with ExitStack() as stack:
        restore = stack.enter_context(backup(tmp_path))
        scope_to(bridge.tenant_id)
        bridge.revoke("1")
        bridge.person("6")
        bridge.release("5", "6")
        bridge.deliver()
        bridge.hasten()
        bridge.person("2", consent_withdrawn_on=today() - dt.timedelta(days=1))
        bridge.sweep()
        bridge.hasten()
        assert [bridge.status(number) for number in "12"] == [Status.OFFLINE_ARCHIVED] * 2
        assert [bridge.status(number) for number in "56"] == [Status.ONLINE] * 2
        restore()
        scope_to(bridge.tenant_id)
        assert bridge.registration("1").released
        yield bridge


def differences(bridge: Bridge) -> Differences:
    scope_to(bridge.tenant_id)
    found = find_differences(bridge.connection)
    assert found is not None
    return found


def find_out(bridge: Bridge) -> Differences:
    """The transfer that is refused, the question which ones we do not know, and all answers."""
    bridge.deliver()
    due = bridge.connection.probe_at
    assert due is not None and due <= utcnow()
    ask(bridge)
    bridge.hasten()
    return differences(bridge)


def ask(bridge: Bridge) -> None:
    number = bridge.connection.id
    commit()
    attempts.probe(number)
    scope_to(bridge.tenant_id)


def numbers(rows: list) -> set[str]:  # type: ignore[type-arg]
    return {it.participant.number for it in rows}


def test_everything_waits_and_the_differences_are_named(restored: Bridge) -> None:
    bridge = restored
    delivery = bridge.deliver()
    assert (delivery.state, delivery.problem) == (DeliveryState.HELD, DeliveryProblem.RECONCILE)
    found = find_out_from_held(bridge)
    assert [(row.sequence, row.cause, row.state) for row in found.found] == [
        (2, Trigger.FOUND, DeliveryState.COMPLETE),
        (3, Trigger.FOUND, DeliveryState.COMPLETE),
    ]
    assert (numbers(found.ended), numbers(found.unreleased), found.strangers) == (
        {"1", "2"},
        {"5"},
        [hide(bridge.tenant_id, "6")],
    )
    assert not found.reading
    assert [bridge.status(number) for number in "12345"] == [
        Status.OFFLINE_ARCHIVED,
        Status.OFFLINE_ARCHIVED,
        Status.ONLINE,
        Status.ONLINE,
        Status.ONLINE,
    ]
    assert bridge.registration("1").release.end_cause is EndCause.RECONCILED
    assert bridge.registration("5").applicant_id
    for plan in (bridge.plan, lambda: bridge.plan("3")):
        with pytest.raises(Refusal, match="reconcile"):
            plan()
        rollback()
    schedule.sweep()
    assert len(bridge.sandbox.deliveries(bridge.provider)) == 3, "nothing was sent meanwhile"


def find_out_from_held(bridge: Bridge) -> Differences:
    ask(bridge)
    bridge.hasten()
    return differences(bridge)


def test_settled_it_goes_on_and_nobody_comes_back_to_life(restored: Bridge) -> None:
    bridge = restored
    found = find_out(bridge)
    with pytest.raises(Refusal, match="reconcile-changed"):
        settle(bridge.connection, "0" * 64, SUPERVISOR, utcnow())
    rollback()
    settle(bridge.connection, found.digest, SUPERVISOR, utcnow())
    commit()
    assert find_differences(bridge.connection) is None
    bridge.release("5")
    delivery = bridge.deliver()
    bridge.hasten()
    assert (delivery.mode, bridge.again(delivery).state) == (Mode.FULL, DeliveryState.COMPLETE)
    assert delivery.sequence > 3
    held = {number: bridge.held(number) for number in "12345"}
    assert [held[number]["state"] for number in "12"] == ["archived"] * 2  # type: ignore[index]
    assert [held[number]["state"] for number in "345"] == ["active"] * 3  # type: ignore[index]
    assert not bridge.registration("1").released
    assert len({row.sequence for row in all_deliveries(bridge)}) == len(all_deliveries(bridge))
    with scoped_to(EVERY_TENANT):
        assert verify().finding is None
    rollback()


def all_deliveries(bridge: Bridge) -> list[Delivery]:
    scope_to(bridge.tenant_id)
    found = list(db.session.scalars(select(Delivery)))
    commit()
    return found


def test_it_is_not_settled_while_answers_are_read(restored: Bridge) -> None:
    bridge = restored
    bridge.deliver()
    hold_answers(bridge, 2)
    ask(bridge)
    found = differences(bridge)
    assert found.reading
    with pytest.raises(Refusal, match="reconcile-reading"):
        settle(bridge.connection, found.digest, SUPERVISOR, utcnow())
    rollback()


def test_whom_an_import_brings_is_read_again(restored: Bridge) -> None:
    bridge = restored
    before = find_out(bridge)
    bridge.person("6")
    read_again(bridge.connection, utcnow())
    commit()
    ask(bridge)
    bridge.hasten()
    after = differences(bridge)
    assert (numbers(after.unreleased), after.strangers) == ({"5", "6"}, [])
    assert bridge.status("6") is Status.ONLINE
    assert after.digest != before.digest
    assert [row.sequence for row in after.found] == [2, 3], "taken up once"
    with pytest.raises(Refusal, match="reconcile-changed"):
        settle(bridge.connection, before.digest, SUPERVISOR, utcnow())
    rollback()


def test_nobody_claims_a_delivery_while_it_is_set_back_to_be_read_again(restored: Bridge) -> None:
    """Otherwise both would hold the same fencing number. SQLite has one writer anyway."""
    find_out(restored)
    if db.engine.dialect.name == "sqlite":
        return
    read_again(restored.connection, utcnow())
    with db.engine.connect() as other:
        other.execute(text(f"SELECT set_config('{SETTING}', '{EVERY}', true)"))
        with pytest.raises(OperationalError, match="could not obtain lock"):
            other.execute(text("SELECT id FROM delivery WHERE sequence = 3 FOR UPDATE NOWAIT")).all()
    rollback()


def test_our_own_numbers_that_never_counted_give_way(restored: Bridge) -> None:
    """The delivery that was refused had the number of one that the network knows."""
    bridge = restored
    refused = bridge.deliver()
    assert refused.sequence == 2
    find_out_from_held(bridge)
    assert bridge.again(refused).sequence == 4
    assert bridge.again(refused).state is DeliveryState.DISCARDED


def test_asking_the_network_finds_it_out_too(restored: Bridge) -> None:
    """Before anything is to be transferred: the connection test, or the question whether it is back."""
    bridge = restored
    bridge.connection.probe_at = utcnow()
    commit()
    ask(bridge)
    assert [row.sequence for row in differences(bridge).found] == [2, 3]


def test_there_is_nothing_to_reconcile_where_nothing_is_missing(bridge: Bridge) -> None:
    assert find_differences(bridge.connection) is None
    with pytest.raises(Refusal, match="nothing-to-reconcile"):
        read_again(bridge.connection, utcnow())
    with pytest.raises(Refusal, match="nothing-to-reconcile"):
        settle(bridge.connection, "", SUPERVISOR, utcnow())


def test_where_the_backup_knows_nobody_the_night_asks(bridge: Bridge, tmp_path: Path) -> None:
    """With nothing to transfer, nothing else would ever find out that the network holds somebody."""
    bridge.person("1")
    with backup(tmp_path) as restore:
        scope_to(bridge.tenant_id)
        bridge.release("1")
        bridge.deliver()
        bridge.hasten()
        restore()
    scope_to(bridge.tenant_id)
    bridge.tenant.next_transfer_at = utcnow()
    commit()
    schedule.sweep()
    scope_to(bridge.tenant_id)
    due = bridge.connection.probe_at
    assert due is not None and due <= utcnow()
    found = find_out_from_held(bridge)
    assert [(row.sequence, row.state) for row in found.found] == [(1, DeliveryState.COMPLETE)]
    assert (numbers(found.unreleased), found.reading) == ({"1"}, False)


@pytest.mark.parametrize("given_up", [True, False])
def test_what_was_only_opened_since_the_backup_goes_out_anew(
    bridge: Bridge, tmp_path: Path, given_up: bool
) -> None:
    """The backup has it planned. Under its key the network knows parts of days that are forgotten, or gave it up."""
    bridge.person("1", city="Kiel")
    bridge.release("1")
    first = bridge.plan()
    with backup(tmp_path) as restore:
        scope_to(bridge.tenant_id)
        bridge.sandbox.misbehave("status", "commitDelivery", provider_id=bridge.provider, count=1, status=429)
        bridge.work()
        assert [it["state"] for it in bridge.sandbox.deliveries(bridge.provider)] == ["open"]
        if given_up:
            assert cancel(bridge.again(first), DeliveryProblem.REPLACED, SYSTEM, utcnow())
            commit()
            bridge.work()
        restore()
    scope_to(bridge.tenant_id)
    bridge.person("1", city="Bonn")
    bridge.work()
    bridge.hasten()
    assert (bridge.again(first).state, bridge.again(first).problem) == (
        DeliveryState.DISCARDED,
        DeliveryProblem.REPLACED,
    )
    assert [it["state"] for it in bridge.sandbox.deliveries(bridge.provider)] == ["abandoned", "complete"]
    held = bridge.held("1")
    assert held and (held["state"], held["record"]["city"]) == ("active", "Bonn")
    assert_done_once(bridge)


def test_what_counts_since_the_backup_is_not_to_be_given_up(bridge: Bridge, tmp_path: Path) -> None:
    """The backup has it half sent; the network took it in afterwards."""
    bridge.person("1")
    bridge.release("1")
    bridge.sandbox.misbehave("status", "putPart", provider_id=bridge.provider, count=1, status=503)
    half = bridge.deliver()
    assert (half.state, bool(half.remote_id)) == (DeliveryState.SENDING, True)
    commit()
    with backup(tmp_path) as restore:
        scope_to(bridge.tenant_id)
        bridge.hasten()
        assert bridge.status("1") is Status.ONLINE
        restore()
    scope_to(bridge.tenant_id)
    bridge.hasten()
    found = find_out_from_held(bridge)
    assert [(row.sequence, row.cause) for row in found.found] == [(1, Trigger.FOUND)]
    calls = [it["operation"] for it in bridge.sandbox.requests_seen(bridge.provider)]
    assert "abandonDelivery" not in calls
    assert (bridge.status("1"), bridge.again(half).state) == (Status.ONLINE, DeliveryState.DISCARDED)
