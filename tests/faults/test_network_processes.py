"""Row: the network in every trouble at once, each of another tenant, through real workers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portal.core.database import commit, scope_to
from portal.domain.delivery_states import DeliveryState
from tests.faults.network_faults import TROUBLES
from tests.faults.two_tenants import plan, token_of
from tests.support.bridge import Bridge
from tests.support.invariants import assert_done_once
from tests.support.processes import Plant, running_plant
from tests.support.proxy import Middle
from tests.support.services import running_redis

pytestmark = [pytest.mark.processes, pytest.mark.slow]


def go(*bridges: Bridge) -> None:
    for bridge in bridges:
        plan(bridge)


def test_some_troubles_at_a_commit_through_real_workers(sqlite_plant: Plant) -> None:
    """Reset after it was heard, another's receipt, 503 with Retry-After, cut in the middle; one is left in peace."""
    plant, other = sqlite_plant, sqlite_plant.tenant()
    troubles = ("drop-after", {}), ("garbage", {"body": "foreign-receipt"}), ("cut", {})
    troubles += (("status", {"status": 503, "retry_after": 1}),)  # type: ignore[assignment]
    bridges = [plant.tenant() for _ in troubles]
    for bridge, (kind, more) in zip(bridges, troubles, strict=True):
        plant.sandbox.misbehave(kind, "commitDelivery", provider_id=bridge.provider, count=1, **more)
    go(*bridges, other)
    plant.wait_for_end(*bridges, other)
    for bridge in (*bridges, other):
        assert_done_once(bridge)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def stand(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Plant, Middle]]:
    """A plant whose workers speak to a server without manners."""
    folder = tmp_path_factory.mktemp("plant")
    url = request.getfixturevalue("empty_postgres_url") if request.param == "postgres" else None
    with (
        running_redis(folder) as redis,
        Middle() as middle,
        running_plant(
            folder,
            url or f"sqlite:///{folder}/main.db",
            redis,
            JOBBRUECKE_NETWORK_JOBNETZWERK_URL=middle.server.url,
            JOBBRUECKE_NETWORK_READ_SECONDS="1",
        ) as plant,
    ):
        middle.sandbox = plant.sandbox
        yield plant, middle


@pytest.mark.matrix
def test_every_trouble_at_a_commit_through_real_workers(stand: tuple[Plant, Middle]) -> None:
    plant, middle = stand
    named = {name: it for name, it in TROUBLES.items() if it.manners and not it.tls}
    first = plant.tenant()  # whose receipt somebody else gets
    go(first)
    plant.wait_for_end(first)
    bridges: dict[str, Bridge] = {}
    for name, trouble in named.items():
        for heard in (False, True) if trouble.unknown else (False,):
            bridge = bridges[f"{name}, {'heard' if heard else 'unheard'}"] = plant.tenant()
            assert trouble.manners is not None
            middle.misbehave(token_of(bridge), "commitDelivery", trouble.manners(middle), taken_in=heard)
    tokens = [token_of(bridge) for bridge in bridges.values()]
    go(*bridges.values())
    plant.wait_until(lambda: all(middle.met(token) for token in tokens), seconds=300)
    other = plant.tenant()
    go(other)
    plant.wait_for_end(other)
    assert_done_once(other)
    middle.behave()
    took = plant.wait_for_end(*bridges.values(), seconds=150)
    print(f"\n{len(bridges)} tenants in trouble: all ended {took:.0f} s after it")
    ended = [it for name, it in bridges.items() if TROUBLES[name.rpartition(",")[0]].ends_it]
    for bridge in ended:
        scope_to(bridge.tenant_id)
        assert bridge.newest().state is DeliveryState.FAILED
    go(*ended)
    plant.wait_for_end(*ended, seconds=150)
    for bridge in bridges.values():
        assert_done_once(bridge, failed=bridge in ended)


@pytest.mark.matrix
def test_nobody_let_in_for_a_while_through_real_workers(stand: tuple[Plant, Middle]) -> None:
    plant, middle = stand
    bridges = [plant.tenant() for _ in range(4)]
    middle.refuse()
    go(*bridges)
    plant.wait_until(lambda: all(failures(bridge) > 1 for bridge in bridges))
    middle.behave()
    took = plant.wait_for_end(*bridges)
    print(f"\nconnections refused: all done {took:.0f} s after it")
    for bridge in bridges:
        assert_done_once(bridge)


def failures(bridge: Bridge) -> int:
    scope_to(bridge.tenant_id)
    found = bridge.connection.failures
    commit()
    return found
