"""Released people whom the network archived because it does not know the mediator: said, counted, and what ends it."""

from __future__ import annotations

import pytest

from portal.core.database import EVERY_TENANT, scoped_to, utcnow
from portal.domain.rules.phase import Phase
from portal.domain.rules.status import Status
from portal.notices.facts import find_facts
from portal.releases.causes import causes
from portal.releases.filters import Filters
from portal.releases.queries import count_all, list_participants
from portal.tenants.context import load_tenant_context
from tests.support.bridge import Bridge, hold_answers


@pytest.fixture
def archived(bridge: Bridge) -> Bridge:
    """Person 1 is archived for want of mediator 7; person 2 is online with mediator 8."""
    bridge.sandbox.set_mediator(bridge.provider, "7", False)
    known = bridge.mediator("8", "KK")
    for number in ("1", "2"):
        bridge.person(number)
        bridge.release(number)
    bridge.choose_mediator("2", known)
    bridge.deliver()
    bridge.hasten()
    return bridge


def actions(bridge: Bridge) -> list[str]:
    """Who needs somebody to act, and is counted."""
    context = load_tenant_context(bridge.tenant_id, utcnow())
    rows = list_participants(context, Filters(needs_action=True)).rows
    assert count_all(context).needing_action == len(rows)
    return [row.participant.number for row in rows]


def test_it_is_a_phase_a_cause_and_something_to_do(archived: Bridge) -> None:
    person = archived.see("1")
    assert (person.status, person.phase) == (Status.ONLINE_ARCHIVED, Phase.MEDIATOR_UNKNOWN)
    assert person.since is not None
    assert actions(archived) == ["1"]
    found = {
        it.cause: it for it in causes(load_tenant_context(archived.tenant_id, utcnow()), Filters()).counts
    }
    cause = found[Phase.MEDIATOR_UNKNOWN]
    assert cause.people == 1
    assert [(it.mediator.number, it.people) for it in cause.mediators] == [("7", 1)]
    with scoped_to(EVERY_TENANT):
        (facts,) = find_facts(utcnow()).connections
    assert facts.unknown_mediators == {"7": 1}


def test_being_sent_again_every_night_is_one_wait(archived: Bridge) -> None:
    since = archived.see("1").since
    for night in (2, 3, 4):
        rule = hold_answers(archived, night)
        archived.deliver()
        assert archived.phase("1") is Phase.MEDIATOR_UNKNOWN, "while its answer is awaited, too"
        archived.sandbox.behave(rule)
        archived.hasten()
        assert (archived.phase("1"), archived.see("1").since) == (Phase.MEDIATOR_UNKNOWN, since)


def test_choosing_a_mediator_whom_the_network_knows_ends_it(archived: Bridge) -> None:
    known = archived.see("2").mediator
    assert known is not None
    archived.choose_mediator("1", known.id)
    assert archived.phase("1") is Phase.SCHEDULED
    assert actions(archived) == []
    rule = hold_answers(archived, 2)
    archived.deliver("1")
    assert archived.phase("1") is Phase.SENT, "the old answer says nothing of the new mediator"
    archived.sandbox.behave(rule)
    archived.hasten()
    assert (archived.status("1"), archived.phase("1")) == (Status.ONLINE, Phase.CURRENT)
    assert archived.registration("1").stuck_since is None


def test_choosing_another_whom_it_does_not_know_either_does_not(archived: Bridge) -> None:
    archived.sandbox.set_mediator(archived.provider, "9", False)
    other = archived.mediator("9", "NN")
    archived.person("3")
    archived.release("3")
    archived.choose_mediator("3", other)
    archived.deliver("3")
    archived.hasten()
    archived.choose_mediator("1", other)
    assert archived.phase("1") is Phase.MEDIATOR_UNKNOWN
    assert actions(archived) == ["1", "3"]


def test_once_somebody_created_the_mediator_the_next_transfer_is_enough(archived: Bridge) -> None:
    """Another person's answer tells that the network knows them by now: nothing is to be done for this one."""
    archived.sandbox.set_mediator(archived.provider, "7", True)
    archived.person("4")
    archived.release("4")
    archived.deliver("4")
    archived.hasten()
    assert archived.phase("1") is Phase.SCHEDULED
    assert actions(archived) == []
    archived.deliver()
    archived.hasten()
    assert (archived.status("1"), archived.phase("1")) == (Status.ONLINE, Phase.CURRENT)


def test_revoking_leaves_nothing_to_do(archived: Bridge) -> None:
    archived.revoke("1")
    assert archived.phase("1") is Phase.WITHDRAWAL_SCHEDULED
    assert actions(archived) == []
    with scoped_to(EVERY_TENANT):
        (facts,) = find_facts(utcnow()).connections
    assert facts.unknown_mediators == {}
