"""The phase (Vorgang): what is going on right now, beside the status (design §4.3). Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from portal.releases.status import Status


class Phase(StrEnum):
    """In the order in which they are looked for: the first that applies is shown."""

    CLARIFICATION = "clarification"
    OUTCOME_UNKNOWN = "outcome-unknown"
    HELD = "held"
    TRANSFERRING = "transferring"
    REJECTED = "rejected"
    OVERDUE = "overdue"
    ARCHIVING = "archiving"
    SENT = "sent"
    BLOCKED = "blocked"
    SCHEDULED = "scheduled"
    NOT_RELEASED = "not-released"
    CURRENT = "current"


class Transit(StrEnum):
    """Where the connection's uncommitted delivery stands with this person, if she is in one."""

    TRANSFERRING = "transferring"
    HELD = "held"
    OUTCOME_UNKNOWN = "outcome-unknown"


CLARIFICATION_WORKING_DAYS = 3
OVERDUE_WORKING_DAYS = 2
REMINDER_WORKING_DAYS = 1
ESCALATION_WORKING_DAYS = 5


@dataclass(frozen=True)
class Deadlines:
    """Answers awaited since before these times are late; of one tenant, now (see tenants.workdays)."""

    overdue_before: dt.datetime
    clarification_before: dt.datetime


@dataclass(frozen=True)
class Situation:
    """What decides the phase of one person on the tenant's connection."""

    released: bool = False
    told: bool = False
    """The newest committed delivery about her named her, and none has archived her since."""
    pending: bool = False
    """Something about her is not yet told to the network."""
    findings: int = 0
    """How many findings block her, those of the tenant included."""
    clarification: bool = False
    rejected: bool = False
    """The newest answer that counts was a rejection."""
    unexpectedly_archived: bool = False
    """That answer was `archived`, for another reason than withdrawn or mediator-unknown."""
    waiting_since: dt.datetime | None = None
    """Commit of the oldest delivery since her last answer."""
    transit: Transit | None = None
    status: Status = Status.OFFLINE


_IN_TRANSIT = {
    Transit.OUTCOME_UNKNOWN: Phase.OUTCOME_UNKNOWN,
    Transit.HELD: Phase.HELD,
    Transit.TRANSFERRING: Phase.TRANSFERRING,
}


def phase(situation: Situation, deadlines: Deadlines) -> Phase:
    """The first phase that applies. `portal.releases.queries.phase_case` says the same in SQL."""
    waiting = situation.waiting_since
    if situation.clarification or (waiting and waiting < deadlines.clarification_before):
        return Phase.CLARIFICATION
    if situation.transit:
        return _IN_TRANSIT[situation.transit]
    if situation.rejected or (situation.released and situation.unexpectedly_archived):
        return Phase.REJECTED
    if waiting and waiting < deadlines.overdue_before:
        return Phase.OVERDUE
    if waiting:
        return Phase.SENT if situation.told else Phase.ARCHIVING
    return _at_rest(situation)


def _at_rest(situation: Situation) -> Phase:
    """The phase of somebody for whom nothing is under way."""
    if not situation.released:
        return Phase.SCHEDULED if situation.told else Phase.NOT_RELEASED
    if situation.findings:
        return Phase.BLOCKED
    return Phase.SCHEDULED if situation.pending else Phase.CURRENT


NEEDS_ACTION = frozenset({Phase.CLARIFICATION, Phase.HELD, Phase.REJECTED, Phase.OVERDUE, Phase.BLOCKED})
"""Phases in which somebody has to do something ("braucht Aktion")."""
