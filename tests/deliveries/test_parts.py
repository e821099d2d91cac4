"""What the network acknowledged is read back from the frozen parts, whichever part it is in."""

from __future__ import annotations

import pytest

from portal.core.database import commit, db, utcnow
from portal.deliveries.parts import Confirmed, find_confirmed
from portal.deliveries.payload import would_tell
from portal.domain.deliveries import DeliveryPart, DeliveryPerson
from portal.domain.participants import Participant
from portal.domain.tenants import Tenant
from portal.tenants.context import load_tenant_context
from tests.support.bridge import Bridge


def confirmed(bridge: Bridge, number: str) -> Confirmed | None:
    person = db.session.get_one(Participant, bridge.id(number))
    return find_confirmed(bridge.connection.id, person)


def told_now(bridge: Bridge, number: str) -> dict[str, object] | None:
    return would_tell(load_tenant_context(bridge.tenant_id, utcnow()), bridge.id(number))


@pytest.fixture
def online(bridge: Bridge) -> Bridge:
    """Three people Online; numbers that begin alike, so that one is not taken for the other."""
    for number in ("1", "11", "111"):
        bridge.person(number)
    bridge.release("1", "11", "111")
    bridge.deliver()
    bridge.hasten()
    return bridge


def test_it_is_what_the_network_has(online: Bridge) -> None:
    for number in ("1", "11", "111"):
        found = confirmed(online, number)
        assert found is not None
        assert found.record is not None
        assert found.record["participant_id"] == number
        assert found.record == told_now(online, number)


def test_a_mediator_of_the_same_number_is_not_taken_for_her(bridge: Bridge) -> None:
    mediator = bridge.mediator("11", "EE")
    for number in ("1", "11"):
        bridge.person(number)
        bridge.release(number)
        bridge.choose_mediator(number, mediator)
    bridge.deliver()
    bridge.hasten()
    assert confirmed(bridge, "11").record == told_now(bridge, "11")  # type: ignore[union-attr]


def test_a_change_is_seen_against_it_until_it_is_acknowledged(online: Bridge) -> None:
    db.session.get_one(Participant, online.id("1")).email = "neu@example.org"
    commit()
    found = confirmed(online, "1")
    assert found is not None
    assert found.record is not None
    assert found.record["email"] != "neu@example.org"
    now = told_now(online, "1")
    assert now is not None
    assert now["email"] == "neu@example.org"
    online.deliver("1")
    online.hasten()
    assert confirmed(online, "1").record == now  # type: ignore[union-attr]


def test_nobody_was_acknowledged_before_an_answer(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    bridge.sandbox.set_answer_delay(3600)
    bridge.deliver("1")
    assert confirmed(bridge, "1") is None
    bridge.sandbox.set_answer_delay(0)


@pytest.mark.parametrize("what", ["part", "number"])
def test_what_is_not_kept_is_not_there(online: Bridge, what: str) -> None:
    if what == "part":
        db.session.query(DeliveryPart).delete()
    else:  # frozen by an older version
        db.session.query(DeliveryPerson).update({"part_number": None})
    commit()
    found = confirmed(online, "1")
    assert found is not None
    assert found.record is None


def test_each_person_is_in_the_part_that_names_her(bridge: Bridge) -> None:
    """A network that takes tiny parts only: every record is in one of its own."""
    bridge.connection.max_part_bytes = 10
    commit()
    for number in ("1", "11", "111"):
        bridge.person(number)
    bridge.release("1", "11", "111")
    bridge.deliver()
    bridge.hasten()
    rows = db.session.query(DeliveryPerson).all()
    assert len({row.part_number for row in rows}) == 3
    for number in ("1", "11", "111"):
        assert confirmed(bridge, number).record["participant_id"] == number  # type: ignore[union-attr, index]


def test_the_social_insurance_number_is_told_only_where_it_is_switched_on(online: Bridge) -> None:
    assert "social_insurance_number" not in told_now(online, "1")  # type: ignore[operator]
    assert db.session.get_one(Tenant, online.tenant_id).sends_social_insurance_number is False
