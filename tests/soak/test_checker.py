"""The checker of the soak names what was put into a record on purpose, and nothing in a good one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.soak.checker import NetworkDelivery, OwnDelivery, Record, Tenant, check


def record(number: str, city: str = "Berlin") -> Record:
    return {"type": "participant", "participant_id": number, "city": city}


def active(number: str) -> Record:
    return {"id": number, "outcome": "active"}


def good() -> Tenant:
    """Two people delivered; one of them withdrawn by name, the other corrected."""
    return Tenant(
        "alpha",
        network=[
            NetworkDelivery(
                1, "full", [record("alpha-1"), record("alpha-2")], [active("alpha-1"), active("alpha-2")]
            ),
            NetworkDelivery(
                3,
                "delta",
                [record("alpha-1", "Bonn"), {"type": "withdrawal", "participant_id": "alpha-2"}],
                [active("alpha-1"), {"id": "alpha-2", "outcome": "archived"}],
            ),
        ],
        own=[
            OwnDelivery(
                1, "complete", {"alpha-1", "alpha-2"}, set(), {"alpha-1": "active", "alpha-2": "active"}
            ),
            OwnDelivery(2, "discarded"),
            OwnDelivery(
                3, "complete", {"alpha-1"}, {"alpha-2"}, {"alpha-1": "active", "alpha-2": "archived"}
            ),
        ],
        held={
            "alpha-1": {"state": "active", "reason": None, "record": record("alpha-1", "Bonn")},
            "alpha-2": {"state": "archived", "reason": "withdrawn", "record": record("alpha-2")},
        },
        statuses={"alpha-1": "online", "alpha-2": "offline-archived"},
        announced={"alpha-1"},
        protocol=[
            ("alpha-1", 1, "sent"),
            ("alpha-1", 1, "answered-active"),
            ("alpha-2", 3, "sent-withdrawal"),
        ],
    )


def test_a_good_record_has_no_violations() -> None:
    assert check(good()) == []


def _twice(tenant: Tenant) -> None:
    tenant.network.append(tenant.network[1])


def _lost_here(tenant: Tenant) -> None:
    tenant.own[2].state = "failed"


def _never_arrived(tenant: Tenant) -> None:
    del tenant.network[0]


def _unfinished(tenant: Tenant) -> None:
    tenant.own[2].state = "answering"


def _of_others(tenant: Tenant) -> None:
    tenant.network[0].records.append(record("beta-1"))


def _told_others(tenant: Tenant) -> None:
    tenant.own[0].named.discard("alpha-2")


def _answer_lost(tenant: Tenant) -> None:
    del tenant.own[0].outcomes["alpha-2"]


def _old_record(tenant: Tenant) -> None:
    tenant.held["alpha-1"]["record"] = record("alpha-1")


def _not_withdrawn(tenant: Tenant) -> None:
    tenant.held["alpha-2"] |= {"state": "active", "reason": None}


def _held_unasked(tenant: Tenant) -> None:
    tenant.held["alpha-3"] = {"state": "active", "reason": None, "record": record("alpha-3")}


def _wrong_status(tenant: Tenant) -> None:
    tenant.statuses["alpha-1"] = "offline"


def _half_archived(tenant: Tenant) -> None:
    tenant.statuses["alpha-2"] = "online-archived"


def _not_told(tenant: Tenant) -> None:
    tenant.announced.clear()


def _unsettled(tenant: Tenant) -> None:
    tenant.reconciling = True


def _no_consent(tenant: Tenant) -> None:
    tenant.without_consent.add("alpha-1")


def _said_twice(tenant: Tenant) -> None:
    tenant.protocol.append(("alpha-1", 1, "answered-rejected"))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_twice, "counts 2 times"),
        (_lost_here, "counts at the network alone"),
        (_never_arrived, "counts here alone"),
        (_unfinished, "is still answering"),
        (_of_others, "people of others"),
        (_told_others, "told other people"),
        (_answer_lost, "the answer about alpha-2 to delivery 1 was lost"),
        (_old_record, "something else of alpha-1"),
        (_not_withdrawn, "something else of alpha-2"),
        (_held_unasked, "alpha-3, or not"),
        (_wrong_status, "alpha-1 is offline"),
        (_half_archived, "alpha-2 is online-archived"),
        (_not_told, "alpha-1 counts as told"),
        (_unsettled, "not settled"),
        (_no_consent, "has no consent"),
        (_said_twice, "answered 2 times"),
    ],
)
def test_each_violation_is_named(spoil: Callable[[Tenant], None], said: str) -> None:
    tenant = good()
    spoil(tenant)
    assert any(said in what for what in check(tenant))


def test_what_was_rejected_leaves_what_was_there() -> None:
    tenant = good()
    tenant.network[1].answers[0]["outcome"] = "rejected"
    tenant.own[2].outcomes["alpha-1"] = "rejected"
    tenant.held["alpha-1"]["record"] = record("alpha-1")
    assert check(tenant) == []
