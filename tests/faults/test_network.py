"""Row: the network refuses connections, breaks them, says nothing or rubbish, refuses, answers in every wrong way.

The worker's own code over real HTTP and at travelled time; the network is a sandbox behind a server without manners.
The same through real processes is in `test_network_processes.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
import time_machine
from flask import current_app

from portal.core.database import commit, scope_to, utcnow
from portal.deliveries.queries import attempts
from portal.domain.accounts import Role
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import AWAITING, DeliveryProblem, DeliveryState
from portal.domain.rules.phase import Phase
from portal.domain.rules.status import Status
from portal.networks.protocol import client as network
from portal.webkit.labels import LABELS
from tests.faults.network_faults import RARE, TROUBLES, Trouble
from tests.faults.two_tenants import Stand, plan, standing, token_of
from tests.support.bridge import Bridge
from tests.support.clock import today
from tests.support.factories import make_account
from tests.support.invariants import assert_done_once, assert_promise
from tests.support.pages import Browser
from tests.support.rude_server import make_certificate
from tests.support.sandbox import SandboxServer
from tests.support.services import RedisServer


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is over sooner than the whole answer, as in production."""
    monkeypatch.setattr(network, "STALL_SECONDS", 0.25)


@pytest.fixture
def plain_stand(
    sqlite_url: str, tmp_path: Path, sandbox: SandboxServer, redis_server: RedisServer
) -> Iterator[Stand]:
    with standing(sqlite_url, tmp_path, sandbox, redis_server) as stand:
        yield stand


@pytest.fixture
def stand(
    request: pytest.FixtureRequest, tmp_path: Path, sandbox: SandboxServer, redis_server: RedisServer
) -> Iterator[Stand]:
    """Both tenants at one network, unless nobody is let in there."""
    params = request.node.callspec.params
    url, trouble = request.getfixturevalue(f"{params['database']}_url"), TROUBLES[params["name"]]
    certificate = make_certificate(tmp_path) if trouble.tls else None
    apart = trouble.before is not None
    with standing(url, tmp_path, sandbox, redis_server, apart=apart, certificate=certificate) as stand:
        yield stand


def assert_explained(bridge: Bridge, delivery: Delivery, trouble: Trouble, operation: str) -> None:
    """By the attempt, the delivery and the page; and nothing is said that is not proven."""
    scope_to(bridge.tenant_id)
    found = bridge.again(delivery)
    unknown = operation == "commitDelivery" and trouble.unknown
    failed = trouble.ends_it and operation != "readAcknowledgements"
    newest = next(it for it in attempts(delivery.id) if it.call.startswith(operation))
    assert newest.problem in trouble.words
    assert trouble.status in (None, newest.http_status)
    expected = {DeliveryState.FAILED} if failed else {DeliveryState.SENDING, *AWAITING}
    assert (found.state in expected, found.problem, found.outcome_unknown) == (True, trouble.problem, unknown)
    if not failed and operation != "readAcknowledgements":
        assert bridge.phase("1") is (Phase.OUTCOME_UNKNOWN if unknown else Phase.TRANSFERRING)
    assert bridge.status("1") is Status.OFFLINE
    said = LABELS[DeliveryProblem][trouble.problem].text
    commit()
    assert str(said) in page_of(bridge, found.sequence)


def page_of(bridge: Bridge, sequence: int) -> str:
    """What a supervisor of the tenant reads about the delivery."""
    scope_to(bridge.tenant_id)
    make_account(f"supervisor-{bridge.tenant_id}", Role.SUPERVISOR, bridge.tenant_id)
    commit()
    browser = Browser(current_app._get_current_object())  # type: ignore[attr-defined]
    browser.sign_in(f"supervisor-{bridge.tenant_id}@example.org")
    return browser.get(f"/deliveries/{sequence}").text


def assert_over(bridge: Bridge, *, failed: bool = False) -> None:
    assert_done_once(bridge, failed=failed)
    scope_to(bridge.tenant_id)
    assert (bridge.newest().problem, bridge.connection.problem) == (None, None), "nothing is said any more"
    commit()


# --- calls that go wrong -----------------------------------------------------------------------------------

CALLS = ("readAccount", "openDelivery", "putPart", "commitDelivery", "readAcknowledgements")
BESIDE = {("500", "readAcknowledgements"), ("200 with a page", "putPart")}
"""In the ordinary run beside the commits, unheard."""


