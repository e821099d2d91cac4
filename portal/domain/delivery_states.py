"""States and kinds of a delivery. Pure."""

from __future__ import annotations

from enum import StrEnum


class DeliveryState(StrEnum):
    PLANNED = "planned"
    BUILT = "built"
    HELD = "held"
    SENDING = "sending"
    COMMITTED = "committed"
    """Receipt stored; no answer yet."""
    ANSWERING = "answering"
    COMPLETE = "complete"
    FAILED = "failed"
    DISCARDED = "discarded"


UNCOMMITTED = frozenset(
    {DeliveryState.PLANNED, DeliveryState.BUILT, DeliveryState.HELD, DeliveryState.SENDING}
)
"""At most one delivery of a connection is in one of these."""
AWAITING = frozenset({DeliveryState.COMMITTED, DeliveryState.ANSWERING})
ENDED = frozenset({DeliveryState.COMPLETE, DeliveryState.FAILED, DeliveryState.DISCARDED})


class Mode(StrEnum):
    """The values are the wire contract's."""

    FULL = "full"
    DELTA = "delta"


class Trigger(StrEnum):
    """What set a delivery off."""

    NIGHTLY = "nightly"
    NOW = "now"
    """A user pressed "Jetzt übertragen"."""
    CONSENT = "consent"
    """Withdrawals that do not wait for the night."""
    REBUILT = "rebuilt"
    """Takes the place of a discarded delivery."""
    NETWORK_CHANGED = "network-changed"
    """Everyone announced is withdrawn from the network that the tenant left."""
    FOUND = "found"
    """Known to the network alone, and taken up again after a loss on our side (docs/domain.md#deliveries)."""


ONLY_WITHDRAWALS = frozenset({Trigger.CONSENT, Trigger.NETWORK_CHANGED})
"""Triggers of deliveries that only withdraw."""


class Inclusion(StrEnum):
    """What a delivery does with a person."""

    NAMED = "named"
    WITHDRAWN = "withdrawn"
    """By name (delta)."""
    OMITTED = "omitted"
    """By not being named (full)."""


class ChangeKind(StrEnum):
    """What a delivery tells about a person, against what was last told about them."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    LEAVING = "leaving"


class DeliveryProblem(StrEnum):
    """Why a delivery is held, failed, waits or was discarded."""

    BRAKE = "brake"
    REFUSED_TOLD = "refused-told"
    """The network refused the record of a participant it holds: leaving them out would archive them."""
    CRASHED = "crashed"
    RECONCILE = "reconcile"
    NOT_LICENSED = "not-licensed"
    NO_CREDENTIALS = "no-credentials"
    NOTHING_TO_SEND = "nothing-to-send"
    UNAUTHORISED = "unauthorised"
    WRONG_NETWORK = "wrong-network"
    """The token is one of the other network."""
    OTHER_ACCOUNT = "other-account"
    """The token opens another account at the network than the one that the connection is bound to."""
    TAKEN_ACCOUNT = "taken-account"
    """It opens one that another tenant has."""
    UNKNOWN_HOLDINGS = "unknown-holdings"
    """The account holds people who were not delivered from here: a full delivery would archive them."""
    NETWORK_LICENCE_EXPIRED = "network-licence-expired"
    REFUSED = "refused"
    BASE_MISMATCH = "base-mismatch"
    SEQUENCE_CONFLICT = "sequence-conflict"
    UNAVAILABLE = "unavailable"
    THROTTLED = "throttled"
    GARBLED = "garbled"
    REPLACED = "replaced"
    NO_LONGER_ALLOWED = "no-longer-allowed"
    """A participant it names lost release or consent before the commit."""
    REFUSED_RECORD = "refused-record"
    BY_PERSON = "by-person"
    FOREIGN_RECEIPT = "foreign-receipt"
    STALLED = "stalled"
    """The network goes on answering, and says nothing new."""
    FORGOTTEN = "forgotten"
    """The network gave a receipt, and knows nothing of the delivery any more, or of its commit."""


ACCOUNT_DOUBTS = frozenset({DeliveryProblem.OTHER_ACCOUNT, DeliveryProblem.TAKEN_ACCOUNT})
"""What holds everything of a connection until a person has decided about its account at the network."""
