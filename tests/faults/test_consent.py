"""Row: consent withdrawn while a delivery is being built or sent; wherever it happens."""

from __future__ import annotations

import gzip
import json

import pytest
from flask import current_app
from sqlalchemy import select

from portal.core.database import commit, db, scope_to
from portal.deliveries.parts import part_content
from portal.domain.deliveries import Delivery, DeliveryPart
from portal.domain.delivery_states import DeliveryState
from portal.domain.rules.status import Status
from tests.support import failpoints
from tests.support.bridge import Bridge
from tests.support.clock import today
from tests.support.invariants import assert_promise

POINTS = [
    "deliveries.jobs.run_delivery.after",
    "deliveries.build_step.build.after",
    "deliveries.building._start_anew.after",
    "deliveries.building._write.after",
    "deliveries.build_step.build:2.after",
    "deliveries.sending.send.after",
    "call.readAccount.before",
    "deliveries.sending.Sending.check_account.after",
    "call.openDelivery.after",
    "call.putPart.before",
    "call.putPart.after",
    "deliveries.sending.Sending.look_again.after",
    "call.commitDelivery.before",
    "call.commitDelivery.after",
    "deliveries.sending.Sending.commit_delivery.after",
]
TOO_LATE = {
    "deliveries.sending.Sending.look_again.after",
    "call.commitDelivery.before",
    "call.commitDelivery.after",
    "deliveries.sending.Sending.commit_delivery.after",
}
"""The last look was before it: this delivery carries her, and her withdrawal follows at once."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.matrix])])
def database_url(request: pytest.FixtureRequest) -> str:
    """PostgreSQL in the matrix alone: where she is when does not depend on the database."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.mark.sampled(6)
@pytest.mark.parametrize("point", POINTS)
def test_consent_withdrawn_meanwhile_is_in_no_later_delivery_and_follows_at_once(
    bridge: Bridge, point: str
) -> None:
    for number in "12":
        bridge.person(number)
    bridge.release("1", "2")
    withdrawn: list[str] = []

    def withdraw(reached: str) -> None:
        if reached != point or withdrawn:
            return
        withdrawn.append(point)
        with current_app._get_current_object().app_context():  # type: ignore[attr-defined]
            scope_to(bridge.tenant_id)
            bridge.person("2", consent_withdrawn_on=today())
            db.session.remove()

    bridge.plan()
    with failpoints.armed(withdraw):
        bridge.work()
    bridge.sweep()
    bridge.hasten()
    assert withdrawn
    named = [number for number, people in committed(bridge) if "2" in people]
    assert len(named) == (point in TOO_LATE)
    held = bridge.held("2")
    assert held is None or held["state"] == "archived"
    assert bridge.status("1") is Status.ONLINE
    assert bridge.status("2") is (Status.OFFLINE_ARCHIVED if named else Status.OFFLINE)
    commit()
    assert_promise(bridge)


def committed(bridge: Bridge) -> list[tuple[int, set[str]]]:
    """Each delivery that counts, and whom it names."""
    scope_to(bridge.tenant_id)
    found = []
    query = select(Delivery).where(Delivery.state == DeliveryState.COMPLETE).order_by(Delivery.sequence)
    for delivery in list(db.session.scalars(query)):
        people: set[str] = set()
        parts = db.session.scalars(select(DeliveryPart.number).where(DeliveryPart.delivery_id == delivery.id))
        for number in list(parts):
            for line in gzip.decompress(part_content(delivery.id, number)).splitlines():
                record = json.loads(line)
                if record["type"] == "participant":
                    people.add(record["participant_id"])
        found.append((delivery.sequence, people))
    commit()
    return found
