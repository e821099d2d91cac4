"""The status of a registration, and how the network's answers move it. Pure.

Source: docs/domain.md#status, #order-of-answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never


class Status(StrEnum):
    OFFLINE = "offline"
    """Never acknowledged."""
    ONLINE = "online"
    ONLINE_ARCHIVED = "online-archived"
    """Told to the network that they leave, or archived there for want of a mediator."""
    OFFLINE_ARCHIVED = "offline-archived"


class Outcome(StrEnum):
    """What an acknowledgement says of a participant; the values are the wire contract's."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    REJECTED = "rejected"


class Reason(StrEnum):
    """Why the network archived or rejected; the values are the wire contract's."""

    WITHDRAWN = "withdrawn"
    MEDIATOR_UNKNOWN = "mediator-unknown"
    CONSENT_MISSING = "consent-missing"
    EMAIL_MISSING = "email-missing"
    CASEWORKER_MISSING = "caseworker-missing"
    NAME_MISSING = "name-missing"
    ORDER_RESPONSIBLE_MISSING = "order-responsible-missing"
    INVALID_DATA = "invalid-data"


def read_reason(word: str | None) -> Reason | None:
    """Return the reason behind a word of the network; an unknown word counts as invalid data, as the contract says."""
    if word is None:
        return None
    try:
        return Reason(word)
    except ValueError:
        return Reason.INVALID_DATA


@dataclass(frozen=True)
class NetworkState:
    """What the rules need to know of one person on one connection."""

    status: Status = Status.OFFLINE
    applied_sequence: int = 0
    """Newest delivery of which an active or archived answer or an archiving receipt was applied."""
    rejected_sequence: int = 0
    """Newest delivery of which a rejection was applied."""


class Effect(StrEnum):
    """What became of an answer."""

    APPLIED = "applied"
    """It counts; the status may or may not have changed by it."""
    OVERTAKEN = "overtaken"
    """A newer delivery has been answered before; nothing moves."""


@dataclass(frozen=True)
class Decision:
    effect: Effect
    state: NetworkState
    """The state afterwards; unchanged if the answer was overtaken."""


class Archiving(StrEnum):
    """What it means that the network answered `archived`, for a person who is released."""

    AS_TOLD = "as-told"
    """It was told to."""
    MEDIATOR_UNKNOWN = "mediator-unknown"
    """It does not know the mediator; all else is well."""
    UNEXPECTED = "unexpected"


def archiving(reason: Reason | None, *, named: bool) -> Archiving:
    """Classify an answer `archived` by its reason; `named`: it answers a delivery that names the person.

    Whatever is not known to be harmless is unexpected: a word that this version does not know, and none at all.
    """
    match reason:
        case Reason.WITHDRAWN:
            return Archiving.UNEXPECTED if named else Archiving.AS_TOLD
        case Reason.MEDIATOR_UNKNOWN:
            return Archiving.MEDIATOR_UNKNOWN
        case (
            Reason.CONSENT_MISSING
            | Reason.EMAIL_MISSING
            | Reason.CASEWORKER_MISSING
            | Reason.NAME_MISSING
            | Reason.ORDER_RESPONSIBLE_MISSING
            | Reason.INVALID_DATA
            | None
        ):
            return Archiving.UNEXPECTED
        case _:
            assert_never(reason)


def status_after(outcome: Outcome, reason: Reason | None, status: Status) -> Status:
    """The status after an answer that counts (docs/domain.md#status)."""
    match outcome:
        case Outcome.ACTIVE:
            return Status.ONLINE
        case Outcome.ARCHIVED:
            return Status.ONLINE_ARCHIVED if reason is Reason.MEDIATOR_UNKNOWN else Status.OFFLINE_ARCHIVED
        case Outcome.REJECTED:
            return status
        case _:
            assert_never(outcome)


def after_answer(state: NetworkState, sequence: int, outcome: Outcome, reason: Reason | None) -> Decision:
    """Decide what the answer to delivery `sequence` changes in a participant's state."""
    if sequence < state.applied_sequence:
        return Decision(Effect.OVERTAKEN, state)
    if outcome is Outcome.REJECTED:
        if sequence < state.rejected_sequence:
            return Decision(Effect.OVERTAKEN, state)
        return Decision(Effect.APPLIED, NetworkState(state.status, state.applied_sequence, sequence))
    status = status_after(outcome, reason, state.status)
    return Decision(Effect.APPLIED, NetworkState(status, sequence, state.rejected_sequence))


def after_archiving_receipt(state: NetworkState, sequence: int) -> NetworkState:
    """Return the state of a participant whom the committed delivery `sequence` archives (docs/domain.md#status)."""
    if sequence < state.applied_sequence:
        return state
    status = state.status
    if status in (Status.ONLINE, Status.ONLINE_ARCHIVED):
        status = Status.ONLINE_ARCHIVED
    return NetworkState(status, sequence, state.rejected_sequence)
