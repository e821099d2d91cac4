"""Mediators the network does not know, records it refuses, answers that do not come, networks that change."""

import datetime as dt

import pytest
import time_machine

from portal.core.database import commit, db, utcnow
from portal.core.refusal import Refusal
from portal.deliveries.network_change import choose_network
from portal.domain.actors import QUALLI
from portal.domain.delivery_states import DeliveryProblem, DeliveryState, Mode, Trigger
from portal.domain.releases import Event
from portal.domain.rules.phase import Phase
from portal.domain.rules.preflight import Finding
from portal.domain.rules.status import Status
from portal.domain.tenants import Connection, ConnectionState
from portal.networks.registry import Network
from portal.tenants.service import set_token
from tests.histories.test_order_of_answers import online
from tests.support.bridge import SUPERVISOR, Bridge, hold_answers


def test_an_unknown_mediator_created_by_hand_brings_people_online(bridge: Bridge) -> None:
    bridge.sandbox.set_mediator(bridge.provider, "7", False)
    bridge.person("1")
    bridge.release("1")
    bridge.deliver()
    bridge.hasten()
    assert bridge.status("1") is Status.ONLINE_ARCHIVED, "also straight from Offline"
    assert bridge.registration("1").archive_reason == "mediator-unknown"
    bridge.sandbox.set_mediator(bridge.provider, "7", True)
    bridge.deliver()
    bridge.hasten()
    assert (bridge.status("1"), bridge.phase("1")) == (Status.ONLINE, Phase.CURRENT)


def test_choosing_a_known_mediator_brings_her_online(bridge: Bridge) -> None:
    bridge.sandbox.set_mediator(bridge.provider, "7", False)
    known = bridge.mediator("8", "KK")
    bridge.person("1")
    bridge.release("1")
    bridge.deliver()
    bridge.hasten()
    bridge.choose_mediator("1", known)
    assert bridge.see("1").mediator_change_pending
    bridge.deliver("1")
    bridge.hasten()
    assert bridge.status("1") is Status.ONLINE
    assert not bridge.see("1").mediator_change_pending
    held = bridge.held("1")
    assert held is not None and held["record"]["mediator_id"] == "8"


def test_one_refused_record_becomes_her_finding_and_the_rest_goes(bridge: Bridge) -> None:
    for number in ("1", "2", "3"):
        bridge.person(number)
    bridge.release("1", "2", "3")
    bridge.sandbox.force(bridge.provider, "2", "refused", None, "Geburtsdatum unmöglich")
    first = bridge.deliver()
    bridge.hasten()
    assert (bridge.again(first).state, bridge.again(first).problem) == (
        DeliveryState.DISCARDED,
        DeliveryProblem.REFUSED_RECORD,
    )
    assert [bridge.status(number) for number in ("1", "2", "3")] == [
        Status.ONLINE,
        Status.OFFLINE,
        Status.ONLINE,
    ]
    assert bridge.see("2").findings == (Finding.REFUSED_RECORD,)
    assert bridge.phase("2") is Phase.BLOCKED
    assert Event.RECORD_REFUSED in bridge.events("2")
    bridge.sandbox.force(bridge.provider, "2", None)
    bridge.person("2", birth_date=dt.date(1990, 1, 1))
    bridge.deliver()
    bridge.hasten()
    assert bridge.status("2") is Status.ONLINE, "the finding goes when the record changes"


def test_a_refused_record_of_somebody_told_holds_the_delivery(bridge: Bridge) -> None:
    online(bridge, "1", "2", "3")
    bridge.sandbox.force(bridge.provider, "2", "refused", None, "Unfug")
    bridge.person("2", city="Unfug")
    bridge.deliver()
    bridge.hasten()
    held = bridge.newest()
    assert (held.state, held.problem) == (DeliveryState.HELD, DeliveryProblem.REFUSED_TOLD)
    assert bridge.status("2") is Status.ONLINE
    found = bridge.held("2")
    assert found is not None and found["state"] == "active"


def test_gone_from_qualli_and_back_needs_a_new_decision(bridge: Bridge) -> None:
    online(bridge, "1", "2", "3", "4")
    bridge.person("1", left_at=utcnow())
    assert not bridge.registration("1").released
    release = bridge.see("1").release
    assert release is not None and release.ended_by == QUALLI.initials
    with pytest.raises(Refusal, match="ends-at-once"):
        bridge.release("1")
    bridge.deliver()
    bridge.hasten()
    assert bridge.status("1") is Status.OFFLINE_ARCHIVED
    bridge.person("1", left_at=None)
    assert bridge.phase("1") is Phase.NOT_RELEASED, "coming back alone releases nobody"
    bridge.deliver()
    bridge.hasten()
    assert bridge.status("1") is Status.OFFLINE_ARCHIVED
    bridge.release("1")
    bridge.deliver("1")
    bridge.hasten()
    assert bridge.status("1") is Status.ONLINE


