"""The phase (Vorgang): what is going on right now, beside the status (docs/domain.md#phase). Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from portal.domain.rules.status import Status


class Phase(StrEnum):
    """In the order in which they are looked for: the first that applies is shown."""

    CLARIFICATION = "clarification"
    OUTCOME_UNKNOWN = "outcome-unknown"
    HELD = "held"
    TRANSFERRING = "transferring"
    REJECTED = "rejected"
    MEDIATOR_UNKNOWN = "mediator-unknown"
    """Archived by the network, which does not know the mediator."""
    OVERDUE = "overdue"
    ARCHIVING = "archiving"
    SENT = "sent"
    BLOCKED = "blocked"
    SCHEDULED = "scheduled"
    WITHDRAWAL_SCHEDULED = "withdrawal-scheduled"
    """No longer released, and the network is yet to be told."""
    NOT_RELEASED = "not-released"
    CURRENT = "current"


class Transit(StrEnum):
    """Where the connection's uncommitted delivery stands with this person, if they are in one."""

    TRANSFERRING = "transferring"
    HELD = "held"
    OUTCOME_UNKNOWN = "outcome-unknown"


CLARIFICATION_WORKING_DAYS = 3
OVERDUE_WORKING_DAYS = 2


@dataclass(frozen=True)
class Deadlines:
    """Answers awaited since before these times are late; of one tenant, now (see tenants.workdays)."""

    overdue_before: dt.datetime
    clarification_before: dt.datetime


@dataclass(frozen=True)
class PhaseInput:
    """What decides the phase of one person on the tenant's connection."""

    released: bool = False
    announced: bool = False
    """The newest committed delivery about them named them, and none has archived them since."""
    pending: bool = False
    """Something about them is not yet told to the network."""
    findings: int = 0
    """How many findings of their own block them."""
    tenant_blocked: bool = False
    """Whether one of the tenant's keeps everybody offline."""
    mendable: bool = False
    """One of those can be mended by the tenant, and concerns them alone (`preflight.MENDABLE`)."""
    clarification: bool = False
    rejected: bool = False
    """The newest answer that counts was a rejection."""
    unexpectedly_archived: bool = False
    """That answer was `archived`, for a reason that nothing here explains (`status.Archiving`)."""
    mediator_unknown: bool = False
    """That answer was `archived` for want of the mediator, and nothing says that the chosen one is known by now."""
    waiting_since: dt.datetime | None = None
    """Commit of the oldest delivery since their last answer."""
    transit: Transit | None = None
    status: Status = Status.OFFLINE


_IN_TRANSIT = {
    Transit.OUTCOME_UNKNOWN: Phase.OUTCOME_UNKNOWN,
    Transit.HELD: Phase.HELD,
    Transit.TRANSFERRING: Phase.TRANSFERRING,
}


def phase(situation: PhaseInput, deadlines: Deadlines) -> Phase:
    """Choose the first phase that applies."""
    return shown_phase(own_phase(situation, deadlines), situation.transit, situation.tenant_blocked)


def own_phase(situation: PhaseInput, deadlines: Deadlines) -> Phase:
    """Choose the first phase that applies, whatever concerns the whole tenant: this one is stored with a participant.

    `shown_phase` lays over it what would change everybody's phase at once.
    """
    waiting = situation.waiting_since
    if situation.clarification or (waiting and waiting < deadlines.clarification_before):
        return Phase.CLARIFICATION
    trouble = _trouble_at_network(situation)
    if trouble:
        return trouble
    if waiting and waiting < deadlines.overdue_before:
        return Phase.OVERDUE
    if waiting:
        return Phase.SENT if situation.announced else Phase.ARCHIVING
    return _at_rest(situation)


def shown_phase(own: Phase, transit: Transit | None, tenant_blocked: bool) -> Phase:
    """Lay over a participant's own phase the delivery that they are in, and what keeps the whole tenant offline."""
    if own is Phase.CLARIFICATION:
        return own
    if transit:
        return _IN_TRANSIT[transit]
    return Phase.BLOCKED if tenant_blocked and own in (Phase.SCHEDULED, Phase.CURRENT) else own


