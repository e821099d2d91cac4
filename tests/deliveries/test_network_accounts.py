"""A token of another provider: bound at the first success, held for a person afterwards, and nobody is archived."""

from __future__ import annotations

import datetime as dt

import pytest

from portal.core.database import commit, rollback, scope_to, utcnow
from portal.core.refusal import Refusal
from portal.deliveries import attempts
from portal.deliveries.approval import approve
from portal.deliveries.network_accounts import accept, find_question
from portal.deliveries.network_change import choose_network
from portal.deliveries.reconciling import find_differences, settle
from portal.domain.actors import Actor
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryProblem, DeliveryState, Mode
from portal.domain.rules.status import Status
from portal.networks.registry import Network
from portal.tenants.service import set_token
from tests.faults.two_tenants import token_of
from tests.histories.test_order_of_answers import online
from tests.support.bridge import SUPERVISOR, Bridge, build_bridge, hold_answers
from tests.support.clock import today
from tests.support.strangers import another_provider

STRANGERS = tuple(f"F{number}" for number in range(8))


def use(bridge: Bridge, token: str) -> None:
    """Type another token into the settings, which ask the network at once."""
    set_token(bridge.connection, token)
    commit()
    ask(bridge)


def ask(bridge: Bridge) -> None:
    connection = bridge.connection
    connection.probe_at = utcnow()
    commit()
    attempts.probe(connection.id)
    scope_to(bridge.tenant_id)


def states(bridge: Bridge, provider: str) -> set[str]:
    return {it["state"] for it in bridge.sandbox.applicants(provider).values()}


def take(bridge: Bridge, *, may_share: bool = False) -> None:
    question = find_question(bridge.connection)
    assert question is not None
    accept(bridge.connection, question.digest, utcnow(), may_share=may_share)
    commit()


def said(delivery: Delivery) -> tuple[DeliveryState, DeliveryProblem | None]:
    return delivery.state, delivery.problem


def test_a_connection_is_bound_at_the_first_success_before_anything_is_sent(bridge: Bridge) -> None:
    assert bridge.connection.provider_id is None
    ask(bridge)
    connection = bridge.connection
    assert (connection.provider_id, connection.account_doubt) == (bridge.provider, None)
    assert connection.network_name and connection.provider_bound_at
    assert bridge.sandbox.deliveries(bridge.provider) == []


@pytest.mark.parametrize("asked", [True, False])
def test_a_token_of_another_provider_archives_nobody_there(bridge: Bridge, asked: bool) -> None:
    online(bridge, "1", "2")
    right = token_of(bridge)
    other, token = another_provider(bridge.sandbox, *STRANGERS)
    set_token(bridge.connection, token)
    commit()
    if asked:
        ask(bridge)
        with pytest.raises(Refusal, match="account-doubted"):
            bridge.plan()
        rollback()
    else:
        assert said(bridge.deliver()) == (DeliveryState.HELD, DeliveryProblem.OTHER_ACCOUNT)
        with pytest.raises(Refusal, match="account-doubted"):
            approve(bridge.newest().id, "", Actor("XX"), utcnow())
        rollback()
    connection = bridge.connection
    assert (connection.account_doubt, connection.found_provider_id) == ("other-account", other)
    assert (connection.provider_id, connection.network_name) != (other, None), "bound as before"
    bridge.person("2", consent_withdrawn_on=today() - dt.timedelta(days=1))
    for _ in range(3):
        bridge.sweep()
    assert bridge.sandbox.deliveries(other)[1:] == [], "nothing is sent, not even withdrawals"
    assert states(bridge, other) == {"active"}
    use(bridge, right)
    assert bridge.connection.account_doubt is None
    bridge.sweep()
    bridge.sweep()
    bridge.hasten()
    assert bridge.newest().state is DeliveryState.COMPLETE
    assert (bridge.held("1"), bridge.status("2")) != (None, Status.ONLINE)
    assert bridge.held("2")["state"] == "archived"  # type: ignore[index]


def test_taken_as_ours_it_is_told_everything_and_held_where_it_holds_anybody(bridge: Bridge) -> None:
    online(bridge, "1")
    bridge.deliver()
    bridge.hasten()
    other, token = another_provider(bridge.sandbox, *STRANGERS)
    use(bridge, token)
    question = find_question(bridge.connection)
    assert question is not None and question.announced == 1
    with pytest.raises(Refusal, match="account-changed"):
        accept(bridge.connection, "0" * 64, utcnow(), may_share=False)
    rollback()
    take(bridge)
    with pytest.raises(Refusal, match="account-not-doubted"):
        accept(bridge.connection, question.digest, utcnow(), may_share=False)
    rollback()
    delivery = bridge.deliver("1")
    assert (delivery.mode, *said(delivery)) == (
        Mode.FULL,
        DeliveryState.HELD,
        DeliveryProblem.UNKNOWN_HOLDINGS,
    )
    assert states(bridge, other) == {"active"}
    approve(delivery.id, delivery.shown_digest or "", Actor("XX"), utcnow())
    commit()
    bridge.work()
    bridge.hasten()
    assert bridge.again(delivery).state is DeliveryState.COMPLETE
    assert bridge.sandbox.applicants(other)["F1"]["state"] == "archived", "somebody has looked at it"
    assert said(bridge.deliver()) in {(DeliveryState.COMMITTED, None), (DeliveryState.COMPLETE, None)}


