"""Row: answers late, twice, reordered, contradictory, about strangers, never; `complete` with answers missing.

What each moves is held by `tests/histories/test_order_of_answers.py`; here that the promise holds afterwards, and that
nobody else is troubled.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import time_machine

from portal.core.database import commit, scope_to
from portal.deliveries.queries import odd_answers
from portal.deliveries.strangers import hide
from portal.domain.delivery_states import AWAITING
from portal.domain.rules.phase import Phase
from portal.domain.rules.status import Status
from tests.faults.conftest import SAMPLED
from tests.faults.two_tenants import Stand, plan, standing
from tests.support.bridge import Bridge
from tests.support.invariants import DONE_ONCE, assert_promise
from tests.support.sandbox import SandboxServer
from tests.support.services import RedisServer

NOBODY = "the digest of nobody"
MONDAY = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Answers:
    """A misbehaviour of the sandbox, and what is to be seen of person 1 meanwhile."""

    kind: str
    phase: Phase
    status: Status = Status.ONLINE
    odd: frozenset[tuple[str, str]] = frozenset()
    """Kind and number of the answers that are recorded and move nothing."""
    settled_by_next: bool = False
    """Whether only the next delivery's answer makes it well."""
    more: dict[str, Any] = field(default_factory=dict)


WAYS = {
    "late": Answers("answers-held", Phase.SENT, Status.OFFLINE),
    "twice": Answers("answers-doubled", Phase.CURRENT),
    "reordered": Answers("answers-reordered", Phase.CURRENT),
    "contradictory": Answers(
        "answers-contradictory",
        Phase.CLARIFICATION,
        odd=frozenset({("contradictory", "1"), ("contradictory", "2")}),
        settled_by_next=True,
    ),
    "about strangers": Answers(
        "answers-foreign", Phase.CURRENT, odd=frozenset({("stranger", NOBODY)}), more={"ids": ["nobody"]}
    ),
    "complete with answers missing": Answers(
        "answers-complete-early", Phase.CLARIFICATION, Status.OFFLINE, settled_by_next=True
    ),
}


@pytest.fixture(params=SAMPLED)
def database_url(request: pytest.FixtureRequest) -> str:
    """PostgreSQL in the matrix alone: `tests/histories` has every way on both."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def stand(
    database_url: str, tmp_path: Path, sandbox: SandboxServer, redis_server: RedisServer
) -> Iterator[Stand]:
    with standing(database_url, tmp_path, sandbox, redis_server) as stand:
        stand.release("1", "2")
        yield stand


def assert_well(bridge: Bridge) -> None:
    scope_to(bridge.tenant_id)
    for number in "12":
        assert (bridge.status(number), bridge.phase(number)) == (Status.ONLINE, Phase.CURRENT)
    commit()


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", WAYS)
def test_what_is_not_proven_is_not_said_and_the_promise_holds_afterwards(stand: Stand, name: str) -> None:
    way, victim = WAYS[name], stand.victim
    with time_machine.travel(MONDAY) as clock:
        victim.sandbox.misbehave(way.kind, provider_id=victim.provider, **way.more)
        delivery = plan(victim)
        plan(stand.other)
        stand.pass_time(clock, 0, 6)
        assert (victim.status("1"), victim.phase("1")) == (way.status, way.phase)
        nobody = hide(victim.tenant_id, "nobody")
        odd = {(it.kind, NOBODY if it.number == nobody else it.number) for it in odd_answers(delivery.id)}
        assert odd == way.odd
        commit()
        assert_well(stand.other)
        assert_promise(stand.other)
        victim.sandbox.behave()
        stand.pass_time(clock, 45, 45)
        if way.settled_by_next:
            assert_promise_of_what_was_told(victim)
            plan(victim)
            stand.pass_time(clock, 0, 6)
        assert_well(victim)
        assert_promise(victim)
        if not way.settled_by_next:
            assert victim.events("1") == DONE_ONCE
        commit()


def assert_promise_of_what_was_told(bridge: Bridge) -> None:
    """The delivery is finished though an answer is not, and a person can see to it."""
    scope_to(bridge.tenant_id)
    assert bridge.newest().next_step_at is None
    assert bridge.registration("1").clarification is not None
    commit()


def test_answers_that_never_come_are_waited_for_and_told_by_working_days(stand: Stand) -> None:
    """The delivery waits for what can still come; the next one is answered, and moves on."""
    victim, other = stand.victim, stand.other
    with time_machine.travel(MONDAY) as clock:
        rule = victim.sandbox.misbehave("answers-lost", provider_id=victim.provider, sequence=1)
        delivery = plan(victim)
        plan(other)
        stand.pass_time(clock, 0, 6)
        phases = [victim.phase("1")]
        for _ in range(3):
            stand.pass_time(clock, 24 * 3600)
            phases.append(victim.phase("1"))
        assert phases == [Phase.SENT, Phase.SENT, Phase.OVERDUE, Phase.CLARIFICATION]
        assert victim.status("1") is Status.OFFLINE, "nothing is proven"
        commit()
        assert_well(other)
        assert_promise(victim, awaiting={1})
        victim.sandbox.behave(rule)
        plan(victim)
        stand.pass_time(clock, 0, 6)
        assert_well(victim)
        assert victim.again(delivery).state in AWAITING
        assert_promise(victim, awaiting={1})
