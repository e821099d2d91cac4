"""Rows about workers: stopped past their lease, orphaned, cut off with their parent, told to end, asked ten times."""

from __future__ import annotations

import datetime as dt
import os
import signal
from pathlib import Path

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from portal.core.database import commit, db, scope_to, utcnow
from portal.core.queue import QUEUE, function_of
from portal.deliveries.approval import approve
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryProblem, DeliveryState, Trigger
from tests.faults.two_tenants import plan
from tests.support.bridge import SUPERVISOR, Bridge
from tests.support.invariants import assert_done_once
from tests.support.processes import Plant, thaw

pytestmark = [pytest.mark.processes, pytest.mark.slow]


def stopped(plant: Plant) -> list[int]:
    """Jobs that have been stopped."""
    jobs = [child for worker in plant.workers for child in worker.children]
    return [it for it in jobs if Path(f"/proc/{it}/stat").read_text().rpartition(")")[2].split()[0] == "T"]


@pytest.mark.parametrize(
    "point", ["call.commitDelivery.before", "call.commitDelivery.after", "deliveries.sending.send.after"]
)
def test_worker_stopped_past_its_lease_then_continued_writes_nothing(plant: Plant, point: str) -> None:
    """The other worker takes over; the first goes on later, and finds that it is not its any more."""
    bridge = plant.tenant()
    plant.let_die(bridge, f"{point} 1 stop")
    delivery = plan(bridge)
    plant.wait_until(lambda: stopped(plant))
    (job,) = stopped(plant)
    plant.wait_for_end(bridge)
    assert_done_once(bridge)
    thaw(job)
    plant.wait_until(
        lambda: f'"claim_lost", "delivery": {delivery.id}' in plant.said() or "claim_lost" in plant.said()
    )
    assert_done_once(bridge)


@pytest.mark.thorough
def test_stopped_writer_keeps_others_waiting_and_nobody_fails(sqlite_plant: Plant) -> None:
    """Stopped while it holds the lock of the database."""
    plant = sqlite_plant
    bridge, others = plant.tenant(), [plant.tenant() for _ in range(3)]
    for one in others:
        plant.let_die(one, "100000")
    plant.let_die(bridge, "deliveries.sending.Sending.commit_delivery.before 1 stop")
    for one in (bridge, *others):
        plan(one)
    plant.wait_until(lambda: stopped(plant))
    for job in stopped(plant):
        os.kill(job, signal.SIGCONT)
    plant.wait_for_end(bridge, *others)
    for one in (bridge, *others):
        assert_done_once(one)
    assert "database is locked" not in plant.said()


def test_only_the_parent_killed_its_child_lives_on_and_a_second_worker_starts(sampled_plant: Plant) -> None:
    plant = sampled_plant
    bridge = plant.tenant()
    plant.sandbox.misbehave("delay", "commitDelivery", provider_id=bridge.provider, count=1, seconds=5)
    plan(bridge)
    plant.wait_for_call(bridge, "commitDelivery")
    for worker in plant.workers:
        worker.kill_alone()
    plant.wait_for_end(bridge)
    assert_done_once(bridge)


@pytest.mark.thorough
def test_whole_process_group_killed_as_by_a_power_cut_is_resumed_within_90_seconds(
    sampled_plant: Plant,
) -> None:
    plant = sampled_plant
    bridges = [plant.tenant() for _ in range(4)]
    points = (
        "deliveries.building._write.before 1",
        "deliveries.sending.Sending.open.before 1",
        "call.commitDelivery.after 1",
        "deliveries.answers.ask:2.before 1",
    )
    for bridge, point in zip(bridges, points, strict=True):
        plant.let_die(bridge, f"{point} power-cut")
        plan(bridge)
    plant.wait_until(lambda: all(plant.died(bridge) for bridge in bridges))
    plant.stop()
    for word in ("worker", "worker", "cron"):
        plant.start(word)
    took = plant.wait_for_end(*bridges)
    print(f"\nresumed after a power cut within {took:.0f} s")
    for bridge in bridges:
        assert_done_once(bridge)


