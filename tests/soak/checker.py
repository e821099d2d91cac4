"""Reads afterwards what the network saw and what our database says, and names what does not fit. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]
UNDER_WAY = frozenset({"planned", "built", "sending", "committed", "answering"})
COMMITTED = frozenset({"committed", "answering", "complete"})
_ONCE = {
    "sent": "announced",
    "sent-withdrawal": "announced",
    "answered-active": "answered",
    "answered-archived": "answered",
    "answered-rejected": "answered",
}


@dataclass
class NetworkDelivery:
    """A delivery that counts at the network: what arrived, and what was answered, in order."""

    sequence: int
    mode: str
    records: list[Record]
    answers: list[Record]


@dataclass
class OwnDelivery:
    """A delivery as our database has it."""

    sequence: int
    state: str
    named: set[str] = field(default_factory=set)
    leaving: set[str] = field(default_factory=set)
    outcomes: dict[str, str] = field(default_factory=dict)


@dataclass
class Tenant:
    """Everything recorded of one tenant. People are called by their numbers, which begin with the tenant's name."""

    name: str
    network: list[NetworkDelivery] = field(default_factory=list)
    own: list[OwnDelivery] = field(default_factory=list)
    held: dict[str, Record] = field(default_factory=dict)
    """What the network holds in the end, by person: state, reason, record."""
    statuses: dict[str, str] = field(default_factory=dict)
    announced: set[str] = field(default_factory=set)
    """Whom the network was told of last and not withdrawn, as our database has it."""
    reconciling: bool = False
    without_consent: set[str] = field(default_factory=set)
    protocol: list[tuple[str, int, str]] = field(default_factory=list)
    """Person, delivery, event."""


def check(tenant: Tenant) -> list[str]:
    """What must not be, in words; nothing where all fits."""
    found = (
        *_check_deliveries(tenant),
        *_check_contents(tenant),
        *_check_answers(tenant),
        *_check_held(tenant),
        *_check_told(tenant),
        *_check_protocol(tenant),
    )
    return [f"{tenant.name}: {what}" for what in found]


def _check_deliveries(tenant: Tenant) -> Iterator[str]:
    """Each is finished, and what counts here counts there, once."""
    counted = Counter(delivery.sequence for delivery in tenant.network)
    yield from (f"delivery {number} counts {times} times" for number, times in counted.items() if times > 1)
    own = {delivery.sequence for delivery in tenant.own if delivery.state in COMMITTED}
    yield from (f"delivery {number} counts at the network alone" for number in sorted(set(counted) - own))
    yield from (f"delivery {number} counts here alone" for number in sorted(own - set(counted)))
    if tenant.reconciling:
        yield "what only the network knew is not settled"
    for delivery in tenant.own:
        if delivery.state in UNDER_WAY:
            yield f"delivery {delivery.sequence} is still {delivery.state}"


def _check_contents(tenant: Tenant) -> Iterator[str]:
    """What arrived is what we say we sent, and nobody else's people are in it."""
    own = {delivery.sequence: delivery for delivery in tenant.own}
    for delivery in tenant.network:
        named, withdrawn = _people(delivery)
        strangers = {number for number in named | withdrawn if not number.startswith(f"{tenant.name}-")}
        if strangers:
            yield f"delivery {delivery.sequence} names people of others: {sorted(strangers)}"
        ours = own.get(delivery.sequence)
        if ours and (ours.named != named or (delivery.mode == "delta" and ours.leaving != withdrawn)):
            yield f"delivery {delivery.sequence} told other people than we say"


def _check_answers(tenant: Tenant) -> Iterator[str]:
    """The first answer about each person is the one that was taken."""
    own = {delivery.sequence: delivery for delivery in tenant.own}
    for delivery in tenant.network:
        first: dict[str, str] = {}
        for answer in delivery.answers:
            first.setdefault(answer["id"], answer["outcome"])
        ours = own.get(delivery.sequence)
        if ours and ours.state == "complete":
            for number in sorted(ours.named | ours.leaving):
                if number in first and ours.outcomes.get(number) != first[number]:
                    yield f"the answer about {number} to delivery {delivery.sequence} was lost"


def _check_held(tenant: Tenant) -> Iterator[str]:
    """The network holds what the deliveries say, in their order, less what it rejected; pages say what it holds."""
    expected: dict[str, Record | None] = {}
    for delivery in sorted(tenant.network, key=lambda it: it.sequence):
        named, withdrawn = _people(delivery)
        gone = set(expected) - named if delivery.mode == "full" else withdrawn & set(expected)
        expected |= dict.fromkeys(gone)
        rejected = {answer["id"] for answer in delivery.answers if answer["outcome"] == "rejected"}
        for record in delivery.records:
            if record["type"] == "participant" and record["participant_id"] not in rejected:
                expected[record["participant_id"]] = record
    for number in sorted(set(expected) | set(tenant.held)):
        record, held = expected.get(number), tenant.held.get(number)
        if held is None or number not in expected:
            yield f"the network holds {number}, or not, against what was delivered"
        elif (held["reason"] == "withdrawn") != (record is None) or (record and held["record"] != record):
            yield f"the network holds something else of {number} than was delivered"
        elif tenant.statuses.get(number) != _status_of(held):
            yield f"{number} is {tenant.statuses.get(number)}, and the network holds her as {held['state']}"
        elif held["state"] == "active" and number in tenant.without_consent:
            yield f"{number} has no consent, and the network holds her"


def _status_of(held: Record) -> str:
    if held["state"] == "active":
        return "online"
    return "offline-archived" if held["reason"] == "withdrawn" else "online-archived"


def _check_told(tenant: Tenant) -> Iterator[str]:
    """Whom the network was told of counts as told here: they are measured by the brake, and withdrawn in the end."""
    announced: set[str] = set()
    for delivery in sorted(tenant.network, key=lambda it: it.sequence):
        named, withdrawn = _people(delivery)
        announced = named if delivery.mode == "full" else (announced | named) - withdrawn
    for number in sorted(announced ^ tenant.announced):
        yield f"{number} counts as told here, or not, against what was delivered"


def _check_protocol(tenant: Tenant) -> Iterator[str]:
    said = Counter(
        (number, sequence, _ONCE[event]) for number, sequence, event in tenant.protocol if event in _ONCE
    )
    for (number, sequence, what), times in said.items():
        if times > 1:
            yield f"{number} was {what} {times} times by delivery {sequence}"


def _people(delivery: NetworkDelivery) -> tuple[set[str], set[str]]:
    by_kind: dict[str, set[str]] = {"participant": set(), "withdrawal": set()}
    for record in delivery.records:
        if record["type"] in by_kind:
            by_kind[record["type"]].add(record["participant_id"])
    return by_kind["participant"], by_kind["withdrawal"]
