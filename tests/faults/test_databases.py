"""Rows about databases: many writers, no room, cut connections, deadlocks, serialisation failures, restored backups."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, event, make_url, text

from portal.core.database import EVERY_TENANT, commit, db, scope_to
from portal.deliveries import jobs as steps
from portal.domain.delivery_states import DeliveryProblem, DeliveryState
from portal.domain.releases import Event, ProtocolEntry
from portal.domain.rules.status import Status
from tests.support.bridge import Bridge, build_bridge
from tests.support.database import make_settings, running_app
from tests.support.invariants import assert_done_once, assert_promise
from tests.support.processes import Plant
from tests.support.sandbox import SandboxServer
from tests.support.services import PostgresServer
from tests.support.workers import wait_until

WRITERS = 8
TURNS = 10


@pytest.fixture
def sqlite_app(sqlite_url: str, tmp_path: Path, sandbox: SandboxServer) -> Iterator[Flask]:
    """An application on SQLite with a network."""
    urls = {"network_jobnetzwerk_url": sandbox.url, "network_job4you_url": sandbox.url}
    with running_app(make_settings(sqlite_url, tmp_path, **urls)) as app:
        yield app


@pytest.fixture
def postgres_app(postgres_url: str, tmp_path: Path, sandbox: SandboxServer) -> Iterator[Flask]:
    """An application on PostgreSQL with a network."""
    urls = {"network_jobnetzwerk_url": sandbox.url, "network_job4you_url": sandbox.url}
    with running_app(make_settings(postgres_url, tmp_path, **urls)) as app:
        yield app


@pytest.fixture
def admin(postgres_app: Flask, postgres_server: PostgresServer) -> Iterator[Engine]:
    """The test's database as its owner sees it, beside the application's restricted role."""
    url = make_url(postgres_server.url).set(drivername="postgresql+psycopg", database=db.engine.url.database)
    engine = create_engine(url)
    yield engine
    engine.dispose()


def test_eight_processes_writing_sqlite_lose_nothing(sqlite_app: Flask, sandbox: SandboxServer) -> None:
    """Each releases and revokes a person of its own, as fast as it can, in a process of its own."""
    bridge = build_bridge(sandbox)
    for number in range(WRITERS):
        bridge.person(str(number))
    db.session.remove()
    db.engine.dispose()  # nothing is shared across the forks
    children = [os.fork() or _write(sqlite_app, bridge, str(number)) for number in range(WRITERS)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert codes == [0] * WRITERS
    scope_to(EVERY_TENANT)
    for kind in (Event.RELEASED, Event.REVOKED):
        assert db.session.query(ProtocolEntry).filter_by(event=kind).count() == WRITERS * TURNS


def _write(app: Flask, bridge: Bridge, number: str) -> int:
    """The child: never comes back."""
    try:
        with app.app_context():
            scope_to(bridge.tenant_id)
            for _ in range(TURNS):
                bridge.release(number)
                bridge.revoke(number)
        os._exit(0)
    finally:
        os._exit(1)


@pytest.mark.slow
def test_disk_full_loses_nothing_and_is_no_crash(sqlite_app: Flask, sandbox: SandboxServer) -> None:
    """For longer than three tries: afterwards it goes on by itself, and nobody has to let it go."""
    bridge = build_bridge(sandbox)
    for number in range(60):
        bridge.person(str(number), first_name="N" * 100)
        bridge.release(str(number))
    delivery = bridge.plan()
    pages = db.session.scalar(text("PRAGMA page_count")) or 0
    commit()
    db.session.remove()
    db.engine.dispose()

    def limit(connection: object, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")  # type: ignore[attr-defined]

    event.listen(db.engine, "connect", limit)
    for _ in range(5):
        steps.run_delivery(delivery.id)
        scope_to(bridge.tenant_id)
        _let_lease_run_out(bridge)
    assert (bridge.again(delivery).state, bridge.again(delivery).crashes) == (DeliveryState.PLANNED, 0)
    assert sandbox.requests_seen(bridge.provider) == []
    event.remove(db.engine, "connect", limit)
    db.session.remove()
    db.engine.dispose()
    scope_to(bridge.tenant_id)
    bridge.work()
    bridge.hasten()
    assert bridge.status("59") is Status.ONLINE
    assert_promise(bridge)


def _let_lease_run_out(bridge: Bridge) -> None:
    db.session.execute(text("UPDATE delivery SET lease_until = '2020-01-01 00:00:00.000000'"))
    commit()


@pytest.mark.postgres
def test_deadlock_is_retried_and_is_no_crash(admin: Engine, sandbox: SandboxServer) -> None:
    """Somebody has the connection's row and wants the delivery's; we have the delivery's and want the other."""
    bridge = build_bridge(sandbox)
    bridge.person("1")
    bridge.release("1")
    delivery = bridge.plan()
    met: list[str] = []

    def embrace(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        """Right before we ask for the connection's row, having the delivery's."""
        if not statement.startswith("UPDATE connection") or met:
            return
        met.append(statement)
        other = admin.connect()
        other.execute(text("SET LOCAL deadlock_timeout = '60s'"))  # so that we are the one turned away
        other.execute(text("SELECT id FROM connection FOR UPDATE"))
        threading.Thread(target=_want, args=(other,)).start()
        with admin.connect() as watching:
            wait_until(lambda: watching.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))

    def _want(other: object) -> None:
        other.execute(text("SELECT id FROM delivery FOR UPDATE"))  # type: ignore[attr-defined]
        other.close()  # type: ignore[attr-defined]

    event.listen(db.engine, "before_cursor_execute", embrace)
    steps.run_delivery(delivery.id)
    scope_to(bridge.tenant_id)
    found = bridge.again(delivery)
    assert met
    assert (found.state, found.crashes) == (DeliveryState.SENDING, 0), "put off, and not blamed"
    _goes_on(bridge)


