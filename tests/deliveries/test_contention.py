"""Two who decide at the same moment: one decision counts, the other is told, and nothing is half done."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from portal.core.database import commit, db, rollback, utcnow
from portal.core.refusal import Refusal
from portal.deliveries.approval import approve, discard
from portal.deliveries.planning import plan_nightly
from portal.deliveries.service import Plan, plan
from portal.deliveries.transfer_requests import request_transfer
from portal.domain.actors import Actor
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import UNCOMMITTED, DeliveryState, Mode, Trigger
from portal.domain.releases import Event, Registration, Release
from portal.domain.rules.status import Status
from portal.releases.service import choose_mediator, release, revoke
from tests.histories.test_order_of_answers import online
from tests.support.at_once import at_once
from tests.support.bridge import CASEWORKER, SUPERVISOR, Bridge

pytestmark = pytest.mark.conformance

COLLEAGUE = Actor("KL")


def outcomes(bridge: Bridge, *actions: partial[object]) -> list[str]:
    """What became of actions at the same moment: the code of a refusal, else "done"; sorted."""
    given = at_once(bridge.tenant_id, *actions)
    found = [it.code if isinstance(it, Refusal) else it for it in given]
    assert not [it for it in found if isinstance(it, Exception)], found
    return sorted(it if isinstance(it, str) else "done" for it in found)


def count(query: type) -> int:
    found = db.session.scalar(select(func.count()).select_from(query)) or 0
    commit()
    return found


def test_two_release_the_same_person(bridge: Bridge) -> None:
    person = bridge.person("1")
    found = outcomes(bridge, *[partial(release, person, it, utcnow()) for it in (CASEWORKER, COLLEAGUE)])
    assert found == ["already-released", "done"]
    assert (count(Registration), count(Release)) == (1, 1)
    assert bridge.events("1") == [Event.RELEASED]


def test_two_release_somebody_who_was_released_before(bridge: Bridge) -> None:
    person = bridge.person("1")
    bridge.release("1")
    bridge.revoke("1")
    found = outcomes(bridge, *[partial(release, person, it, utcnow()) for it in (CASEWORKER, COLLEAGUE)])
    assert found == ["already-released", "done"]
    assert bridge.events("1") == [Event.RELEASED, Event.REVOKED, Event.RELEASED]


def test_one_releases_and_another_chooses_the_mediator(bridge: Bridge) -> None:
    person = bridge.person("1")
    other = bridge.mediator("8", "VN")
    found = outcomes(
        bridge,
        partial(release, person, CASEWORKER, utcnow()),
        partial(choose_mediator, person, other, COLLEAGUE, utcnow()),
    )
    assert found == ["done", "done"]
    assert (bridge.registration("1").released, bridge.registration("1").mediator_id) == (True, other)


def test_two_revoke_the_same_release(bridge: Bridge) -> None:
    person = bridge.person("1")
    bridge.release("1")
    found = outcomes(bridge, *[partial(revoke, person, it, utcnow()) for it in (CASEWORKER, COLLEAGUE)])
    assert found == ["done", "not-released"]
    assert bridge.events("1") == [Event.RELEASED, Event.REVOKED]


def test_four_want_a_transfer_now(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    wanted = [partial(request_transfer, bridge.tenant_id, CASEWORKER, utcnow(), it) for it in (None, [1])]
    assert outcomes(bridge, *wanted, *wanted) == ["delivery-running"] * 3 + ["done"]
    assert bridge.newest().sequence == bridge.connection.last_sequence == 1


def test_the_night_and_a_person_plan_at_the_same_moment(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    bridge.tenant.next_transfer_at = utcnow() - dt.timedelta(seconds=1)
    commit()
    outcomes(
        bridge,
        partial(plan_nightly, bridge.tenant_id, utcnow()),
        partial(request_transfer, bridge.tenant_id, CASEWORKER, utcnow()),
    )
    states = list(db.session.scalars(select(Delivery.state)))
    commit()
    assert [it for it in states if it in UNCOMMITTED] == [DeliveryState.PLANNED]
    bridge.sweep()
    bridge.hasten()
    assert bridge.status("1") is Status.ONLINE


@pytest.fixture
def held(bridge: Bridge) -> Delivery:
    online(bridge, *"1234")
    for number in "123":
        bridge.person(number, left_at=utcnow())
    found = bridge.deliver()
    assert found.state is DeliveryState.HELD
    return found


def test_one_lets_it_go_and_another_discards_it(bridge: Bridge, held: Delivery) -> None:
    found = outcomes(
        bridge,
        partial(approve, held.id, held.shown_digest or "", SUPERVISOR, utcnow()),
        partial(discard, held.id, COLLEAGUE, utcnow()),
    )
    assert "done" in found
    bridge.work()
    bridge.hasten()
    ended = bridge.again(held)
    left = [number for number in "1234" if bridge.status(number) is Status.OFFLINE_ARCHIVED]
    assert left == (list("123") if ended.state is DeliveryState.COMPLETE else [])
    assert (ended.state is DeliveryState.DISCARDED) == (ended.discarded_by == COLLEAGUE.initials)


def test_two_let_it_go(bridge: Bridge, held: Delivery) -> None:
    wanted = [
        partial(approve, held.id, held.shown_digest or "", it, utcnow()) for it in (SUPERVISOR, COLLEAGUE)
    ]
    found = outcomes(bridge, *wanted)
    assert found[0] != found[1]
    assert bridge.again(held).approved_by in {SUPERVISOR.initials, COLLEAGUE.initials}


def test_the_database_itself_allows_one_at_a_time_and_one_a_night(bridge: Bridge) -> None:
    """Whatever planners believe to have seen."""
    night = dt.date(2026, 3, 2)
    first = plan(bridge.connection, Plan(Mode.FULL, Trigger.NIGHTLY, local_date=night), utcnow())
    commit()
    copied = {
        column.key: getattr(first, column.key) for column in Delivery.__table__.columns if column.key != "id"
    }
    for changes in ({}, {"state": DeliveryState.FAILED}):
        db.session.add(Delivery(**(copied | {"sequence": 99} | changes)))
        with pytest.raises(IntegrityError):
            db.session.flush()
        rollback()
    db.session.add(Delivery(**(copied | {"sequence": 99, "state": DeliveryState.DISCARDED})))
    commit()
