"""What has become of participants: shares of all, and what that leaves in their registration and protocol. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from benchmarks.data.calendar import ANSWER, DAY, NIGHT
from benchmarks.data.houses import NIGHTS
from portal.domain.releases import EndCause, Event
from portal.domain.rules.status import Reason, Status

LAST = NIGHTS
OVERDUE = -1
BY_CASEWORKER, BY_SYSTEM, BY_NETWORK, BY_QUALLI = "caseworker", "system", "network", "Qualli.life"


@dataclass(frozen=True)
class Step:
    """An entry of a protocol: what, whose, at which time of the day, with which data."""

    event: Event
    by: str
    slot: int
    data: tuple[tuple[str, str], ...] = ()


def _step(event: Event, by: str, slot: int, **data: str) -> Step:
    return Step(event, by, slot, tuple((name.rstrip("_"), value) for name, value in data.items()))


RELEASED = _step(Event.RELEASED, BY_CASEWORKER, DAY)
SENT = _step(Event.SENT, BY_SYSTEM, NIGHT, novelty="new")
CHANGED = _step(Event.SENT, BY_SYSTEM, NIGHT, novelty="changed")
CHOSEN = _step(Event.MEDIATOR_CHOSEN, BY_CASEWORKER, DAY)
ACTIVE = _step(Event.ANSWERED_ACTIVE, BY_NETWORK, ANSWER, from_="offline", to="online")
ACTIVE_AGAIN = _step(Event.ANSWERED_ACTIVE, BY_NETWORK, ANSWER, from_="offline-archived", to="online")
REVOKED = _step(Event.REVOKED, BY_CASEWORKER, DAY, cause=EndCause.PERSON.value)
LOST_CONSENT = _step(Event.REVOKED, BY_QUALLI, DAY, cause=EndCause.CONSENT.value)
GONE = _step(Event.REVOKED, BY_QUALLI, DAY, cause=EndCause.LEFT.value)
WITHDRAWN = _step(Event.SENT_WITHDRAWAL, BY_SYSTEM, NIGHT, from_="online", to="online-archived")
ARCHIVED = _step(
    Event.ANSWERED_ARCHIVED,
    BY_NETWORK,
    ANSWER,
    from_="online-archived",
    to="offline-archived",
    reason=Reason.WITHDRAWN.value,
)
NO_MEDIATOR = _step(
    Event.ANSWERED_ARCHIVED, BY_NETWORK, ANSWER, to="online-archived", reason=Reason.MEDIATOR_UNKNOWN.value
)
UNEXPECTED = _step(
    Event.ANSWERED_ARCHIVED, BY_NETWORK, ANSWER, to="offline-archived", reason=Reason.EMAIL_MISSING.value
)
REJECTED = _step(Event.ANSWERED_REJECTED, BY_NETWORK, ANSWER, reason=Reason.INVALID_DATA.value)
CONTRADICTORY = _step(Event.ANSWER_CONTRADICTORY, BY_NETWORK, ANSWER, outcome="archived")
REFUSED = _step(Event.RECORD_REFUSED, BY_NETWORK, NIGHT, reason="invalid-record")

_ONCE = (RELEASED, SENT, ACTIVE)
HISTORY = (RELEASED, SENT, ACTIVE_AGAIN, CHOSEN, CHANGED, REVOKED, WITHDRAWN, ARCHIVED)
"""What went before, over and over: released, sent, changed, revoked, archived."""


@dataclass(frozen=True, eq=False)
class Story:
    """A share of a tenant's participants, and where they stand with the network by now."""

    name: str
    share: int
    """Of a thousand."""
    steps: tuple[Step, ...] = ()
    """The end of their protocol; empty where they were never released."""
    newest: bool = True
    """Whether the end of it belongs to the newest delivery; else it lies some nights back."""
    released: bool = True
    ended_by: EndCause | None = None
    told: bool = True
    """Whether the network was told of them by the newest delivery."""
    nights_waiting: int = 0
    """How many nights ago they were sent, whose answer is awaited; OVERDUE depends on the calendar."""
    flawed: bool = False
    """Whether something of their own blocks them."""
    columns: dict[str, Any] = field(default_factory=dict)
    """Of the registration, beside what follows from the rest."""