def cases() -> Iterator[object]:
    """Each element at each call, heard by the network and unheard.

    At a commit it matters most: in the ordinary run it is that, heard where it may be, and SQLite alone, since what
    is decided here does not depend on the database.
    """
    for database, (name, trouble), call in product(("sqlite", "postgres"), TROUBLES.items(), CALLS):
        at_commit = call == "commitDelivery"
        if name == "another tenant's receipt" and not at_commit:
            continue
        both = trouble.unknown and trouble.manners and call not in ("readAccount", "readAcknowledgements")
        for heard in (True, False) if both else (False,):
            chosen = (at_commit and name not in RARE and heard is bool(both)) or (
                (name, call) in BESIDE and not heard
            )
            ordinary = database == "sqlite" and chosen
            marks = [] if ordinary else [pytest.mark.matrix]
            marks += [pytest.mark.postgres] if database == "postgres" else []
            words = (database, name, call, "heard" if heard else "unheard")
            yield pytest.param(database, name, call, heard, marks=marks, id="-".join(words))


@pytest.mark.sampled(8)
@pytest.mark.parametrize(("database", "name", "call", "heard"), list(cases()))
def test_it_is_explained_bounded_and_over_within_90_seconds_of_its_end(
    stand: Stand, database: str, name: str, call: str, heard: bool
) -> None:
    trouble, victim, other = TROUBLES[name], stand.victim, stand.other
    stand.release()
    with time_machine.travel(utcnow()) as clock:
        with stand.misbehaving(trouble, call, taken_in=heard):
            plan(other)
            delivery = plan(victim)
            stand.pass_time(clock, 0, 11, 11)
            if call == "putPart" and heard:
                assert_over(victim)  # asked again, the network says that it has the part
            else:
                assert_explained(victim, delivery, trouble, call)
            assert_over(other)
            if trouble.manners:
                token = token_of(victim)
                assert 1 <= stand.middle.met(token) <= (1 if trouble.ends_it else 3), (
                    "tried, and ever more rarely"
                )
        stand.pass_time(clock, 30, 35, 10, 10)
        if trouble.ends_it and call != "readAcknowledgements":
            assert len(stand.victim.sandbox.deliveries(victim.provider)) <= 1, "nobody tried again"
            plan(victim)
            stand.pass_time(clock, 0, 10)
        assert_over(victim, failed=trouble.ends_it)


@pytest.mark.parametrize("heard", [True, False])
def test_nothing_is_given_up_by_the_page_of_something_between(plain_stand: Stand, heard: bool) -> None:
    """The commit may count, somebody in it has lost her consent, and a page answers the question to give it up."""
    stand, victim = plain_stand, plain_stand.victim
    stand.release("1", "2")
    with time_machine.travel(utcnow()) as clock:
        with stand.misbehaving(TROUBLES["504"], "commitDelivery", taken_in=heard):
            delivery = plan(victim)
            stand.pass_time(clock, 0)
        victim.person("2", consent_withdrawn_on=today() - dt.timedelta(days=1))
        with stand.misbehaving(TROUBLES["200 with a page"], "abandonDelivery", taken_in=False):
            stand.pass_time(clock, 11)
            found = victim.again(delivery)
            said = (found.state, found.problem, found.outcome_unknown)
            assert said == (DeliveryState.SENDING, DeliveryProblem.GARBLED, True)
            assert stand.middle.met(token_of(victim)) == 2, "the commit, and the question"
        stand.pass_time(clock, 30, 35)
        stand.night.sweep()  # what counts by now is withdrawn at once
        stand.pass_time(clock, 10, 10)
        assert victim.again(delivery).state is (DeliveryState.COMPLETE if heard else DeliveryState.DISCARDED)
        assert_promise(victim)
        held = victim.held("2")
        assert (held and held["state"]) == ("archived" if heard else None)


@pytest.mark.parametrize("name", ["403 of a wall", "499 of a wall"])
def test_nobody_stays_behind_a_page_that_hid_the_receipt(plain_stand: Stand, name: str) -> None:
    """The network takes the commit in, a page of something between says no, and everybody is revoked meanwhile."""
    stand, victim = plain_stand, plain_stand.victim
    stand.release("1", "2")
    with time_machine.travel(utcnow()) as clock:
        with stand.misbehaving(TROUBLES[name], "commitDelivery", taken_in=True):
            delivery = plan(victim)
            stand.pass_time(clock, 0)
        assert victim.again(delivery).outcome_unknown
        scope_to(victim.tenant_id)
        victim.revoke("1", "2")
        stand.pass_time(clock, 11, 30, 35, 10)
        scope_to(victim.tenant_id)
        assert victim.again(delivery).state is DeliveryState.COMPLETE
        plan(victim)
        stand.pass_time(clock, 0, 10, 10)
        assert [victim.held(number)["state"] for number in ("1", "2")] == ["archived", "archived"]  # type: ignore[index]
        assert_promise(victim)
