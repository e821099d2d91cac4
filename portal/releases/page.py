"""What a participant's page needs beside `explain`: lines of the protocol, and how often to ask."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, assert_never
from urllib.parse import quote

from portal.core.masking import is_hidden
from portal.core.refusal import NotFound
from portal.core.settings import current_settings
from portal.domain.participants import Mediator
from portal.domain.releases import ProtocolEntry
from portal.domain.rules.phase import Phase
from portal.domain.rules.preflight import wants_confirmation
from portal.domain.rules.status import Archiving, Reason, read_reason
from portal.networks import addresses as network_addresses
from portal.releases.list_address import ListAddress
from portal.releases.queries import Explanation, delivery_numbers, find_beside, protocol
from portal.releases.reason_help import MEDIATOR_RENEWED, REASON_HELP, WITHDRAWN_UNASKED
from portal.releases.rows import archived_as, consent_of, lacks_known_mediator
from portal.tenants.context import TenantContext

PAGE = 20
_AT_MOST = 500
_UNDER_WAY = frozenset({Phase.TRANSFERRING, Phase.OUTCOME_UNKNOWN, Phase.SENT, Phase.ARCHIVING})
_UNDER_WAY_SECONDS = 2
_AT_REST_SECONDS = 7


@dataclass(frozen=True)
class Lines:
    """Lines of a protocol, newest first."""

    entries: list[ProtocolEntry]
    numbers: dict[int, int]
    """Of the deliveries they name, by row."""
    older_than: int | None
    """The line to go on from; None where it was the first."""

    @property
    def since(self) -> int:
        """The oldest of these lines, from which on the open page asks again; 0 where there is none."""
        return self.entries[-1].id if self.entries else 0


def newest_lines(participant_id: int, since: int | None) -> Lines:
    """The newest lines: a page of them, or all from `since` on, so that none is lost to a page that grows."""
    if since is None:
        return older_lines(participant_id, None)
    found = [entry for entry in protocol(participant_id, limit=_AT_MOST) if entry.id >= since]
    return Lines(found, delivery_numbers(found), since if protocol(participant_id, since, 1) else None)


def older_lines(participant_id: int, before: int | None) -> Lines:
    """A page of lines older than `before`."""
    found = protocol(participant_id, before, PAGE + 1)
    kept = found[:PAGE]
    return Lines(kept, delivery_numbers(kept), kept[-1].id if len(found) > PAGE else None)


@dataclass(frozen=True)
class Neighbours:
    """The participants before and after one in the list that the page was opened from."""

    previous: int | None
    next: int | None


def neighbours(context: TenantContext, where: ListAddress, participant_id: int) -> Neighbours:
    """Return their neighbours in the list as filtered and sorted; none where the searched text is gone."""
    try:
        filters = where.filters(where.text())
    except NotFound:
        return Neighbours(None, None)
    return Neighbours(*find_beside(context, filters, participant_id))


def refused_because(person: Explanation) -> Reason | None:
    """Why the network does not carry a person who is released; None where it said nothing of the kind."""
    if person.rejection is not None:
        return person.rejection
    registration = person.registration
    if registration is None or not registration.released or not registration.archived:
        return None
    if archived_as(registration) is Archiving.AS_TOLD:
        return None
    return read_reason(registration.archive_reason) or Reason.INVALID_DATA


def refusal_help(person: Explanation) -> Any:
    """What to do about that; None where the network refused nothing."""
    reason = refused_because(person)
    if reason is Reason.WITHDRAWN:
        return WITHDRAWN_UNASKED
    if reason is Reason.MEDIATOR_UNKNOWN and person.rejection is None and unknown_mediator(person) is None:
        return MEDIATOR_RENEWED
    return REASON_HELP[reason] if reason else None


def unknown_mediator(person: Explanation) -> Mediator | None:
    """The mediator whom the network would have to know; None where it does not archive for want of one."""
    registration = person.registration
    wanted = refused_because(person) is Reason.MEDIATOR_UNKNOWN and person.rejection is None
    return (
        person.mediator
        if wanted and registration and lacks_known_mediator(registration, person.mediator_registration)
        else None
    )


def shown_since(person: Explanation) -> dt.datetime | None:
    """Since when the phase is what it is, as its page says; None where that says nothing."""
    delivery = person.delivery
    match person.phase:
        case Phase.HELD:
            return delivery.held_at if delivery else None
        case Phase.OUTCOME_UNKNOWN:
            return delivery.commit_attempted_at if delivery else None
        case Phase.TRANSFERRING:
            return delivery.created_at if delivery else None
        case Phase.SCHEDULED | Phase.WITHDRAWAL_SCHEDULED | Phase.NOT_RELEASED | Phase.CURRENT:
            return None
        case (
            Phase.CLARIFICATION
            | Phase.REJECTED
            | Phase.MEDIATOR_UNKNOWN
            | Phase.OVERDUE
            | Phase.ARCHIVING
            | Phase.SENT
            | Phase.BLOCKED
        ):
            return person.since
        case _:
            assert_never(person.phase)


def asks_for_consent(person: Explanation) -> bool:
    """Whether releasing has to confirm that consent is at hand."""
    participant, context = person.participant, person.context
    if context is None or context.connection is None:
        return False
    return wants_confirmation(consent_of(participant), context.connection.network, context.today)


def applicant_page(person: Explanation) -> str | None:
    """Address of their page in the network, for people; None where they have no Bewerber-ID, or no page is known."""
    connection = person.context.connection if person.context else None
    applicant_id = person.registration.applicant_id if person.registration else None
    if connection is None or not applicant_id or is_hidden(applicant_id):
        return None
    template = network_addresses.applicant_page(connection.network, current_settings())
    return template.replace("{applicant_id}", quote(applicant_id, safe="")) if template else None


def seconds_until_asked(person: Explanation) -> int:
    """How long the open page waits before it asks for news."""
    return _UNDER_WAY_SECONDS if person.phase in _UNDER_WAY else _AT_REST_SECONDS