def test_an_empty_account_taken_as_ours_is_not_held(bridge: Bridge) -> None:
    online(bridge, "1")
    other, token = another_provider(bridge.sandbox)
    use(bridge, token)
    take(bridge)
    delivery = bridge.deliver()
    bridge.hasten()
    assert bridge.again(delivery).state is DeliveryState.COMPLETE
    assert set(bridge.sandbox.applicants(other)) == {"1"}


def test_the_first_token_may_be_a_strangers(bridge: Bridge) -> None:
    """What is read there is about nobody of ours, so that settling it does not end the hold."""
    other, token = another_provider(bridge.sandbox, *STRANGERS)
    set_token(bridge.connection, token)
    commit()
    bridge.person("1")
    bridge.release("1")
    assert said(bridge.deliver()) == (DeliveryState.HELD, DeliveryProblem.RECONCILE)
    ask(bridge)
    bridge.hasten()
    found = find_differences(bridge.connection)
    assert found is not None and len(found.strangers) == len(STRANGERS)
    settle(bridge.connection, found.digest, SUPERVISOR, utcnow())
    commit()
    assert said(bridge.deliver()) == (DeliveryState.HELD, DeliveryProblem.UNKNOWN_HOLDINGS)
    assert states(bridge, other) == {"active"}


def test_an_account_that_another_tenant_has_is_held_and_that_tenant_goes_on(bridge: Bridge) -> None:
    online(bridge, "1")
    token = token_of(bridge)
    beta = build_bridge(bridge.sandbox, slug="beta")
    beta.person("2")
    beta.release("2")
    set_token(beta.connection, token)
    commit()
    assert said(beta.deliver()) == (DeliveryState.HELD, DeliveryProblem.TAKEN_ACCOUNT)
    assert beta.connection.provider_id is None
    question = find_question(beta.connection)
    assert question is not None
    with pytest.raises(Refusal, match="account-taken"):
        accept(beta.connection, question.digest, utcnow(), may_share=False)
    rollback()
    assert len(bridge.sandbox.deliveries(bridge.provider)) == 1
    scope_to(bridge.tenant_id)
    delivery = bridge.deliver()
    bridge.hasten()
    assert bridge.again(delivery).state is DeliveryState.COMPLETE
    scope_to(beta.tenant_id)
    take(beta, may_share=True)
    ask(beta)
    assert (beta.connection.account_doubt, beta.connection.shares_provider) == (None, True)


def test_a_commit_of_unknown_outcome_is_not_asked_for_at_another_account(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    right = token_of(bridge)
    bridge.sandbox.misbehave("drop-after", "commitDelivery", provider_id=bridge.provider, count=1)
    delivery = bridge.deliver()
    assert delivery.outcome_unknown
    other, token = another_provider(bridge.sandbox, *STRANGERS)
    set_token(bridge.connection, token)
    commit()
    for _ in range(2):
        bridge.hasten()
        found = bridge.again(delivery)
        waits = (DeliveryState.SENDING, DeliveryProblem.OTHER_ACCOUNT, True)
        assert (*said(found), found.outcome_unknown) == waits
    assert {it["operation"] for it in bridge.sandbox.requests_seen(other)[-2:]} == {"readAccount"}
    use(bridge, right)
    bridge.work()
    bridge.hasten()
    assert bridge.again(delivery).state is DeliveryState.COMPLETE
    assert bridge.status("1") is Status.ONLINE


def test_what_went_to_the_account_before_ends_when_another_is_taken(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    bridge.sandbox.misbehave("drop-after", "commitDelivery", provider_id=bridge.provider, count=1)
    delivery = bridge.deliver()
    other, token = another_provider(bridge.sandbox)
    use(bridge, token)
    take(bridge)
    assert said(bridge.again(delivery)) == (DeliveryState.FAILED, DeliveryProblem.OTHER_ACCOUNT)
    bridge.deliver()
    bridge.hasten()
    assert set(bridge.sandbox.applicants(other)) == {"1"}


def test_answers_are_not_asked_for_at_another_account(bridge: Bridge) -> None:
    bridge.person("1")
    bridge.release("1")
    right = token_of(bridge)
    rule = hold_answers(bridge, 1)
    delivery = bridge.deliver()
    other, token = another_provider(bridge.sandbox)
    use(bridge, token)
    bridge.hasten()
    assert said(bridge.again(delivery)) == (DeliveryState.COMMITTED, None)
    assert {it["operation"] for it in bridge.sandbox.requests_seen(other)} == {"readAccount"}
    bridge.sandbox.behave(rule)
    use(bridge, right)
    bridge.work()
    bridge.hasten()
    assert bridge.again(delivery).state is DeliveryState.COMPLETE


def test_who_comes_back_to_a_network_comes_back_to_the_account(bridge: Bridge) -> None:
    online(bridge, "1")
    choose_network(bridge.tenant, Network.JOB4YOU, SUPERVISOR, utcnow())
    commit()
    bridge.sweep()
    bridge.hasten()
    bridge.sweep()
    choose_network(bridge.tenant, Network.JOBNETZWERK, SUPERVISOR, utcnow())
    assert (bridge.connection.provider_id, bridge.connection.holdings_known) == (bridge.provider, True)
    _, token = another_provider(bridge.sandbox, *STRANGERS)
    set_token(bridge.connection, token)
    commit()
    bridge.person("9")
    bridge.release("9")
    assert said(bridge.deliver()) == (DeliveryState.HELD, DeliveryProblem.OTHER_ACCOUNT)