@pytest.mark.postgres
def test_serialisation_failure_is_retried_and_is_no_crash(admin: Engine, sandbox: SandboxServer) -> None:
    bridge = build_bridge(sandbox)
    bridge.person("1")
    bridge.release("1")
    delivery = bridge.plan()
    _say(
        admin,
        (
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'could not serialize' USING ERRCODE = '40001'; END $$"
        ),
    )
    _say(admin, "CREATE TRIGGER failing BEFORE INSERT ON delivery_part FOR EACH ROW EXECUTE FUNCTION fail()")
    for _ in range(5):
        steps.run_delivery(delivery.id)
        scope_to(bridge.tenant_id)
        _expire(bridge)
    found = bridge.again(delivery)
    assert (found.state, found.crashes) == (DeliveryState.PLANNED, 0)
    _say(admin, "DROP TRIGGER failing ON delivery_part")
    _goes_on(bridge)


def _say(admin: Engine, statement: str) -> None:
    commit()  # nothing of the test's own is in its way
    with admin.begin() as connection:
        connection.execute(text(statement))


def _expire(bridge: Bridge) -> None:
    db.session.execute(text("UPDATE delivery SET lease_until = NULL"))
    commit()


def _goes_on(bridge: Bridge) -> None:
    scope_to(bridge.tenant_id)
    _expire(bridge)
    bridge.work()
    bridge.hasten()
    assert_done_once(bridge)


@pytest.mark.processes
@pytest.mark.slow
def test_connections_are_never_shared_across_a_fork(sqlite_plant: Plant) -> None:
    """While a job runs, its worker has the database not open at all; the job has its own."""
    bridge = sqlite_plant.tenant()
    sqlite_plant.sandbox.misbehave("delay", "openDelivery", provider_id=bridge.provider, count=1, seconds=2)
    bridge.plan()
    sqlite_plant.wait_for_call(bridge, "openDelivery")
    busy = [worker for worker in sqlite_plant.workers if worker.children]
    assert busy
    # but for a moment now and then, in which it says that it lives
    sqlite_plant.wait_until(
        lambda: not [path for worker in busy for path in open_files(worker.pid) if "main.db" in path], 15
    )
    sqlite_plant.wait_for_end(bridge)


def open_files(pid: int) -> list[str]:
    return [str(it.readlink()) for it in Path(f"/proc/{pid}/fd").iterdir() if it.is_symlink()]


def test_yesterdays_backup_restored_holds_everything(
    sqlite_app: Flask, sandbox: SandboxServer, tmp_path: Path
) -> None:
    bridge = build_bridge(sandbox)
    for number in "12":
        bridge.person(number)
    bridge.release("1")
    bridge.deliver()
    bridge.hasten()
    path = Path(str(db.engine.url.database))
    _close()
    shutil.copy(path, tmp_path / "yesterday")
    scope_to(bridge.tenant_id)
    bridge.release("2")
    bridge.deliver()
    bridge.hasten()
    _close()
    for leftover in path.parent.glob(f"{path.name}*"):
        leftover.unlink()
    shutil.copy(tmp_path / "yesterday", path)
    scope_to(bridge.tenant_id)
    before = sandbox.applicants(bridge.provider)
    held = bridge.deliver()
    assert (held.state, held.problem) == (DeliveryState.HELD, DeliveryProblem.RECONCILE)
    bridge.sweep()
    bridge.hasten()
    assert bridge.again(held).state is DeliveryState.HELD
    assert bridge.connection.reconcile_since is not None
    assert sandbox.applicants(bridge.provider) == before
    assert before["2"]["state"] == "active"
    commit()


def _close() -> None:
    """Write everything into the file itself, and let go of it."""
    commit()
    db.session.remove()
    with db.engine.connect() as connection:
        connection.rollback()
    db.engine.dispose()
