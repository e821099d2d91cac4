"""Row: worker killed (`kill -9`) at every failpoint in turn, until a run gets through untouched.

Real workers, a real network; each tenant of a wave has one failpoint at which whoever works on it dies.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path

import pytest
from sqlalchemy import func, select

from portal.bulk.preview import preview
from portal.bulk.service import Chosen, choose
from portal.bulk.service import start as start_bulk
from portal.core.database import EVERY_TENANT, commit, db, reading, scope_to, utcnow
from portal.core.queue import enqueue_after_commit
from portal.domain.accounts import Account, Role
from portal.domain.actors import Actor
from portal.domain.bulk import BulkAction, BulkRun, BulkState
from portal.domain.delivery_states import DeliveryState
from portal.domain.imports import ENDED, ImportLine, ImportMode, ImportRun, ImportState
from portal.domain.releases import Event, ProtocolEntry, Registration
from portal.domain.rules.status import Status
from portal.releases.filters import Filters
from portal.tenants.context import load_tenant_context
from tests.faults.conftest import around
from tests.imports.exports import ALL, people, start
from tests.support import failpoints, forked
from tests.support.bridge import Bridge
from tests.support.database import settings_environment
from tests.support.factories import make_account
from tests.support.invariants import assert_done_once, assert_promise
from tests.support.processes import PATIENCE, Plant

pytestmark = [pytest.mark.processes, pytest.mark.slow]
SEED = 20261125
WAVE = 20
NAMED = (
    "call.commitDelivery.before 1",  # before sending
    "call.commitDelivery.after 1",  # the network took it in, and we have not stored the receipt
    "deliveries.sending.Sending.commit_delivery.before 1",  # between storing and commit
    "deliveries.sending.Sending.commit_delivery.after 1",
)


def patience(bridges: list[Bridge]) -> float:
    """Seconds for a whole wave, whose work is more than that of one tenant; machines may be busy."""
    return PATIENCE + 15 * len(bridges)


class Scenario:
    """Something that a worker does: how it begins, when it has ended, and what is true then."""

    def begin(self, plant: Plant) -> Bridge:
        """A tenant with everything ready; nothing begins before `go`."""
        return plant.tenant()

    def go(self, bridge: Bridge) -> None:
        scope_to(bridge.tenant_id)
        bridge.plan()

    def wait(self, plant: Plant, bridges: list[Bridge]) -> None:
        plant.wait_for_end(*bridges, seconds=patience(bridges))

    def check(self, bridge: Bridge) -> None:
        assert_done_once(bridge)


class Refused(Scenario):
    """The network refuses a record: the delivery is given up, and built anew without her."""

    def begin(self, plant: Plant) -> Bridge:
        bridge = plant.tenant("1", "2")
        plant.sandbox.force(bridge.provider, "2", "refused")
        return bridge

    def check(self, bridge: Bridge) -> None:
        super().check(bridge)
        assert bridge.status("2") is Status.OFFLINE
        assert bridge.events("2") == [Event.RELEASED, Event.RECORD_REFUSED]
        commit()


class Import(Scenario):
    def begin(self, plant: Plant) -> Bridge:
        return plant.tenant()

    def go(self, bridge: Bridge) -> None:
        import_id = start(bridge.tenant_id, ALL, ImportMode.DELTA)
        enqueue_after_commit(ImportRun, import_id)
        commit()

    def wait(self, plant: Plant, bridges: list[Bridge]) -> None:
        numbers = [it.tenant_id for it in bridges]
        query = select(func.count()).where(
            ImportRun.tenant_id.in_(numbers), ImportRun.state.in_(ENDED), ImportRun.emptied_at.is_not(None)
        )
        plant.wait_until(lambda: number_of(query) == len(bridges), patience(bridges))

    def check(self, bridge: Bridge) -> None:
        scope_to(bridge.tenant_id)
        run = db.session.query(ImportRun).populate_existing().one()
        assert (run.state, run.problem) == (ImportState.DONE, None)
        assert set(people(bridge.tenant_id)) == {"1", "T1", "T2", "T3"}
        assert db.session.query(ImportLine).count() == 0, "nothing is left of what was staged"


class Bulk(Scenario):
    """Somebody releases everybody."""

    def begin(self, plant: Plant) -> Bridge:
        bridge = plant.tenant()
        for number in "234":
            bridge.person(number)
        return bridge

    def go(self, bridge: Bridge) -> None:
        scope_to(bridge.tenant_id)
        make_account(f"caseworker-{bridge.tenant_id}", Role.CASEWORKER, bridge.tenant_id)
        account = db.session.query(Account).one()
        actor, now = Actor(account.initials, account.id), utcnow()
        context = load_tenant_context(bridge.tenant_id, now)
        run = choose(context, BulkAction.RELEASE, Chosen(None, Filters()), actor, now)
        start_bulk(run, context, preview(context, run).digest, set(), actor, now)
        enqueue_after_commit(BulkRun, run.id)
        commit()

    def wait(self, plant: Plant, bridges: list[Bridge]) -> None:
        numbers = [it.tenant_id for it in bridges]
        query = select(func.count()).where(BulkRun.tenant_id.in_(numbers), BulkRun.state == BulkState.DONE)
        plant.wait_until(lambda: number_of(query) == len(bridges), patience(bridges))

    def check(self, bridge: Bridge) -> None:
        scope_to(bridge.tenant_id)
        released = select(func.count()).where(Registration.released)
        entries = select(func.count()).where(ProtocolEntry.event == Event.RELEASED)
        assert (db.session.scalar(released), db.session.scalar(entries)) == (4, 4)
        commit()


POINTS = {"delivery": 50, "refused": 50, "import": 40, "bulk": 4}
"""So many failpoints are reached at least."""
SCENARIOS = {"delivery": Scenario(), "refused": Refused(), "import": Import(), "bulk": Bulk()}


def number_of(query: object) -> int:
    scope_to(EVERY_TENANT)
    with reading():
        found: int = db.session.scalar(query)  # type: ignore[call-overload]
        commit()
    return found


def kill_at(plant: Plant, scenario: Scenario, plans: list[str]) -> list[Bridge]:
    """A tenant for each plan, all at once; afterwards everything is as if nobody had died."""
    bridges = []
    for plan in plans:
        bridge = scenario.begin(plant)
        plant.let_die(bridge, plan)
        bridges.append(bridge)
    for bridge in bridges:
        scenario.go(bridge)
    scenario.wait(plant, bridges)
    for bridge in bridges:
        scenario.check(bridge)
    return bridges


def sampled() -> Iterator[object]:
    """All scenarios on SQLite; on PostgreSQL the ordinary run has the delivery alone."""
    for name in SCENARIOS:
        yield pytest.param("sqlite", name)
        marks = [pytest.mark.postgres] + ([] if name == "delivery" else [pytest.mark.matrix])
        yield pytest.param("postgres", name, marks=marks)


@pytest.mark.parametrize(("database", "name"), list(sampled()))
def test_worker_killed_at_some_failpoints_is_resumed_with_one_effect(
    request: pytest.FixtureRequest, database: str, name: str
) -> None:
    """What the row names, and a seeded sample of all others."""
    plant: Plant = request.getfixturevalue(f"{database}_plant")
    scenario = SCENARIOS[name]
    sample = random.Random(f"{SEED}{name}").sample(range(1, POINTS[name] + 1), 4)
    plans = [*(NAMED if name == "delivery" else ()), *map(str, sample)]
    bridges = kill_at(plant, scenario, plans)
    assert all(plant.died(bridge) for bridge in bridges)


@pytest.mark.matrix
@pytest.mark.parametrize("name", SCENARIOS)
def test_worker_killed_at_every_failpoint_in_turn_until_a_run_goes_through_untouched(
    plant: Plant, name: str
) -> None:
    numbers, killed = map(str, count(1)), 0
    while True:
        wave = kill_at(plant, SCENARIOS[name], list(islice(numbers, WAVE)))
        died = [plant.died(bridge) is not None for bridge in wave]
        killed += sum(died)
        if not all(died):
            assert died == sorted(died, reverse=True), "every failpoint before the untouched run"
            break
    print(f"\n{name}: killed at {killed} failpoints")
    assert killed > 20 or name == "bulk"


COMMANDS: dict[str, tuple[list[str], Callable[[Bridge], object]]] = {
    "cli.releases.release": (["release", "--participant", "2"], lambda it: it.events("2")),
    "cli.deliveries.deliver": (["deliver"], lambda it: it.connection.last_sequence),
}


def is_done(bridge: Bridge, step: str) -> bool:
    scope_to(bridge.tenant_id)
    found = bool(COMMANDS[step][1](bridge))
    commit()  # the command wants to write
    return found


@pytest.mark.parametrize(
    ("step", "side"),
    around(COMMANDS, {("cli.releases.release", "after"), ("cli.deliveries.deliver", "before")}),
)
def test_a_command_killed_around_its_commit_has_done_it_or_not(
    sqlite_plant: Plant, tmp_path: Path, step: str, side: str
) -> None:
    """What was committed is carried out though nobody was told; what was not can be done again."""
    words, _ = COMMANDS[step]
    bridge = sqlite_plant.tenant()
    bridge.person("2")
    make_account(f"person-{step}-{side}", Role.SUPERVISOR, bridge.tenant_id)
    initials = db.session.query(Account).one().initials
    slug = bridge.tenant.slug
    commit()
    sqlite_plant.let_die(bridge, f"{step}.{side} 1")
    run(sqlite_plant, [*words, "--tenant", slug, "--by", initials])
    assert sqlite_plant.died(bridge) == f"{step}.{side}"
    assert is_done(bridge, step) is (side == "after")
    if side == "before":
        run(sqlite_plant, [*words, "--tenant", slug, "--by", initials])
        assert is_done(bridge, step)
    sqlite_plant.wait_for_end(bridge)
    assert_promise(bridge)


def run(plant: Plant, words: list[str]) -> None:
    environment = settings_environment(plant.settings) | failpoints.environment(plant.plans)
    forked.run(forked.JOBBRUECKE, words, cwd=plant.folder, env=environment, stdin="", seconds=120)


@pytest.mark.parametrize("side", ["before", "after"])
def test_cron_killed_while_it_plans_a_night_plans_it_once(sampled_plant: Plant, side: str) -> None:
    """Planning is nobody's job: the cron process dies, and the one started in its place goes on."""
    plant = sampled_plant
    bridge = plant.tenant()
    scope_to(EVERY_TENANT)
    with reading():
        commit()
    plant.let_die(None, f"worker.schedule._each.{side} 100000000")
    trace = plant.plans / "every.trace"
    reached = trace.read_text().split().count(f"worker.schedule._each.{side}") if trace.exists() else 0
    scope_to(bridge.tenant_id)
    bridge.tenant.next_transfer_at = utcnow()
    commit()
    plant.let_die(None, f"worker.schedule._each.{side} {reached + 3}")
    plant.wait_until(lambda: newest_state(bridge) is DeliveryState.COMPLETE)
    (plant.plans / "every").unlink()
    assert (plant.plans / "every.died").exists()
    assert_promise(bridge)
    scope_to(bridge.tenant_id)
    assert bridge.connection.last_sequence == 1
    commit()


def newest_state(bridge: Bridge) -> DeliveryState | None:
    scope_to(bridge.tenant_id)
    found = bridge.connection.last_sequence
    commit()
    return bridge.newest().state if found else None
