"""How long a withdrawal of consent took, measured against the real network."""

from __future__ import annotations

import datetime as dt

from flask import current_app

from portal.core.database import commit, db, scope_to, utcnow
from portal.domain.deliveries import Delivery
from portal.domain.releases import Release
from portal.domain.rules.status import Status
from portal.releases.texts import withdrawal_text
from portal.releases.withdrawals import find_withdrawal, overview, withdrawals_in
from tests.support.bridge import Bridge

TODAY = dt.date(2026, 3, 4)


def online(bridge: Bridge, *numbers: str) -> None:
    for number in numbers:
        bridge.person(number)
    bridge.release(*numbers)
    bridge.deliver()
    bridge.hasten()
    assert {bridge.status(number) for number in numbers} == {Status.ONLINE}


def known_earlier(bridge: Bridge, number: str, seconds: int) -> None:
    """Let us have learned of it so many seconds before now."""
    release = db.session.query(Release).filter_by(participant_id=bridge.id(number)).one()
    assert release.consent_lost_at is not None
    release.consent_lost_at -= dt.timedelta(seconds=seconds)
    commit()


def test_it_is_measured_from_knowing_to_arriving_and_confirmed_by_the_answer(bridge: Bridge) -> None:
    online(bridge, "1", "2")
    before = utcnow()
    bridge.person("1", consent_withdrawn_on=TODAY)
    found = find_withdrawal(bridge.id("1"))
    assert found is not None
    assert before <= found.known_at <= utcnow()
    assert (found.arrived_at, found.seconds, found.confirmed_at) == (None, None, None)
    assert overview(utcnow()).open == 1
    known_earlier(bridge, "1", 3600)
    bridge.sweep()
    bridge.hasten()
    found = find_withdrawal(bridge.id("1"))
    assert found is not None
    assert found.arrived_at is not None
    assert found.seconds is not None
    assert 3600 <= found.seconds < 3900
    assert found.confirmed_at is not None
    delivery = bridge.newest()
    assert found.sequence == delivery.sequence
    assert withdrawals_in(delivery) == [found]
    assert find_withdrawal(bridge.id("2")) is None
    with current_app.test_request_context():
        said = withdrawal_text(found)
    assert "bekannt, um" in said
    assert "beim Jobportal angekommen (60 min), um" in said
    assert said.endswith("bestätigt")


def test_whose_release_had_ended_before_is_measured_too(bridge: Bridge) -> None:
    """Revoked by a person, still held by the network, then withdrawn: that goes out at once."""
    online(bridge, "1", "2")
    bridge.revoke("1")
    assert find_withdrawal(bridge.id("1")) is None
    bridge.person("1", consent_withdrawn_on=TODAY)
    bridge.sweep()
    found = find_withdrawal(bridge.id("1"))
    assert found is not None
    assert found.arrived_at is not None


def test_a_revocation_and_somebody_whom_nobody_told_are_no_withdrawals(bridge: Bridge) -> None:
    online(bridge, "1")
    bridge.person("2")
    bridge.release("2")
    bridge.person("2", consent_withdrawn_on=TODAY)
    bridge.revoke("1")
    bridge.deliver()
    bridge.hasten()
    scope_to(bridge.tenant_id)
    assert overview(utcnow()).number == 0
    assert withdrawals_in(db.session.query(Delivery).order_by(Delivery.id.desc()).first()) == []  # type: ignore[arg-type]


def test_the_overview_has_median_and_longest_of_ninety_days(bridge: Bridge) -> None:
    online(bridge, "1", "2", "3", "4")
    for number, seconds in (("1", 100), ("2", 200), ("3", 1000), ("4", 91 * 86400)):
        bridge.person(number, consent_withdrawn_on=TODAY)
        known_earlier(bridge, number, seconds)
    bridge.sweep()
    bridge.hasten()
    found = overview(utcnow())
    assert (found.number, found.open) == (3, 0)
    assert found.median is not None
    assert found.longest is not None
    assert 200 <= found.median < 500
    assert 1000 <= found.longest < 1300
