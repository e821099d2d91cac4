"""A network that is down, refuses, loses the connection, answers rubbish (docs/domain.md#deliveries)."""

import pytest
from sqlalchemy import select

from portal.core.database import commit, db
from portal.core.refusal import Refusal
from portal.deliveries import attempts as attempting
from portal.deliveries.queries import attempts
from portal.domain.delivery_states import DeliveryProblem, DeliveryState
from portal.domain.rules.phase import Phase
from portal.domain.rules.status import Status
from portal.domain.tenants import Connection
from portal.tenants.service import set_token
from tests.histories.test_order_of_answers import online
from tests.support.bridge import Bridge


def test_a_commit_whose_answer_is_lost_is_unknown_and_counts_once(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    bridge.sandbox.misbehave("drop-after", "commitDelivery", provider_id=bridge.provider, count=1)
    delivery = bridge.deliver()
    assert delivery.outcome_unknown
    assert bridge.phase("1") is Phase.OUTCOME_UNKNOWN
    assert bridge.status("1") is Status.OFFLINE
    bridge.hasten()
    assert bridge.again(delivery).state is DeliveryState.COMPLETE
    assert bridge.status("1") is Status.ONLINE
    assert len(bridge.sandbox.deliveries(bridge.provider)) == 1


def test_a_commit_that_never_arrived_is_made_again(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    bridge.sandbox.misbehave("drop-before", "commitDelivery", provider_id=bridge.provider, count=1)
    delivery = bridge.deliver()
    assert delivery.outcome_unknown, "a lost connection proves nothing"
    bridge.hasten()
    assert bridge.status("1") is Status.ONLINE


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("not-json", DeliveryProblem.GARBLED),
        ("wrong-shape", DeliveryProblem.GARBLED),
        ("foreign-receipt", DeliveryProblem.FOREIGN_RECEIPT),
        ("empty", DeliveryProblem.GARBLED),
    ],
)
def test_rubbish_instead_of_a_receipt_proves_nothing(
    bridge: Bridge, body: str, problem: DeliveryProblem
) -> None:
    bridge.person("1")
    bridge.release("1")
    bridge.sandbox.misbehave("garbage", "commitDelivery", provider_id=bridge.provider, count=1, body=body)
    delivery = bridge.deliver()
    assert (delivery.outcome_unknown, delivery.problem) == (True, problem)
    assert bridge.phase("1") is Phase.OUTCOME_UNKNOWN
    bridge.hasten()
    assert bridge.status("1") is Status.ONLINE


def test_a_refused_token_is_explained_and_not_tried_again(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    set_token(bridge.connection, "another-token")
    commit()
    delivery = bridge.deliver()
    assert (delivery.state, delivery.problem) == (DeliveryState.FAILED, DeliveryProblem.UNAUTHORISED)
    assert [attempt.http_status for attempt in attempts(delivery.id)] == [401]
    assert bridge.phase("1") is Phase.SCHEDULED
    assert bridge.connection.problem == DeliveryProblem.UNAUTHORISED.value


def test_a_right_token_ends_the_pause(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    connection = bridge.connection
    right = connection.token_encrypted
    set_token(connection, "another-token")
    commit()
    bridge.deliver()
    connection = bridge.connection
    connection.token_encrypted = right
    commit()
    attempting.probe(connection.id)
    assert bridge.connection.problem is None
    bridge.deliver()
    bridge.hasten()
    assert bridge.status("1") is Status.ONLINE


def test_a_network_licence_that_ended_is_explained(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    bridge.sandbox.change_provider(bridge.provider, licensed_until="2020-01-01")
    delivery = bridge.deliver()
    assert (delivery.state, delivery.problem) == (
        DeliveryState.FAILED,
        DeliveryProblem.NETWORK_LICENCE_EXPIRED,
    )


def test_pauses_grow_and_success_ends_them(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    rule = bridge.sandbox.misbehave("status", "readAccount", provider_id=bridge.provider, status=500)
    bridge.deliver()
    pauses = []
    for _ in range(5):
        connection = db.session.scalars(select(Connection).execution_options(populate_existing=True)).one()
        newest = attempts(bridge.newest().id)[0]
        assert connection.paused_until is not None
        pauses.append(round((connection.paused_until - newest.last_at).total_seconds()))
        bridge.hasten()
    assert pauses == [10, 30, 90, 300, 3600]
    assert bridge.connection.quarantined_at is not None
    bridge.sandbox.behave(rule)
    attempting.probe(bridge.connection.id)
    assert bridge.connection.paused_until is None
    bridge.work()
    bridge.hasten()
    assert bridge.status("1") is Status.ONLINE
    assert bridge.connection.quarantined_at is None


def test_retry_after_is_waited_out(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    bridge.sandbox.misbehave(
        "status", "openDelivery", provider_id=bridge.provider, count=1, status=429, retry_after=120
    )
    bridge.deliver()
    connection = bridge.connection
    assert connection.pause_is_ordered
    assert connection.probe_at is None, "nobody asks in between"
    newest = attempts(bridge.newest().id)[0]
    assert connection.paused_until is not None
    assert 119 <= (connection.paused_until - newest.at).total_seconds() <= 122


def test_other_people_and_deliveries_wait_their_turn(bridge: Bridge) -> None:
    online(bridge, "1")
    bridge.person("2")
    bridge.release("2")
    rule = bridge.sandbox.misbehave("status", "openDelivery", provider_id=bridge.provider, status=503)
    bridge.deliver("2")
    with pytest.raises(Refusal, match="delivery-running"):
        bridge.plan("1")
    bridge.sandbox.behave(rule)


def test_nothing_to_transfer_is_said(bridge: Bridge) -> None:
    bridge.person("1", last_name="")
    bridge.release("1")
    assert bridge.phase("1") is Phase.BLOCKED
    with pytest.raises(Refusal, match="nothing-to-transfer"):
        bridge.plan("1")


def test_a_number_beyond_32_bits_is_one_like_any_other(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    bridge.connection.last_sequence = 2**31 - 1
    commit()
    delivery = bridge.deliver()
    bridge.hasten()
    assert (bridge.again(delivery).state, bridge.again(delivery).sequence) == (DeliveryState.COMPLETE, 2**31)
    assert bridge.deliver("1").base_sequence == 2**31
    assert bridge.registration("1").applied_sequence == 2**31 + 1
    assert bridge.status("1") is Status.ONLINE
