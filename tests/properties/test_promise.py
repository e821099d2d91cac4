"""Whatever is done and whatever breaks, in any order: the promise holds (docs/reliability.md)."""

from __future__ import annotations

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.machine import machine
from tests.properties.scenario import EXAMPLES, story
from tests.properties.world import World

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("examples", [3, pytest.param(12, marks=pytest.mark.thorough)])
def test_the_promise_holds_on_sqlite(world: World, examples: int) -> None:
    run_state_machine_as_test(machine(world), settings=story(EXAMPLES or examples))


@pytest.mark.postgres
@pytest.mark.thorough
def test_the_promise_holds_on_postgres(postgres_world: World) -> None:
    run_state_machine_as_test(machine(postgres_world), settings=story(EXAMPLES or 3))
