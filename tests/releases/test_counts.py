"""Counters are kept with the states: exact after each change, whoever else changes something at the same time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update

from portal.core.database import EVERY_TENANT, commit, db, rollback, scope_to, utcnow
from portal.domain.participants import Participant
from portal.domain.rules.status import Status
from portal.domain.states import ParticipantState, StateCount
from portal.privacy.erasing import erase_people
from portal.releases import counts
from portal.releases.drift import check_some, find_drift
from portal.releases.queries import count_all
from portal.releases.states import refresh_tenant
from portal.tenants.context import load_tenant_context
from tests.support.database import Cast
from tests.support.factories import make_person
from worker import schedule

pytestmark = pytest.mark.conformance


@pytest.fixture
def people(app: Flask, cast: Cast) -> Iterator[list[int]]:
    """Twelve of alpha, three of beta."""
    found = [make_person(cast.alpha, str(n), f"Name{n}", "Vor", consent=n % 2 == 0) for n in range(12)]
    for number in range(3):
        make_person(cast.beta, str(number), "Fremd", "Frieda", consent=True)
    commit()
    yield found
    rollback()


def rows(tenant_id: int) -> int:
    return db.session.scalar(select(func.count()).where(StateCount.tenant_id == tenant_id)) or 0


def listed(tenant_id: int) -> int:
    states = (ParticipantState.tenant_id == tenant_id, ParticipantState.listed)
    return db.session.scalar(select(func.count()).where(*states)) or 0


def test_they_say_what_counting_says(cast: Cast, people: list[int]) -> None:
    assert counts.differing(cast.alpha) == counts.differing(cast.beta) == {}
    scope_to(cast.alpha)
    counters = count_all(load_tenant_context(cast.alpha, utcnow()))
    assert counters.all == listed(cast.alpha) == 12
    assert counters.statuses[Status.OFFLINE] == 12


def test_a_change_moves_people_and_a_rollback_none(cast: Cast, people: list[int]) -> None:
    person = db.session.get_one(Participant, people[0])
    person.last_name = ""
    db.session.flush()
    rollback()
    assert counts.differing(cast.alpha) == {}
    before = {counts.key_of(row._mapping): row.number for row in counts.kept(cast.alpha)}
    db.session.get_one(Participant, people[0]).last_name = ""
    commit()
    after = {counts.key_of(row._mapping): row.number for row in counts.kept(cast.alpha)}
    assert before != after and sum(after.values()) == 12
    assert counts.differing(cast.alpha) == {}


def test_who_is_erased_is_no_longer_counted(cast: Cast, people: list[int]) -> None:
    db.session.execute(update(Participant).where(Participant.id.in_(people[:4])).values(left_at=utcnow()))
    commit()
    erased = erase_people(people[:4], utcnow() + dt.timedelta(days=3000))
    commit()
    assert erased.people == 4
    assert counts.differing(cast.alpha) == {} and listed(cast.alpha) == 8


def test_the_sweep_adds_up_and_nothing_is_lost(
    cast: Cast, people: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "MOST_ROWS", 5)
    for turn in range(4):
        for number in people[:3]:
            db.session.get_one(Participant, number).last_name = "" if turn % 2 == 0 else "Name"
            commit()
    before = rows(cast.alpha)
    scope_to(EVERY_TENANT)
    schedule._do(it for it in schedule.PERIODIC if it.action is counts.add_up)
    assert 0 < rows(cast.alpha) < before
    assert counts.differing(cast.alpha) == counts.differing(cast.beta) == {}


def test_adding_up_beside_writers_loses_nothing(app: Flask, cast: Cast, people: list[int]) -> None:
    """Each in a session of its own, all at once, again and again."""
    commit()
    start = Barrier(4)

    def write(number: int) -> None:
        with app.app_context():
            scope_to(EVERY_TENANT)
            start.wait(30)
            for turn in range(6):
                person = db.session.get_one(Participant, people[number], populate_existing=True)
                person.last_name = f"Name {turn}" if turn % 2 else ""
                commit()
            db.session.remove()

    def add_up(_number: int) -> None:
        with app.app_context():
            scope_to(EVERY_TENANT)
            start.wait(30)
            for _ in range(6):
                counts.add_up(cast.alpha)
                commit()
            db.session.remove()

    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(write, 0), pool.submit(write, 1), pool.submit(add_up, 0), pool.submit(add_up, 1)]
        for one in done:
            one.result(60)
    assert counts.differing(cast.alpha) == {}


def test_a_wrong_counter_is_drift_and_is_mended(cast: Cast, people: list[int]) -> None:
    db.session.execute(delete(StateCount).where(StateCount.tenant_id == cast.alpha))
    commit()
    assert [drift.columns for drift in find_drift(cast.alpha, utcnow())] == [("counted",)]
    scope_to(EVERY_TENANT)
    check_some(utcnow())
    check_some(utcnow())
    commit()
    assert find_drift(cast.alpha, utcnow()) == []
    db.session.execute(update(StateCount).values(number=StateCount.number + 1))
    commit()
    refresh_tenant(cast.alpha, utcnow())
    commit()
    assert counts.differing(cast.alpha) == {} != counts.differing(cast.beta)
