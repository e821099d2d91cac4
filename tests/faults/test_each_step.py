"""Row: killed (`kill -9`) around every commit there is, each in a story that leads there; then somebody goes on.

Processes are forked, so that hundreds of deaths take minutes; `test_killed.py` has the same for real workers with Redis
between them. The ordinary run has one death of some stories, the matrix all.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask, current_app
from sqlalchemy import update

from portal.core.database import commit, db, scope_to, utcnow
from portal.deliveries import jobs as steps
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryProblem, DeliveryState
from portal.domain.rules.status import Status
from tests.faults.background_scenarios import CHORES
from tests.faults.conftest import SAMPLED, around
from tests.faults.deliveries import DELIVERIES
from tests.faults.scenario import Meanwhile, Outside, Story
from tests.faults.write_actions import ACTS
from tests.notices.conftest import mail_settings
from tests.support import failpoints
from tests.support.bridge import Bridge, build_bridge
from tests.support.database import make_settings, running_app
from tests.support.mail_server import running_mail_server
from tests.support.proxy import Middle
from tests.support.sandbox import SandboxServer

SEED = 20261125
STORIES = DELIVERIES | CHORES
"""Together their steps, and those of `write_actions.py`, are all that there are."""
SAMPLE = {"a delivery", "a commit is lost, and consent then", "an import", "an erasure", "a mail"}
"""Of these one death is in the ordinary run."""
ACTS_OF_SAMPLE = {
    ("releases.views.done", "after"),
    ("api.views._start", "before"),
    ("bulk.views.start", "after"),
}


@pytest.fixture(params=SAMPLED)
def database_url(request: pytest.FixtureRequest) -> str:
    """PostgreSQL in the matrix alone."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def outside(sandbox: SandboxServer) -> Iterator[Outside]:
    with Middle(sandbox) as middle, running_mail_server() as mail:
        yield Outside(middle, mail)


@pytest.fixture
def app(database_url: str, tmp_path: Path, outside: Outside) -> Iterator[Flask]:
    """Leases are over at once, so that whoever comes next takes over from the dead."""
    url = outside.middle.server.url
    more = mail_settings(outside.mail.port, network_jobnetzwerk_url=url, network_job4you_url=url)
    settings = make_settings(database_url, tmp_path, **more)
    with running_app(settings.model_copy(update={"lease_seconds": 0})) as app:
        yield app


class Death:
    """Kills at this failpoint; else what happens meanwhile happens, once."""

    def __init__(self, meanwhile: Meanwhile, bridge: Bridge, point: str | None) -> None:
        self._meanwhile, self._bridge, self._point = dict(meanwhile), bridge, point

    def __call__(self, point: str) -> None:
        if point == self._point:
            os.kill(os.getpid(), signal.SIGKILL)
        happens = self._meanwhile.pop(point, None)
        if happens:
            with current_app._get_current_object().app_context():  # type: ignore[attr-defined]
                scope_to(self._bridge.tenant_id)
                happens(self._bridge)
                db.session.remove()


def in_a_process(bridge: Bridge, go: Callable[[], object], reached: Callable[[str], None]) -> int:
    """Do it in a process of its own; its exit code."""
    db.session.remove()
    db.engine.dispose()  # nothing is shared across the fork
    child = os.fork()
    if not child:
        try:
            scope_to(bridge.tenant_id)
            with failpoints.armed(reached):
                go()
            db.session.remove()
            db.engine.dispose()
            os._exit(0)
        finally:
            os._exit(1)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    scope_to(bridge.tenant_id)
    return ended


def points(story: Story) -> list[str]:
    return [f"{step}.{side}" for step in story.steps for side in ("before", "after")]


def cases() -> Iterator[object]:
    for name, story in STORIES.items():
        sample = random.Random(f"{SEED}{name}").choice(points(story)) if name in SAMPLE else None
        for point in points(story):
            marks = () if point == sample else pytest.mark.matrix
            yield pytest.param(name, point, marks=marks, id=f"{name}-{point}")


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(("name", "point"), list(cases()))
def test_whoever_comes_after_the_dead_ends_it_once(
    sandbox: SandboxServer, outside: Outside, name: str, point: str
) -> None:
    story = STORIES[name]
    bridge = build_bridge(sandbox)
    go = story.begin(bridge, outside)
    assert in_a_process(bridge, go, Death(story.meanwhile, bridge, point)) == -signal.SIGKILL
    assert in_a_process(bridge, go, Death(story.meanwhile, bridge, None)) == 0
    story.check(bridge)
    if story.mails is not None:
        assert len({it["Message-ID"] for it in outside.mail.mails}) == story.mails


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(("step", "side"), around(ACTS, ACTS_OF_SAMPLE))
def test_what_somebody_set_off_is_done_or_not_and_can_be_done_again(
    sandbox: SandboxServer, step: str, side: str
) -> None:
    bridge = build_bridge(sandbox)
    act, is_done = ACTS[step](bridge)
    assert in_a_process(bridge, act, Death({}, bridge, f"{step}.{side}")) == -signal.SIGKILL
    assert bool(is_done()) is (side == "after")
    if side == "before":
        assert in_a_process(bridge, act, Death({}, bridge, None)) == 0
        assert is_done()


def killed_at_the_commit(bridge: Bridge, times: int) -> Delivery:
    """A delivery that the network has taken in, and whose job died of it so often."""
    bridge.person("1")
    bridge.release("1")
    delivery = bridge.plan()
    death = Death({}, bridge, "call.commitDelivery.after")
    for _ in range(times):
        assert in_a_process(bridge, bridge.work, death) == -signal.SIGKILL
    return delivery


def online_after(bridge: Bridge, delivery: Delivery) -> None:
    assert in_a_process(bridge, bridge.work, Death({}, bridge, None)) == 0
    bridge.hasten()
    assert bridge.again(delivery).state is DeliveryState.COMPLETE
    assert (bridge.status("1"), bridge.again(delivery).problem) == (Status.ONLINE, None)


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("deaths", [3, 4])
def test_what_may_count_is_tried_at_once_by_whoever_comes_after_the_dead(
    sandbox: SandboxServer, deaths: int
) -> None:
    bridge = build_bridge(sandbox)
    online_after(bridge, killed_at_the_commit(bridge, deaths))


@pytest.mark.usefixtures("app")
def test_once_and_then_by_the_hour_or_where_a_worker_is_started(sandbox: SandboxServer) -> None:
    bridge = build_bridge(sandbox)
    delivery = killed_at_the_commit(bridge, 5)
    alive, death = Death({}, bridge, None), Death({}, bridge, "call.commitDelivery.after")
    for waited in (False, True):
        assert in_a_process(bridge, bridge.work, alive) == 0
        found = bridge.again(delivery)
        assert (found.state, found.problem) == (DeliveryState.SENDING, DeliveryProblem.CRASHED)
        assert found.next_step_at is not None
        assert found.next_step_at > utcnow() + dt.timedelta(minutes=55), "it was put off, and not tried"
        if waited:
            steps.try_again_what_crashed(utcnow())
        else:
            db.session.execute(update(Delivery).values(next_step_at=utcnow()))
            commit()
        assert in_a_process(bridge, bridge.work, death) == -signal.SIGKILL, "one try"
    assert in_a_process(bridge, bridge.work, alive) == 0
    steps.try_again_what_crashed(utcnow())
    online_after(bridge, delivery)


def test_there_is_a_story_for_every_commit() -> None:
    announced = {step for story in STORIES.values() for step in story.steps} | set(ACTS)
    assert set(failpoints.all_commits()) ^ announced == set()
