"""The removal brake through real builds, for tenants of every size, on both sides of each limit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import insert

from portal.core.database import commit, db, utcnow
from portal.core.refusal import Refusal
from portal.deliveries.approval import approve
from portal.domain.delivery_states import DeliveryProblem, DeliveryState
from portal.domain.participants import Mediator, Order, Participant
from portal.domain.releases import Registration, Release
from portal.domain.rules import brake as rule
from portal.domain.rules.status import Status
from portal.releases.imported import people_changed
from portal.releases.service import revoke
from tests.support.bridge import CASEWORKER, SUPERVISOR, Bridge, build_bridge
from tests.support.database import make_settings, running_app
from tests.support.sandbox import SandboxServer

MONDAY = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
BORDERS = ((1, 0), (2, 1), (3, 1), (10, 3), (99, 4), (100, 5), (101, 5), (5000, 250))
"""Of so many announced people, so many may vanish: three, or five in a hundred; and half of them stay, and somebody."""


@pytest.fixture
def tenant(sqlite_url: str, tmp_path: Path, sandbox: SandboxServer) -> Iterator[Bridge]:
    """A tenant on SQLite, whose network answers nothing, so that what is built waits."""
    urls = {"network_jobnetzwerk_url": sandbox.url, "network_job4you_url": sandbox.url}
    with running_app(make_settings(sqlite_url, tmp_path, **urls)):
        bridge = build_bridge(sandbox)
        sandbox.misbehave("status", "readAccount", provider_id=bridge.provider, status=503)
        yield bridge


def tell(bridge: Bridge, number: int, order_id: int | None = None) -> list[int]:
    """So many people released, announced to the network and online; their rows."""
    owner = {"tenant_id": bridge.tenant_id}
    mediator = db.session.query(Mediator.id).scalar()
    before = db.session.query(Participant.id).count()
    people = [
        {
            "number": f"P{before + n}",
            "last_name": "A",
            "first_name": "B",
            "sort_key": f"{n}",
            "order_id": order_id,
        }
        for n in range(number)
    ]
    ids = list(
        db.session.scalars(insert(Participant).returning(Participant.id), [owner | it for it in people])
    )
    connection = owner | {"connection_id": bridge.connection.id}
    opened = {"released_at": utcnow(), "released_by": "SB"}
    releases = [connection | opened | {"participant_id": row} for row in ids]
    by_person = {
        participant: row
        for row, participant in db.session.execute(
            insert(Release).returning(Release.id, Release.participant_id), releases
        )
    }
    state = {"released": True, "announced": True, "status": Status.ONLINE, "mediator_id": mediator}
    registrations = [
        connection
        | state
        | {"participant_id": row, "release_id": by_person[row], "announced_order_id": order_id}
        for row in ids
    ]
    db.session.execute(insert(Registration), registrations)
    commit()
    return ids


def vanish(bridge: Bridge, ids: list[int]) -> None:
    for row in db.session.query(Participant).filter(Participant.id.in_(ids)):
        row.left_at = utcnow()
    db.session.flush()
    people_changed(bridge.tenant_id, ids, utcnow())
    commit()


def is_held(bridge: Bridge) -> bool:
    """Whether a transfer of everybody, built now, is held."""
    delivery = bridge.deliver()
    held = delivery.state is DeliveryState.HELD
    assert held or (delivery.state, delivery.built_at is not None) == (DeliveryState.SENDING, True)
    assert not held or delivery.problem is DeliveryProblem.BRAKE
    return held


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("announced", "most"),
    [pytest.param(*it, marks=pytest.mark.thorough if it[0] > 1000 else ()) for it in BORDERS],
)
@pytest.mark.parametrize("beyond", [0, 1])
def test_so_many_may_vanish_and_not_one_more(tenant: Bridge, announced: int, most: int, beyond: int) -> None:
    people = tell(tenant, announced)
    vanish(tenant, people[: most + beyond])
    assert is_held(tenant) is bool(beyond)


@pytest.mark.parametrize("announced", [1, 2, 3, 10, 101])
def test_everybody_may_leave_whose_release_a_person_revoked(tenant: Bridge, announced: int) -> None:
    for person in tell(tenant, announced):
        revoke(person, CASEWORKER, utcnow())
    commit()
    assert not is_held(tenant)


@pytest.mark.parametrize(("size", "held"), [(1, False), (2, True)])
def test_a_whole_order_is_held_and_one_person_is_none(tenant: Bridge, size: int, held: bool) -> None:
    order, other = (
        Order(tenant_id=tenant.tenant_id, number=f"W{n}", title="W", has_responsible=True) for n in (1, 2)
    )
    db.session.add_all([order, other])
    db.session.flush()
    tell(tenant, 60, other.id)
    vanish(tenant, tell(tenant, size, order.id))
    assert is_held(tenant) is held
    found = tenant.newest().brake or {}
    assert (found["holds"], found["orders"]) == ((["whole-order"], [order.id]) if held else ([], []))


def receive(bridge: Bridge, gone: list[int]) -> None:
    """The network takes in the newest delivery, with which these people leave."""
    newest = bridge.newest()
    newest.state, newest.committed_at, newest.next_step_at = DeliveryState.COMPLETE, utcnow(), None
    left = db.session.query(Registration).filter(Registration.participant_id.in_(gone))
    left.update({"announced": False}, synchronize_session=False)
    commit()


@pytest.mark.parametrize(("days", "held"), [(6, True), (8, False)])
def test_leavers_count_for_seven_days(tenant: Bridge, days: int, held: bool) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        people = tell(tenant, 50)
        vanish(tenant, people[:3])
        assert not is_held(tenant)
        receive(tenant, people[:3])
        clock.shift(dt.timedelta(days=days))
        vanish(tenant, people[3:4])
        assert is_held(tenant) is held


@pytest.mark.parametrize(("every", "held_at"), [(1, 3), (2, 3), (3, None)])
def test_a_slow_drip_is_held_once_seven_days_have_too_much_of_it(
    tenant: Bridge, every: int, held_at: int | None
) -> None:
    """One person every so many days: the fourth within a week is one too many, however slowly it began."""
    with time_machine.travel(MONDAY, tick=False) as clock:
        people = tell(tenant, 50)
        for number in range(6):
            vanish(tenant, people[number : number + 1])
            if is_held(tenant):
                break
            receive(tenant, people[number : number + 1])
            clock.shift(dt.timedelta(days=every))
        else:
            number = -1
        assert (number if number >= 0 else None) == held_at


def test_what_was_shown_is_void_once_the_next_is_due(tenant: Bridge) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        people = tell(tenant, 10)
        tenant.tenant.next_transfer_at = utcnow() + dt.timedelta(hours=12)
        commit()
        vanish(tenant, people[:4])
        assert is_held(tenant)
        old = tenant.newest()
        shown = old.shown_digest or ""
        clock.shift(dt.timedelta(hours=13))
        tenant.sweep()
        new = tenant.newest()
        given_up = tenant.again(old)
        assert (given_up.state, given_up.problem) == (DeliveryState.DISCARDED, DeliveryProblem.REPLACED)
        assert (new.state, new.id != old.id) == (DeliveryState.HELD, True)
        with pytest.raises(Refusal, match="not-held"):
            approve(old.id, shown, SUPERVISOR, utcnow())
        with pytest.raises(Refusal, match="changed-since-shown"):
            approve(new.id, shown, SUPERVISOR, utcnow())


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("> limit", ">= limit"),
        ("> limit", "> limit + 1"),
        ("announced * self.percent // 100", "-(-announced * self.percent // 100)"),
        ("announced * self.percent // 100", "announced * self.percent // 100 - 1"),
        ("max(self.minimum,", "min(self.minimum,"),
        ("staying * 2 < expected", "staying * 2 <= expected"),
        ("staying * 2 < expected", "staying * 3 < expected"),
        ("staying <= 0", "staying < 0"),
        ("leaving.announced - leaving.explained", "leaving.announced"),
        ("leaving.unexplained + leaving.unexplained_before", "leaving.unexplained"),
        ("announced == gone >= limits.order_minimum", "announced == gone > limits.order_minimum"),
        ("announced == gone >= limits.order_minimum", "announced >= gone >= limits.order_minimum"),
    ],
)
def test_each_border_moved_by_one_would_be_noticed(right: str, wrong: str) -> None:
    """The rule with one border moved gives another answer somewhere on the borders."""
    source = Path(rule.__file__).read_text()
    assert right in source
    moved: dict[str, object] = {"__name__": rule.__name__}
    exec(compile(source.replace(right, wrong), "moved", "exec", dont_inherit=True), moved)  # noqa: S102 - our own source
    assert _answers(vars(rule)) != _answers(moved)


def _answers(names: dict[str, object]) -> list[list[str]]:
    limits, leaving, brake = names["Limits"], names["Leaving"], names["brake"]
    assert callable(limits) and callable(leaving) and callable(brake)
    cases = [leaving(announced, 0, most + more) for announced, most in BORDERS for more in (0, 1)]
    cases += [leaving(50, 0, 1, before) for before in (2, 3)]
    cases += [leaving(10, explained, gone) for explained, gone in ((9, 1), (8, 1), (7, 2), (6, 2))]
    cases += [leaving(100, 0, 3, 0, {7: (announced, gone)}) for announced, gone in ((2, 2), (3, 2), (1, 1))]
    return [[hold.value for hold in brake(case, limits()).holds] for case in cases]