def test_three_nights_without_an_answer(bridge: Bridge) -> None:
    bridge.sandbox.misbehave("answers-held", provider_id=bridge.provider)
    monday = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
    phases = []
    with time_machine.travel(monday, tick=False) as clock:
        bridge.tenant.next_transfer_at = monday + dt.timedelta(hours=9)
        commit()
        bridge.person("1")
        bridge.release("1")
        for _ in range(3):
            clock.shift(dt.timedelta(hours=10))
            bridge.sweep()
            clock.shift(dt.timedelta(hours=14))
            phases.append(bridge.phase("1"))
        first_commit = bridge.registration("1").waiting_since
        clock.shift(dt.timedelta(days=1))
        phases.append(bridge.phase("1"))
        assert first_commit is not None
        assert first_commit.date() == monday.date(), "sending again does not reset the waiting"
        assert [d["sequence"] for d in bridge.sandbox.deliveries(bridge.provider)] == [1, 2, 3]
        assert phases == [Phase.SENT, Phase.SENT, Phase.OVERDUE, Phase.CLARIFICATION]
        assert bridge.status("1") is Status.OFFLINE
        bridge.sandbox.behave()
        bridge.hasten()
        assert (bridge.status("1"), bridge.phase("1")) == (Status.ONLINE, Phase.CURRENT)


def test_the_network_changes_with_an_answer_outstanding(bridge: Bridge) -> None:
    online(bridge, "1")
    bridge.person("2")
    bridge.release("2")
    rule = hold_answers(bridge, bridge.connection.last_sequence + 1)
    waiting = bridge.deliver("2")
    old = bridge.connection.id
    provider = f"{bridge.provider}-new"
    opened = choose_network(bridge.tenant, Network.JOB4YOU, SUPERVISOR, utcnow())
    set_token(opened, bridge.sandbox.create_provider("job4you", provider))
    commit()
    assert [bridge.status(number) for number in ("1", "2")] == [Status.OFFLINE] * 2
    assert bridge.phase("1") is Phase.NOT_RELEASED, "another recipient needs a new decision"
    bridge.work()
    bridge.hasten()
    withdrawal = bridge.newest()
    assert (withdrawal.connection_id, withdrawal.cause) == (old, Trigger.NETWORK_CHANGED)
    assert {a["state"] for a in bridge.sandbox.applicants(bridge.provider).values()} == {"archived"}
    bridge.sweep()
    assert db.session.get_one(Connection, old).state is ConnectionState.CLOSING, (
        "an answer is still outstanding"
    )
    bridge.sandbox.behave(rule)
    bridge.hasten()
    assert bridge.again(waiting).state is DeliveryState.COMPLETE
    bridge.sweep()
    closed = db.session.get_one(Connection, old, populate_existing=True)
    assert closed.state is ConnectionState.CLOSED
    bridge.release("1")
    bridge.deliver("1")
    bridge.hasten()
    assert bridge.status("1") is Status.ONLINE
    assert set(bridge.sandbox.applicants(provider)) == {"1"}
    assert "profile" in bridge.sandbox.applicants(provider)["1"]["record"]


def test_a_base_mismatch_makes_the_next_delivery_full(bridge: Bridge) -> None:
    online(bridge, "1")
    bridge.person("2")
    bridge.release("2")
    bridge.sandbox.misbehave(
        "base-mismatch", "openDelivery", provider_id=bridge.provider, count=1, last_sequence=0
    )
    bridge.deliver("2")
    bridge.hasten()
    newest = bridge.newest()
    assert (newest.mode, newest.state) == (Mode.FULL, DeliveryState.COMPLETE)
    assert bridge.status("2") is Status.ONLINE


def test_a_network_that_knows_more_than_we_do_holds_everything(bridge: Bridge) -> None:
    online(bridge, "1", "2")
    connection = bridge.connection
    connection.last_sequence = connection.attempted_sequence = connection.committed_sequence = 0
    commit()
    newest = bridge.newest()
    newest.sequence += 100  # the restored backup does not have it
    db.session.add(newest)
    commit()
    delivery = bridge.deliver()
    assert (delivery.state, delivery.problem) == (DeliveryState.HELD, DeliveryProblem.RECONCILE)
    with pytest.raises(Refusal, match="reconcile"):
        bridge.plan("1")
    assert len(bridge.sandbox.deliveries(bridge.provider)) == 1


def test_a_job4you_participant_is_sent_with_her_profile(job4you: Bridge) -> None:
    online(job4you, "1")
    held = job4you.held("1")
    assert held is not None
    assert held["record"]["profile"]["languages"] == []
    assert held["record"]["caseworker"] == "VM Vermittlerin", "the network wants the name"