_ONLINE: dict[str, Any] = {"status": Status.ONLINE.value, "applied_sequence": LAST, "announced": True}
_OFFLINE: dict[str, Any] = {"status": Status.OFFLINE.value, "applied_sequence": 0, "announced": True}
_AWAY: dict[str, Any] = {
    "status": Status.OFFLINE_ARCHIVED.value,
    "applied_sequence": LAST - 2,
    "announced": False,
    "archived": True,
    "archive_reason": Reason.WITHDRAWN.value,
}


def _gone(name: str, share: int, ending: Step, cause: EndCause) -> Story:
    """Online once, withdrawn and archived since."""
    steps = (*_ONCE, ending, WITHDRAWN, ARCHIVED)
    return Story(name, share, steps, newest=False, released=False, ended_by=cause, told=False, columns=_AWAY)


NEVER = Story("never", 240, told=False, released=False)
SCHEDULED = Story("scheduled", 30, (RELEASED,), told=False, columns=_OFFLINE | {"announced": False})
ONLINE = Story("online", 440, (RELEASED, SENT, ACTIVE), newest=False, columns=_ONLINE)
MEDIATOR_UNKNOWN = Story(
    "mediator-unknown",
    15,
    (RELEASED, SENT, NO_MEDIATOR),
    columns=_ONLINE
    | {"status": "online-archived", "archived": True, "archive_reason": Reason.MEDIATOR_UNKNOWN.value},
)
BLOCKED = Story(
    "blocked", 40, (RELEASED,), newest=False, told=False, flawed=True, columns=_OFFLINE | {"announced": False}
)
STORIES = (
    NEVER,
    ONLINE,
    Story("changed", 20, (RELEASED, SENT, ACTIVE, CHOSEN), columns=_ONLINE | {"revision": 2}),
    SCHEDULED,
    Story("sent", 30, (RELEASED, SENT), nights_waiting=1, columns=_OFFLINE),
    Story("sent-again", 10, (RELEASED, SENT, ACTIVE, CHOSEN, CHANGED), nights_waiting=1, columns=_ONLINE),
    Story("overdue", 10, (RELEASED, SENT), nights_waiting=OVERDUE, columns=_OFFLINE),
    Story("unanswered", 6, (RELEASED, SENT), nights_waiting=9, columns=_OFFLINE),
    Story(
        "rejected",
        20,
        (RELEASED, SENT, REJECTED),
        columns=_OFFLINE
        | {
            "rejected_sequence": LAST,
            "rejection_reason": Reason.INVALID_DATA.value,
            "rejection_detail": "Geburtsdatum liegt in der Zukunft",
            "stuck": True,
        },
    ),
    MEDIATOR_UNKNOWN,
    Story(
        "archived-unexpectedly",
        10,
        (RELEASED, SENT, UNEXPECTED),
        columns=_ONLINE
        | {
            "status": Status.OFFLINE_ARCHIVED.value,
            "archived": True,
            "archive_reason": Reason.EMAIL_MISSING.value,
            "stuck": True,
        },
    ),
    Story(
        "contradictory",
        7,
        (RELEASED, SENT, ACTIVE, CONTRADICTORY),
        columns=_ONLINE | {"clarification": "answers-contradict", "stuck": True},
    ),
    BLOCKED,
    Story(
        "refused",
        2,
        (RELEASED, REFUSED),
        told=False,
        columns=_OFFLINE | {"announced": False, "refused_revision": 1, "refused_detail": "/last_name"},
    ),
    _gone("revoked", 60, REVOKED, EndCause.PERSON),
    _gone("lost-consent", 25, LOST_CONSENT, EndCause.CONSENT),
    _gone("left", 20, GONE, EndCause.LEFT),
    Story(
        "archiving",
        10,
        (*_ONCE, REVOKED, WITHDRAWN),
        released=False,
        ended_by=EndCause.PERSON,
        nights_waiting=1,
        columns=_ONLINE | {"status": "online-archived", "announced": False},
    ),
    Story("revoked-today", 5, (*_ONCE, REVOKED), released=False, ended_by=EndCause.PERSON, columns=_ONLINE),
)
_ENDS = list(accumulate(story.share for story in STORIES))
assert _ENDS[-1] == 1000
BY_SHARE: tuple[Story, ...] = tuple(story for story in STORIES for _ in range(story.share))
"""Each as often as its share says."""
