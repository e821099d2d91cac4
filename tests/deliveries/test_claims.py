"""Who may work on a delivery: one at a time, for a while, and never after another process took over."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest
from flask import Flask

from portal.core.database import EVERY_TENANT, commit, db, rollback, utcnow
from portal.core.leases import Lease, LeaseLost, renew
from portal.deliveries.jobs import acquire, run_delivery
from portal.deliveries.outcomes import Outcome, RetryAt, Stop, conclude
from portal.deliveries.service import Plan, plan
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryState, Mode, Trigger
from portal.domain.releases import Event
from portal.domain.rules.status import Status
from portal.domain.tenants import Connection
from tests.support.at_once import Aside, at_once
from tests.support.bridge import Bridge
from tests.support.database import NOW, Cast

pytestmark = pytest.mark.conformance

LEASE = 50
SOON = NOW + dt.timedelta(seconds=LEASE - 1)
LATER = NOW + dt.timedelta(seconds=LEASE + 1)


@pytest.fixture
def delivery_id(app: Flask, cast: Cast) -> int:
    connection = db.session.query(Connection).filter_by(tenant_id=cast.alpha).one()
    found = plan(connection, Plan(Mode.FULL, Trigger.NIGHTLY), NOW).id
    commit()
    return found


def take(delivery_id: int, now: dt.datetime = NOW) -> Lease[Delivery]:
    found = acquire(delivery_id, now, LEASE)
    commit()
    assert found is not None
    return found


def give_back(held: Lease[Delivery], outcome: Outcome) -> None:
    with held.step() as delivery:
        conclude(delivery, outcome, NOW)


def look(delivery_id: int) -> Delivery:
    found = db.session.get_one(Delivery, delivery_id, populate_existing=True)
    commit()
    return found


def test_of_many_at_once_one_gets_it(delivery_id: int) -> None:
    given = at_once(EVERY_TENANT, *[partial(acquire, delivery_id, NOW, LEASE)] * 6)
    assert sorted(type(it).__name__ for it in given) == ["Lease"] + ["NoneType"] * 5
    assert (look(delivery_id).fence, look(delivery_id).crashes) == (1, 1)


def test_a_second_claim_is_refused_until_the_lease_has_run_out(delivery_id: int) -> None:
    first = take(delivery_id)
    assert acquire(delivery_id, SOON, LEASE) is None
    commit()
    second = take(delivery_id, LATER)
    assert (first.fence, second.fence) == (1, 2)
    assert look(delivery_id).crashes == 2, "the first ended without a word"


def test_a_sign_of_life_makes_the_lease_longer(delivery_id: int) -> None:
    held = take(delivery_id)
    renew(held, SOON)
    commit()
    assert acquire(delivery_id, LATER, LEASE) is None


def test_what_is_not_due_cannot_be_claimed(delivery_id: int) -> None:
    held = take(delivery_id)
    give_back(held, RetryAt(LATER))
    assert acquire(delivery_id, SOON, LEASE) is None
    give_back(take(delivery_id, LATER), Stop())
    assert acquire(delivery_id, LATER + dt.timedelta(days=365), LEASE) is None
    assert look(delivery_id).crashes == 0, "both let go in order"


def test_whoever_was_overtaken_writes_nothing_any_more(delivery_id: int) -> None:
    old, new = take(delivery_id), take(delivery_id, LATER)
    with pytest.raises(LeaseLost):
        renew(old, LATER)
    rollback()
    with pytest.raises(LeaseLost):
        give_back(old, Stop())
    found = look(delivery_id)
    assert (found.fence, found.next_step_at) == (new.fence, NOW)
    assert found.lease_until == LATER + dt.timedelta(seconds=LEASE)


def test_nobody_takes_over_between_a_sign_of_life_and_its_commit(delivery_id: int) -> None:
    """The owner renews a lease that has run out, and is not yet done; the rival waits, and comes too late."""
    held = take(delivery_id)
    renew(held, LATER).problem_detail = "written by the owner"
    rival = Aside(EVERY_TENANT, partial(acquire, delivery_id, LATER, LEASE))
    assert not rival.is_done(0.3)
    commit()
    assert rival.result() is None
    found = look(delivery_id)
    assert (found.fence, found.problem_detail) == (held.fence, "written by the owner")


def test_the_owner_waits_for_who_is_taking_over_and_then_writes_nothing(delivery_id: int) -> None:
    held = take(delivery_id)
    assert acquire(delivery_id, LATER, LEASE)
    owner = Aside(EVERY_TENANT, partial(renew, held, LATER))
    assert not owner.is_done(0.3)
    commit()
    assert isinstance(owner.result(), LeaseLost)


# --- with the worker's own steps ---------------------------------------------------------------------------


def end_lease(delivery_id: int) -> None:
    """As if whoever works on it had been stopped for longer than the lease."""
    db.session.get_one(Delivery, delivery_id, populate_existing=True).lease_until = utcnow() - dt.timedelta(
        seconds=1
    )
    commit()


@pytest.mark.sampled(4)
@pytest.mark.parametrize("call", ["readAccount", "openDelivery", "putPart", "commitDelivery"])
def test_a_worker_that_was_overtaken_in_a_call_leaves_no_trace(bridge: Bridge, call: str) -> None:
    bridge.person("1")
    bridge.release("1")
    delivery = bridge.plan()
    bridge.sandbox.misbehave("delay", call, provider_id=bridge.provider, count=1, seconds=1)
    slow = Aside(EVERY_TENANT, partial(run_delivery, delivery.id))
    bridge.wait_for_call(call)
    end_lease(delivery.id)
    bridge.work()
    fence = bridge.again(delivery).fence
    slow.result()
    found = bridge.again(delivery)
    assert (found.state, found.fence) == (DeliveryState.COMPLETE, fence)
    assert bridge.status("1") is Status.ONLINE
    assert bridge.events("1") == [Event.RELEASED, Event.SENT, Event.ANSWERED_ACTIVE]
    assert [it["state"] for it in bridge.sandbox.deliveries(bridge.provider)] == ["complete"]
