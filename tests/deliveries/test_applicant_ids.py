"""Bewerber-IDs that move from one participant to another within one page of answers."""

from __future__ import annotations

import pytest

from portal.core.database import commit, db, utcnow
from portal.deliveries.applying import apply_items
from portal.domain.releases import Event
from portal.networks.protocol.contract import Acknowledgement
from tests.support.bridge import Bridge, hold_answers
from tests.support.statements import questions

pytestmark = pytest.mark.conformance


def answers(**applicant_ids: str) -> list[Acknowledgement]:
    """Everybody is active, in this order, each with a Bewerber-ID."""
    common = {"subject": "participant", "outcome": "active", "at": utcnow()}
    return [
        Acknowledgement.model_validate(common | {"id": name.removeprefix("p"), "applicant_id": applicant_id})
        for name, applicant_id in applicant_ids.items()
    ]


def deliver(bridge: Bridge, sequence: int, page: list[Acknowledgement]) -> None:
    """Deliver everybody, and let this page be all that the network answers."""
    hold_answers(bridge, sequence)
    delivery = bridge.again(bridge.deliver())
    apply_items(delivery, page, utcnow())
    commit()


def ids(bridge: Bridge) -> list[str | None]:
    found = [bridge.registration(number) for number in "123"]
    return [it.applicant_id if it else None for it in found]


def test_one_that_was_let_go_is_free_for_the_next(bridge: Bridge) -> None:
    for number in "123":
        bridge.person(number)
    bridge.release("1", "2", "3")
    deliver(bridge, 1, answers(p1="A", p2="B"))
    bridge.person("1", first_name="Anders")
    bridge.person("2", first_name="Anders")
    deliver(bridge, 2, answers(p3="A", p1="C", p2="A"))
    assert ids(bridge)[:2] == ["C", "A"]
    assert Event.APPLICANT_ID_TAKEN in bridge.events("3"), "it was still the other one's"
    assert Event.APPLICANT_ID_CHANGED in bridge.events("1")
    assert Event.APPLICANT_ID_CHANGED in bridge.events("2")


def test_the_same_for_two_goes_to_the_first(bridge: Bridge) -> None:
    for number in "12":
        bridge.person(number)
    bridge.release("1", "2")
    deliver(bridge, 1, answers(p1="A", p2="A"))
    first, second = bridge.registration("1"), bridge.registration("2")
    assert first and second and (first.applicant_id, first.clarification) == ("A", None)
    assert Event.APPLICANT_ID_TAKEN in bridge.events("2")


@pytest.mark.parametrize("people", [3, 12])
def test_the_number_of_statements_does_not_grow_with_the_page(bridge: Bridge, people: int) -> None:
    names = [str(number) for number in range(people)]
    for name in names:
        bridge.person(name)
    bridge.release(*names)
    hold_answers(bridge, 1)
    delivery = bridge.again(bridge.deliver())
    page = answers(**{f"p{name}": f"A{name}" for name in names})
    db.session.rollback()
    with questions() as asked:
        assert apply_items(delivery, page, utcnow()) == people
    assert len(asked) <= 9, "\n".join(it[:90] for it in asked)
    commit()
