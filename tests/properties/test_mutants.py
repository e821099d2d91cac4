"""The machine finds what was broken on purpose; a test that finds nothing proves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.conftest import world_on
from tests.properties.machine import focused
from tests.properties.model import Violation
from tests.properties.mutants import MUTANTS, Mutant
from tests.properties.scenario import story
from tests.properties.world import World
from tests.support.services import RedisServer

SAMPLE = [it for it in MUTANTS if it.name in ("a change is not noticed", "the fence is ignored")]
"""Those of the ordinary run, which are found soon."""
EXAMPLES = 15
"""At most so many; the first that finds it is the last."""


@pytest.fixture(scope="module")
def shared_world(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("mutants")
    path = folder / "test.db"
    path.write_bytes(sqlite_template.read_bytes())
    with world_on(f"sqlite:///{path}", folder, redis_server) as world:
        yield world


@pytest.mark.slow
@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(
            mutant,
            marks=() if mutant in SAMPLE else pytest.mark.thorough,
            id=mutant.name.replace(" ", "-"),
        )
        for mutant in MUTANTS
    ],
)
def test_it_is_found(shared_world: World, mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant.put_in(monkeypatch)
    story_of_it = focused(shared_world, mutant.rules, mutant.before)
    with pytest.raises(Violation, match=mutant.said):
        run_state_machine_as_test(story_of_it, settings=story(EXAMPLES, steps=8, shrink=False))
