"""Who may let a held delivery go, for how long, and what exactly (docs/domain.md#removal-brake)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from portal.accounts.second_person import Starter, is_same
from portal.core.database import commit, db, utcnow
from portal.core.refusal import Refusal
from portal.deliveries.approval import approve, discard
from portal.deliveries.braking import shown_digest
from portal.domain.accounts import Account, Role
from portal.domain.actors import SYSTEM, Actor
from portal.domain.deliveries import Delivery, DeliveryPerson
from portal.domain.delivery_states import DeliveryProblem, DeliveryState
from tests.histories.test_leaving import stop_before_opening
from tests.histories.test_order_of_answers import online
from tests.support.bridge import SUPERVISOR, Bridge
from tests.support.factories import make_account

MONDAY = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone: none of this depends on the database."""
    return sqlite_url


@pytest.mark.parametrize(
    ("started", "account", "judge", "own"),
    [
        ("SB", 5, Actor("SB", 5), True),
        ("SB", 5, Actor("XX", 5), True),  # has other initials by now
        ("SB", 5, Actor("SB", 6), False),  # accounts tell two people of the same initials apart
        ("SB", 5, Actor("LT", 6), False),
        ("SB", None, Actor("SB", 5), True),  # started on the command line, judged on a page
        ("SB", 5, Actor("SB"), True),  # and the other way round
        ("SB", None, Actor("SB"), True),
        ("SB", None, Actor("LT"), False),
        ("system", None, SYSTEM, False),  # what nobody started, anybody may judge
        ("system", None, Actor("LT", 6), False),
    ],
)
def test_whose_it_is(started: str, account: int | None, judge: Actor, own: bool) -> None:
    assert is_same(Starter(started, account), judge) is own


def held(bridge: Bridge) -> Delivery:
    """Half of eight people vanish, and one is revoked."""
    online(bridge, *"12345678")
    for number in "1234":
        bridge.person(number, left_at=utcnow())
    bridge.revoke("5")
    found = bridge.deliver()
    assert (found.state, found.problem) == (DeliveryState.HELD, DeliveryProblem.BRAKE)
    return found


def test_nobody_judges_what_she_started_however_she_comes(bridge: Bridge) -> None:
    delivery = held(bridge)
    make_account("caseworker", Role.SUPERVISOR, bridge.tenant_id)
    make_account("colleague", Role.SUPERVISOR, bridge.tenant_id, initials="CO")
    account, other = db.session.scalars(select(Account.id).order_by(Account.id))
    delivery.started_by_account_id = account
    commit()
    digest = delivery.shown_digest or ""
    for oneself in (Actor("SB"), Actor("SB", account), Actor("OTHER", account)):
        with pytest.raises(Refusal, match="same-person"):
            approve(delivery.id, digest, oneself, utcnow())
        with pytest.raises(Refusal, match="same-person"):
            discard(delivery.id, oneself, utcnow())
    assert bridge.again(delivery).state is DeliveryState.HELD
    assert approve(delivery.id, digest, Actor("SB", other), utcnow()).state is DeliveryState.BUILT


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        ("4", {"explained": True}),
        ("4", {"findings": ["mediator-missing"]}),
        ("5", {"explained": False}),
        ("4", None),
    ],
)
def test_what_was_shown_is_who_leaves_and_why(
    bridge: Bridge, number: str, changes: dict[str, Any] | None
) -> None:
    """Somebody fewer, explained or not, or for another reason, is something else."""
    delivery = held(bridge)
    rows = db.session.query(DeliveryPerson).filter_by(
        delivery_id=delivery.id, participant_id=bridge.id(number)
    )
    assert shown_digest(delivery) == delivery.shown_digest
    if changes is None:
        rows.delete()
    else:
        rows.update(changes)
    assert shown_digest(delivery) != delivery.shown_digest


def test_it_is_void_as_soon_as_the_next_is_due_though_cron_is_away(bridge: Bridge) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        delivery = held(bridge)
        digest = delivery.shown_digest or ""
        due = utcnow() + dt.timedelta(hours=13)
        bridge.tenant.next_transfer_at = due
        commit()
        clock.move_to(due)
        with pytest.raises(Refusal, match="next-is-due"):
            approve(delivery.id, digest, SUPERVISOR, utcnow())
        clock.move_to(due - dt.timedelta(seconds=1))
        assert approve(delivery.id, digest, SUPERVISOR, utcnow()).state is DeliveryState.BUILT


def test_one_that_is_rebuilt_after_it_was_approved_is_held_anew(bridge: Bridge) -> None:
    """Letting go was for these bytes; others have to be looked at once more."""
    delivery = held(bridge)
    approve(delivery.id, delivery.shown_digest or "", SUPERVISOR, utcnow())
    commit()
    rule = stop_before_opening(bridge)
    bridge.work()
    bridge.revoke("6")
    bridge.sandbox.behave(rule)
    bridge.hasten()
    assert bridge.again(delivery).problem is DeliveryProblem.NO_LONGER_ALLOWED
    anew = bridge.newest()
    assert (anew.state, anew.problem, anew.approved_at) == (DeliveryState.HELD, DeliveryProblem.BRAKE, None)
    assert [
        d["sequence"] for d in bridge.sandbox.deliveries(bridge.provider) if d["state"] == "complete"
    ] == [1]
