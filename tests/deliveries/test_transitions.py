"""States of a delivery change by the table of transitions alone, and the documents show no other way."""

from __future__ import annotations

import ast
import re

import pytest

from portal.core.database import commit, utcnow
from portal.core.paths import ROOT
from portal.deliveries import transitions
from portal.deliveries.transitions import Transition, move
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import ENDED, DeliveryState
from tests.support.bridge import Bridge

TABLE = {name: it for name, it in vars(transitions).items() if isinstance(it, Transition)}
WAYS = {(source, it.target) for it in TABLE.values() for source in it.sources}


def test_each_state_but_the_first_is_reached_and_each_but_an_end_is_left() -> None:
    assert {target for _, target in WAYS} == set(DeliveryState)
    assert {source for source, _ in WAYS} >= set(DeliveryState) - ENDED


def test_what_has_ended_is_read_again_at_most() -> None:
    assert {way for way in WAYS if way[0] in ENDED} == {(DeliveryState.COMPLETE, DeliveryState.COMMITTED)}


def test_columns_of_the_table_are_those_of_a_delivery() -> None:
    columns = set(Delivery.__table__.columns.keys())
    for name, it in TABLE.items():
        assert {*it.stamps, *it.values} <= columns, name
        assert not set(it.stamps) & set(it.values), name


def test_the_diagram_shows_ways_that_there_are() -> None:
    drawn = re.findall(r"^    (\w+) --> (\w+)", (ROOT / "docs/domain.md").read_text(), flags=re.MULTILINE)
    states = {it.value: it for it in DeliveryState}
    assert {(states[one], states[other]) for one, other in drawn if other in states} <= WAYS
    assert {name for way in drawn for name in way} == set(states)


def test_no_other_code_sets_the_state() -> None:
    for path in (ROOT / "portal").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Assign) and "DeliveryState." in ast.unparse(node.value):
                targets = " ".join(ast.unparse(it) for it in node.targets)
                assert ".state" not in targets, f"{path}:{node.lineno}"


@pytest.mark.sampled(8)
@pytest.mark.conformance
@pytest.mark.parametrize("name", TABLE)
def test_a_transition_moves_from_its_states_and_from_no_other(bridge: Bridge, name: str) -> None:
    bridge.person("1")
    bridge.release("1")
    delivery, it, now = bridge.plan(), TABLE[name], utcnow()
    for state in DeliveryState:
        delivery.state, delivery.fence = state, 5
        commit()
        moved = move(delivery, it, now, problem_detail="said")
        commit()
        assert moved is (state in it.sources)
        assert delivery.state is (it.target if moved else state)
        if moved:
            assert {stamp: getattr(delivery, stamp) for stamp in it.stamps} == dict.fromkeys(it.stamps, now)
            assert {key: getattr(delivery, key) for key in it.values} == dict(it.values)
            assert (delivery.problem_detail, delivery.fence) == ("said", 5 + it.fences_off)
            delivery.problem_detail = None
