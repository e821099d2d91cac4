"""Rows about databases, for decisions and erasures: locked or cut in the middle is no crash, and nothing is lost."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest
from flask import Flask
from sqlalchemy import Connection, event, text

from portal.bulk.jobs import run_bulk
from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.domain.bulk import BulkRun
from portal.domain.erasures import ErasureRun
from portal.privacy.jobs import run_erasure
from tests.bulk.test_running import begin_release, released_once
from tests.privacy.past import old_person
from tests.privacy.test_erasing import numbers, plan
from tests.support import failpoints
from tests.support.database import Cast, as_owner

TIMES = 5
"""More than the three crashes after which a run would end as it is."""


def begin_bulk(tenant_id: int) -> int:
    return begin_release(tenant_id, people=2)


def begin_erasure(tenant_id: int) -> int:
    old_person(tenant_id, "1")
    return plan(tenant_id)


Work = tuple[type[BulkRun | ErasureRun], Callable[[int], int], Callable[[int], None], str]
WORK: dict[str, Work] = {
    "bulk": (BulkRun, begin_bulk, run_bulk, "domain.batches.run_batches.after"),
    "erasure": (ErasureRun, begin_erasure, run_erasure, "domain.batches.run_batches.after"),
}


@pytest.mark.parametrize("kind", WORK)
def test_a_hindered_database_is_no_crash_of_a_run_and_it_goes_on(app: Flask, cast: Cast, kind: str) -> None:
    model, begin, run, claimed = WORK[kind]
    row = begin(cast.alpha)
    with hindrance(claimed) as hindered:
        for times in range(1, TIMES + 1):
            run(row)
            assert hindered() == times
            scope_to(EVERY_TENANT)
            found = db.session.get_one(model, row, populate_existing=True)
            assert (found.state.value, found.crashes) == ("running", 0), "put off, and not blamed"
            assert found.lease_until is not None and found.lease_until < utcnow() + dt.timedelta(seconds=10)
            found.lease_until = None
            commit()
    run(row)
    scope_to(EVERY_TENANT)
    found = db.session.get_one(model, row, populate_existing=True)
    assert (found.state.value, found.problem) == ("done", None)
    if kind == "bulk":
        assert released_once(cast.alpha) == [1, 1]
    else:
        assert numbers(cast.alpha) == set()


@contextmanager
def hindrance(point: str) -> Iterator[Callable[[], int]]:
    """From this failpoint on the next statement finds the database locked, or its connection cut; gives how often."""
    times: list[str] = []
    hinder = _lock if db.engine.dialect.name == "sqlite" else _cut
    with ExitStack() as stack:
        once = hinder(stack, times)
        db.session.remove()
        db.engine.dispose()
        with failpoints.armed(lambda reached: once() if reached == point else None):
            yield lambda: len(times)
    db.session.remove()
    db.engine.dispose()


def _lock(stack: ExitStack, times: list[str]) -> Callable[[], None]:
    """Somebody else writes, until we have been turned away."""
    path = db.engine.url.database
    assert path
    other = stack.enter_context(closing(sqlite3.connect(path, isolation_level=None)))

    def be_impatient(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA busy_timeout=0")

    def let_go(_: object) -> None:
        times.append("locked")
        other.execute("ROLLBACK")

    _listen(stack, "connect", be_impatient)
    _listen(stack, "handle_error", let_go)
    return lambda: other.execute("BEGIN IMMEDIATE") and None


def _cut(stack: ExitStack, times: list[str]) -> Callable[[], None]:
    """The server ends our connection right before we say something."""
    armed: list[bool] = []

    def cut(connection: Connection, *_: object) -> None:
        if not armed:
            return
        armed.clear()
        times.append("cut")
        pid = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
        with as_owner() as owner:
            owner.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    _listen(stack, "before_cursor_execute", cut)
    return lambda: armed.append(True)


def _listen(stack: ExitStack, name: str, listener: Callable[..., None]) -> None:
    event.listen(db.engine, name, listener)
    stack.callback(event.remove, db.engine, name, listener)
