"""What follows when the answers to a delivery cannot be read: whose trouble it is, and when to ask again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import structlog

from portal.core.database import utcnow
from portal.core.leases import Lease
from portal.core.settings import current_settings
from portal.deliveries.outcomes import Outcome, RetryAt, Stop, conclude
from portal.deliveries.pauses import note_success, pause, problem_of
from portal.deliveries.transitions import COMPLETE
from portal.deliveries.waiting import is_told_anew, note_unanswered, tell_anew
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryProblem
from portal.networks.protocol.client import NetworkClient
from portal.networks.protocol.errors import NetworkError, Refused, Throttled, Unauthorised, Unavailable

_FORGOTTEN = frozenset({(404, "not-found"), (409, "incomplete-delivery")})
"""The network's own word that it does not know a delivery, or does not know that it was committed."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Question:
    """What is asked, read once, so that the database is free during the call."""

    connection_id: int
    remote_id: str
    cursor: str | None
    sequence: int


def wait_longer(
    held: Lease[Delivery], question: Question, client: NetworkClient, error: NetworkError
) -> Outcome:
    """Pause the delivery where the trouble is its own, else the connection; or end the waiting.

    A connection that is paused sends nothing, withdrawals of consent included: one delivery must not bring that about.
    """
    forgotten = isinstance(error, Refused) and (error.http_status, error.word) in _FORGOTTEN
    own = forgotten or (not _is_the_connections(error) and _answers_else(client))
    with held.step() as delivery:
        now = utcnow()
        if not own:
            return conclude(delivery, pause(delivery, error, now), now)
        note_success(question.connection_id)
        if forgotten:
            return conclude(delivery, _go_on_without(delivery, error, now), now)
        if error.http_status == 422:
            delivery.cursor = None  # it does not know its own cursor any more: reading begins anew
        return conclude(delivery, _ask_later(delivery, error, problem_of(error), now), now)


def _is_the_connections(error: NetworkError) -> bool:
    """Whether an error says by itself that it is not about one delivery: no answer at all, no token, no patience."""
    unreached = isinstance(error, Unavailable) and error.http_status is None
    return unreached or isinstance(error, Unauthorised | Throttled)


def _answers_else(client: NetworkClient) -> bool:
    """Return whether the network answers another question as it should."""
    try:
        client.read_account()
    except NetworkError:
        return False
    return True


def _go_on_without(delivery: Delivery, error: NetworkError, now: dt.datetime) -> Outcome:
    """End a delivery that the network forgot: everyone in it is announced again, and no answer is awaited."""
    if delivery.problem is not DeliveryProblem.FORGOTTEN:
        log.error("delivery_forgotten", delivery=delivery.id)
        tell_anew(delivery, now)
    if not is_told_anew(delivery):
        return _ask_later(delivery, error, DeliveryProblem.FORGOTTEN, now)
    note_unanswered(delivery, now)
    return Stop(DeliveryProblem.FORGOTTEN, COMPLETE)


def _ask_later(
    delivery: Delivery, error: NetworkError, problem: DeliveryProblem, now: dt.datetime
) -> RetryAt:
    """Put off the next question for this delivery alone; not beyond the time after which a network is asked anyway.

    Another attempt would soon mend no refusal, so that the longest pause comes first.
    """
    settings = current_settings()
    delivery.problem = problem
    delivery.fruitless = max(delivery.fruitless, 0) + 1
    pauses = settings.retry_seconds[-1:] if isinstance(error, Refused) else settings.retry_seconds
    seconds = min(pauses[min(delivery.fruitless, len(pauses)) - 1], settings.probe_seconds)
    return RetryAt(now + dt.timedelta(seconds=seconds))
