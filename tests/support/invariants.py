"""The promise, checked: the network holds exactly what the committed deliveries say, and nothing was done twice."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from portal.core.database import commit, db, reading, scope_to
from portal.deliveries.parts import part_content
from portal.domain.deliveries import Delivery, DeliveryPart
from portal.domain.delivery_states import AWAITING, DeliveryState
from portal.domain.releases import Event, ProtocolEntry, Registration
from portal.domain.rules.status import Status
from tests.support.bridge import Bridge

_HELD = {Status.ONLINE: "active", Status.OFFLINE_ARCHIVED: "archived", Status.ONLINE_ARCHIVED: "archived"}

DONE_ONCE = [Event.RELEASED, Event.SENT, Event.ANSWERED_ACTIVE]
"""The protocol of somebody who was released and went online."""


def assert_promise(bridge: Bridge, *, failed: bool = False, awaiting: Collection[int] = ()) -> None:
    """Check one tenant, all of whose deliveries have ended: `failed` where the network refused some, rightly explained.

    The deliveries with the numbers `awaiting` wait for answers that may still come; whom they name is not compared.
    """
    scope_to(bridge.tenant_id)
    with reading():
        ours = list(
            db.session.scalars(
                select(Delivery).order_by(Delivery.id).execution_options(populate_existing=True)
            )
        )
        counting = [it for it in ours if it.state in (DeliveryState.COMPLETE, *AWAITING)]
        announced = {it.sequence: _records(it) for it in counting}
        _assert_all_ended([it for it in ours if it.sequence not in awaiting], failed=failed)
        _assert_waiting([it for it in ours if it.sequence in awaiting])
        _assert_statuses(bridge, waiting=bool(awaiting))
        _assert_told_once()
        commit()
    theirs = bridge.sandbox.deliveries(bridge.provider)
    counted = [it for it in theirs if it["state"] in ("committed", "complete")]
    assert [it["sequence"] for it in counted] == list(announced), (
        "the network counts what we say it does, in order"
    )
    for remote in counted:
        assert bridge.sandbox.records(bridge.provider, remote["delivery_id"]) == announced[remote["sequence"]]
    assert max(Counter(it["sequence"] for it in theirs).values(), default=1) == 1, "one key, one delivery"


def assert_done_once(bridge: Bridge, *, failed: bool = False) -> None:
    """The promise, of a tenant whose person 1 was to go online: she is, and was told so and answered about once."""
    assert_promise(bridge, failed=failed)
    scope_to(bridge.tenant_id)
    assert bridge.status("1") is Status.ONLINE
    assert bridge.events("1") == DONE_ONCE
    commit()


def _assert_all_ended(ours: list[Delivery], *, failed: bool) -> None:
    ended = {DeliveryState.COMPLETE, DeliveryState.DISCARDED} | ({DeliveryState.FAILED} if failed else set())
    for delivery in ours:
        assert delivery.state in ended, delivery.problem
        assert delivery.state is not DeliveryState.FAILED or delivery.problem, "it says why"
        assert (delivery.next_step_at, delivery.lease_until, delivery.outcome_unknown) == (None, None, False)


def _assert_waiting(ours: list[Delivery]) -> None:
    for delivery in ours:
        assert delivery.state in AWAITING, delivery.state
        assert delivery.next_step_at is not None, "somebody asks again"
        assert not delivery.outcome_unknown


def _assert_statuses(bridge: Bridge, *, waiting: bool) -> None:
    held = bridge.sandbox.applicants(bridge.provider)
    for registration in db.session.scalars(select(Registration)):
        if waiting and registration.waiting_since is not None:
            continue
        found = held.get(registration.participant.number)
        assert (found and found["state"]) == _HELD.get(registration.status), registration.participant.number
        if registration.announced:
            assert found and found["sequence"] == registration.announced_sequence


def _assert_told_once() -> None:
    """Each person's protocol names each delivery once for being sent, and once for its answer."""
    query = select(ProtocolEntry.participant_id, ProtocolEntry.delivery_id, ProtocolEntry.event).where(
        ProtocolEntry.delivery_id.is_not(None)
    )
    entries = Counter(tuple(row) for row in db.session.execute(query))
    assert max(entries.values(), default=1) == 1, entries
    sent = (Event.SENT, Event.SENT_WITHDRAWAL)
    answered = (Event.ANSWERED_ACTIVE, Event.ANSWERED_ARCHIVED, Event.ANSWERED_REJECTED)
    for kinds in (sent, answered):
        each = Counter((person, delivery) for person, delivery, event in entries if event in kinds)
        assert max(each.values(), default=1) == 1, entries


def _records(delivery: Delivery) -> list[dict[str, Any]]:
    """The records of a delivery's frozen parts, in order."""
    numbers = db.session.scalars(
        select(DeliveryPart.number)
        .where(DeliveryPart.delivery_id == delivery.id)
        .order_by(DeliveryPart.number)
    )
    lines = [line for it in numbers for line in gzip.decompress(part_content(delivery.id, it)).splitlines()]
    return [json.loads(line) for line in lines]
