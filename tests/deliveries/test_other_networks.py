"""Another network, or another address of it: nobody slips past the brake, and nobody is held for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import current_app

from portal.core.database import commit, db, utcnow
from portal.core.refusal import Refusal
from portal.core.settings import current_settings
from portal.deliveries.network_change import choose_network
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryProblem, DeliveryState, Mode, Trigger
from portal.domain.rules.status import Status
from portal.domain.tenants import Connection, ConnectionState
from portal.networks.registry import Network
from portal.tenants.service import set_token
from tests.histories.test_order_of_answers import online
from tests.support.bridge import SUPERVISOR, Bridge
from tests.support.sandbox import SandboxServer


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone: none of this depends on the database."""
    return sqlite_url


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[SandboxServer]:
    """Another server that knows nobody."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with SandboxServer(folder) as server:
        yield server


def move(bridge: Bridge, server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator gives the network another address, under which nothing is known of the tenant."""
    changed = current_settings().model_copy(update={"network_jobnetzwerk_url": server.url})
    monkeypatch.setitem(current_app.extensions, "jobbruecke_settings", changed)
    set_token(bridge.connection, server.create_provider("jobnetzwerk", bridge.provider))
    commit()
    bridge.sandbox = server


@pytest.mark.parametrize("whom", ["all", "one"])
def test_another_address_does_not_hide_who_vanished(
    bridge: Bridge, elsewhere: SandboxServer, monkeypatch: pytest.MonkeyPatch, whom: str
) -> None:
    """Measured by what was told, wherever; a delta to who knows less than we think becomes a full one, and is held."""
    online(bridge, *"12345678")
    move(bridge, elsewhere, monkeypatch)
    for number in "1234":
        bridge.person(number, left_at=utcnow())
    bridge.person("5", city="Anderswo")
    bridge.deliver(*("5" if whom == "one" else ""))
    bridge.hasten()
    found = bridge.newest()
    assert (found.mode, found.state, found.problem) == (Mode.FULL, DeliveryState.HELD, DeliveryProblem.BRAKE)
    assert elsewhere.applicants(bridge.provider) == {}
    assert [bridge.status(number) for number in "1234"] == [Status.ONLINE] * 4


def test_another_address_where_nobody_vanished_is_told_everything(
    bridge: Bridge, elsewhere: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    online(bridge, *"1234")
    move(bridge, elsewhere, monkeypatch)
    bridge.person("1", city="Anderswo")
    bridge.deliver("1")
    bridge.hasten()
    found = bridge.newest()
    assert (found.mode, found.state) == (Mode.FULL, DeliveryState.COMPLETE)
    assert set(elsewhere.applicants(bridge.provider)) == set("1234")


def change(bridge: Bridge, network: Network, provider: str) -> Connection:
    opened = choose_network(bridge.tenant, network, SUPERVISOR, utcnow())
    token = f"{provider}-token-{opened.id}"
    if opened.network is Network.JOBNETZWERK:
        bridge.sandbox.change_provider(provider, token=token)
    else:
        token = bridge.sandbox.create_provider(network.value, provider)
    set_token(opened, token)
    commit()
    return opened


def test_a_held_one_ends_with_its_network_and_everybody_is_withdrawn(bridge: Bridge) -> None:
    """Whoever changes the network was shown that all are archived: the brake asks nobody a second time."""
    online(bridge, *"12345678")
    for number in "1234":
        bridge.person(number, left_at=utcnow())
    held = bridge.deliver()
    assert held.state is DeliveryState.HELD
    old = bridge.connection.id
    change(bridge, Network.JOB4YOU, f"{bridge.provider}-other")
    bridge.work()
    bridge.hasten()
    assert bridge.again(held).problem is DeliveryProblem.REPLACED
    withdrawal = bridge.newest()
    assert (withdrawal.connection_id, withdrawal.cause) == (old, Trigger.NETWORK_CHANGED)
    assert {it["state"] for it in bridge.sandbox.applicants(bridge.provider).values()} == {"archived"}
    bridge.release(*"5678")
    new = bridge.deliver()
    assert (
        new.state in (DeliveryState.COMMITTED, DeliveryState.ANSWERING, DeliveryState.COMPLETE),
        new.brake,
    ) == (
        True,
        {"holds": [], "limit": 3, "orders": []},
    )


def test_who_comes_back_to_a_network_goes_on_counting(bridge: Bridge) -> None:
    """The network knows our numbers: they are no deliveries that we do not know, and nobody has to reconcile."""
    online(bridge, *"1234")
    first = bridge.connection.id
    change(bridge, Network.JOB4YOU, f"{bridge.provider}-other")
    bridge.work()
    bridge.hasten()
    bridge.sweep()
    assert db.session.get_one(Connection, first, populate_existing=True).state is ConnectionState.CLOSED
    change(bridge, Network.JOBNETZWERK, bridge.provider)
    bridge.release(*"12")
    for numbers in ("", "1"):
        bridge.deliver(*numbers)
        bridge.hasten()
    found = bridge.newest()
    assert (found.sequence, found.mode, found.state) == (4, Mode.DELTA, DeliveryState.COMPLETE)
    assert [bridge.status(number) for number in "1234"] == [Status.ONLINE] * 2 + [Status.OFFLINE] * 2
    assert db.session.query(Delivery).filter_by(problem=DeliveryProblem.RECONCILE).count() == 0


def test_nobody_comes_back_while_the_network_is_still_being_left(bridge: Bridge) -> None:
    """The withdrawals that are on their way would hit who is released anew."""
    online(bridge, *"12")
    bridge.sandbox.misbehave("status", "readAccount", provider_id=bridge.provider, status=503)
    change(bridge, Network.JOB4YOU, f"{bridge.provider}-other")
    bridge.work()
    with pytest.raises(Refusal, match="network-still-left"):
        choose_network(bridge.tenant, Network.JOBNETZWERK, SUPERVISOR, utcnow())
    assert bridge.connection.network is Network.JOB4YOU
    bridge.sandbox.behave()
    bridge.hasten()
    change(bridge, Network.JOBNETZWERK, bridge.provider)
    bridge.release("1")
    bridge.deliver()
    bridge.hasten()
    assert {number: it["state"] for number, it in bridge.sandbox.applicants(bridge.provider).items()} == {
        "1": "active",
        "2": "archived",
    }
