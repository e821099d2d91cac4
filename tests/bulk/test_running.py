"""The worker's part of a decision for many: once each, whatever dies, whoever else works on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from portal.bulk.execution import do_some
from portal.bulk.jobs import run_bulk
from portal.bulk.preview import preview
from portal.bulk.service import KEPT, Chosen, choose, forget_runs, start
from portal.core.database import EVERY_TENANT, commit, db, rollback, scope_to, scoped_to, utcnow
from portal.core.leases import LeaseLost, renew
from portal.domain import batches as pieces
from portal.domain.accounts import Account, Role
from portal.domain.actors import Actor
from portal.domain.bulk import BulkAction, BulkItem, BulkOutcome, BulkRun, BulkState
from portal.domain.releases import Event, ProtocolEntry, Registration
from portal.releases.filters import Filters
from portal.tenants.context import load_tenant_context
from tests.support.database import Cast
from tests.support.factories import connection_token, make_account, make_person

NOW = dt.datetime(2026, 3, 4, 9, tzinfo=dt.UTC)
PEOPLE = 7


@pytest.fixture
def bulk_id(app: Flask, cast: Cast) -> Iterator[int]:
    """Seven people, about to be released; all of them have consented."""
    with time_machine.travel(NOW, tick=False):
        yield begin_release(cast.alpha, PEOPLE)
        rollback()


def begin_release(tenant_id: int, people: int) -> int:
    """So many people, about to be released by a caseworker, now; the run."""
    now = utcnow()
    connection_token(tenant_id)
    scope_to(tenant_id)
    for number in range(people):
        make_person(tenant_id, f"N{number}", f"Name{number}", "A", consent=True)
    make_account("caseworker", Role.CASEWORKER, tenant_id)
    account = db.session.query(Account).one()
    actor = Actor(account.initials, account.id)
    context = load_tenant_context(tenant_id, now)
    run = choose(context, BulkAction.RELEASE, Chosen(None, Filters()), actor, now)
    start(run, context, preview(context, run).digest, set(), actor, now)
    commit()
    return run.id


def released_once(tenant_id: int) -> list[int]:
    """How often each person's protocol says that she was released."""
    scope_to(tenant_id)
    query = (
        select(func.count())
        .where(ProtocolEntry.event == Event.RELEASED)
        .group_by(ProtocolEntry.participant_id)
    )
    return list(db.session.scalars(query))


def test_it_is_done_in_pieces_and_ends(bulk_id: int, cast: Cast) -> None:
    run_bulk(bulk_id, batch=3)
    assert released_once(cast.alpha) == [1] * PEOPLE
    run = db.session.get_one(BulkRun, bulk_id)
    assert (run.state, run.done, run.finished_at, run.lease_until) == (BulkState.DONE, PEOPLE, NOW, None)
    run_bulk(bulk_id)  # once more does nothing
    assert released_once(cast.alpha) == [1] * PEOPLE


def test_whoever_takes_over_goes_on_where_the_dead_one_stopped(bulk_id: int, cast: Cast) -> None:
    scope_to(EVERY_TENANT)
    dead = pieces.acquire(BulkRun, bulk_id)
    commit()
    assert dead is not None
    scope_to(cast.alpha)
    do_some(renew(dead, utcnow()), NOW, 3)
    commit()
    do_some(renew(dead, utcnow()), NOW, 3)
    rollback()  # dies before its commit
    run_bulk(bulk_id)  # its lease holds: nobody else begins
    assert len(released_once(cast.alpha)) == 3
    with time_machine.travel(NOW + dt.timedelta(hours=1), tick=False):
        run_bulk(bulk_id)
    assert released_once(cast.alpha) == [1] * PEOPLE
    assert db.session.get_one(BulkRun, bulk_id).done == PEOPLE


def test_who_has_lost_the_claim_writes_nothing(bulk_id: int, cast: Cast) -> None:
    scope_to(EVERY_TENANT)
    stopped = pieces.acquire(BulkRun, bulk_id)
    commit()
    assert stopped is not None
    with time_machine.travel(NOW + dt.timedelta(hours=1), tick=False):
        assert pieces.acquire(BulkRun, bulk_id) is not None
        commit()
    scope_to(cast.alpha)
    with pytest.raises(LeaseLost):
        renew(stopped, utcnow())
    rollback()


def test_what_breaks_off_again_and_again_ends_and_says_so(bulk_id: int, cast: Cast) -> None:
    for hour in range(pieces.CRASHES + 1):
        with time_machine.travel(NOW + dt.timedelta(hours=hour), tick=False):
            scope_to(EVERY_TENANT)
            assert pieces.acquire(BulkRun, bulk_id) is not None
            commit()
    with time_machine.travel(NOW + dt.timedelta(hours=9), tick=False):
        run_bulk(bulk_id)
    scope_to(cast.alpha)
    run = db.session.get_one(BulkRun, bulk_id)
    assert (run.state, run.problem, run.done) == (BulkState.DONE, "bulk-crashed", 0)


def test_it_does_nothing_to_another_tenant(bulk_id: int, cast: Cast) -> None:
    with scoped_to(cast.beta):
        make_person(cast.beta, "N1", "Fremd", "F", consent=True)
        commit()
    run_bulk(bulk_id)
    scope_to(EVERY_TENANT)
    assert set(db.session.scalars(select(Registration.tenant_id))) == {cast.alpha}
    assert set(db.session.scalars(select(BulkItem.outcome))) == {BulkOutcome.DONE}


@pytest.mark.parametrize(("age", "left"), [(KEPT, 1), (KEPT + dt.timedelta(seconds=1), 0)])
def test_old_reports_go(bulk_id: int, age: dt.timedelta, left: int) -> None:
    run_bulk(bulk_id)
    scope_to(EVERY_TENANT)
    forget_runs(NOW + age)
    assert db.session.query(BulkRun).count() == left
    assert db.session.query(BulkItem).count() == left * PEOPLE


def test_what_runs_is_not_forgotten(bulk_id: int) -> None:
    scope_to(EVERY_TENANT)
    assert forget_runs(NOW + 2 * KEPT) == 0