def _trouble_at_network(situation: PhaseInput) -> Phase | None:
    """Choose the phase of a person whom the network does not carry though they are to be there."""
    if situation.rejected or (situation.released and situation.unexpectedly_archived):
        return Phase.REJECTED
    return Phase.MEDIATOR_UNKNOWN if situation.released and situation.mediator_unknown else None


def _at_rest(situation: PhaseInput) -> Phase:
    """Choose the phase of a person for whom nothing is under way; `current` is only what the network confirmed."""
    if not situation.released:
        return Phase.WITHDRAWAL_SCHEDULED if situation.announced else Phase.NOT_RELEASED
    if situation.findings:
        return Phase.BLOCKED
    confirmed = situation.announced and situation.status is Status.ONLINE
    return Phase.CURRENT if confirmed and not situation.pending else Phase.SCHEDULED


def needs_action(situation: PhaseInput, deadlines: Deadlines) -> bool:
    """Return whether a user of the tenant can do something for this participant now ("braucht Aktion")."""
    own = own_phase(situation, deadlines)
    troubled = is_troubled(situation)
    return shown_needs_action(own, own_needs_action(own, troubled), troubled, situation.transit)


def own_needs_action(own: Phase, troubled: bool) -> bool:
    """Tell the same of a participant who is in no uncommitted delivery; this is stored with them."""
    match own:
        case Phase.CLARIFICATION:
            return True
        case Phase.REJECTED | Phase.MEDIATOR_UNKNOWN | Phase.BLOCKED | Phase.HELD:
            return troubled
        case (
            Phase.OUTCOME_UNKNOWN
            | Phase.TRANSFERRING
            | Phase.OVERDUE
            | Phase.ARCHIVING
            | Phase.SENT
            | Phase.SCHEDULED
            | Phase.WITHDRAWAL_SCHEDULED
            | Phase.NOT_RELEASED
            | Phase.CURRENT
        ):
            return False
        case _:
            assert_never(own)


def shown_needs_action(own: Phase, needs_action: bool, troubled: bool, transit: Transit | None) -> bool:
    """Lay over it the delivery that they are in.

    A held delivery is one thing to decide, not one for each person in it: what counts there is their own trouble.
    """
    if transit is None or own is Phase.CLARIFICATION:
        return needs_action
    return transit is Transit.HELD and troubled


def is_troubled(situation: PhaseInput) -> bool:
    """Tell whether a released person is kept from the network by something that the tenant can mend."""
    return situation.released and (_trouble_at_network(situation) is not None or situation.mendable)


@dataclass(frozen=True)
class Moments:
    """Times from which a wait may count; None for what has not happened."""

    released_at: dt.datetime | None = None
    """Of the newest release."""
    ended_at: dt.datetime | None = None
    """Of the same, where it has ended."""
    announced_at: dt.datetime | None = None
    """Receipt of the newest delivery about them."""
    waiting_since: dt.datetime | None = None
    stuck_since: dt.datetime | None = None
    """First answer in a row by which the network did not confirm them."""
    doubted_since: dt.datetime | None = None
    """First import that gave their identifier to another person, while it is not decided whose it is."""


WAITS_FOR_NOTHING = frozenset({Phase.NOT_RELEASED, Phase.CURRENT})


def waits_since(phase: Phase, moments: Moments) -> dt.datetime | None:
    """Tell since when a person waits for what the phase is about; None where they wait for nothing.

    An answer that is awaited, the answer that left them stuck, or doubt whose the identifier is, whichever is oldest;
    otherwise the newest thing that happened: the release or its end, or the last delivery about them.
    """
    if phase in WAITS_FOR_NOTHING:
        return None
    asked = [at for at in (moments.waiting_since, moments.stuck_since, moments.doubted_since) if at]
    if asked:
        return min(asked)
    happened = [at for at in (moments.ended_at or moments.released_at, moments.announced_at) if at]
    return max(happened, default=None)