@pytest.mark.parametrize("whom", ["the worker", "its job too"])
@pytest.mark.thorough
def test_stop_by_the_service_manager_while_sending_is_never_a_failure(
    sampled_plant: Plant, whom: str
) -> None:
    """systemd asks the worker to end (KillMode=mixed), or everybody in its group at once (control-group)."""
    plant = sampled_plant
    bridge = plant.tenant()
    plant.sandbox.misbehave("delay", "commitDelivery", provider_id=bridge.provider, count=1, seconds=2)
    delivery = plan(bridge)
    plant.wait_for_call(bridge, "commitDelivery")
    for worker in plant.workers:
        jobs = worker.children if whom == "its job too" else []
        for pid in (worker.pid, *jobs):
            os.kill(pid, signal.SIGTERM)
    plant.wait_for_end(bridge)
    assert bridge.again(delivery).state is DeliveryState.COMPLETE
    assert_done_once(bridge)


def test_same_job_ten_times_with_four_workers_is_done_once(sampled_plant: Plant) -> None:
    plant = sampled_plant
    extra = [plant.start("worker") for _ in range(2)]
    bridge = plant.tenant()
    delivery = plan(bridge)
    with plant.redis.client() as client:
        queue = Queue(QUEUE, connection=client, serializer=JSONSerializer)
        for _ in range(10):
            queue.enqueue(function_of(Delivery), delivery.id, result_ttl=0)
        plant.wait_for_end(bridge)
        plant.wait_until(lambda: not client.llen(f"rq:queue:{QUEUE}"))
    assert_done_once(bridge)
    for worker in extra:
        plant.running.remove(worker)
        worker.kill()


@pytest.mark.thorough
def test_cron_down_at_the_due_time_and_two_afterwards_make_it_up_once_marked_late(
    sampled_plant: Plant,
) -> None:
    plant = sampled_plant
    crons = [it for it in plant.running if it.word == "cron"]
    for cron in crons:
        plant.running.remove(cron)
        cron.kill()
    bridge = plant.tenant()
    due = utcnow() - dt.timedelta(hours=1)
    bridge.tenant.next_transfer_at = due
    commit()
    second = plant.start("cron")
    plant.start("cron")

    def planned() -> bool:
        scope_to(bridge.tenant_id)
        found = bridge.connection.last_sequence
        commit()
        return bool(found)

    plant.wait_until(planned)
    plant.wait_for_end(bridge)
    assert_done_once(bridge)
    scope_to(bridge.tenant_id)
    (night,) = db.session.query(Delivery).all()
    assert (night.cause, night.late) == (Trigger.NIGHTLY, True)
    commit()
    plant.running.remove(second)
    second.kill()


def test_record_that_kills_its_job_every_time_is_held_after_three_crashes(sampled_plant: Plant) -> None:
    plant = sampled_plant
    bridge, other = plant.tenant(), plant.tenant()
    plant.let_die(bridge, "deliveries.building._write.before 1 always")
    delivery = plan(bridge)
    plan(other)
    plant.wait_for_end(other)
    assert_done_once(other)
    plant.wait_until(lambda: state_of(bridge, delivery) is DeliveryState.HELD)
    assert bridge.again(delivery).problem is DeliveryProblem.CRASHED
    assert plant.reached(bridge).count("deliveries.building._write.before") == 3
    (plant.plans / str(bridge.tenant_id)).unlink()
    scope_to(bridge.tenant_id)
    approve(delivery.id, bridge.again(delivery).shown_digest or "", SUPERVISOR, utcnow())
    commit()
    plant.wait_for_end(bridge)
    assert_done_once(bridge)


def state_of(bridge: Bridge, delivery: Delivery) -> DeliveryState:
    scope_to(bridge.tenant_id)
    return bridge.again(delivery).state
