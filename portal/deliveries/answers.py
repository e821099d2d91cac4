"""Ask for the answers to a committed delivery, and apply them page by page.

Source: docs/domain.md#order-of-answers, #waiting-for-answers.
"""

from __future__ import annotations

import datetime as dt

import structlog

from portal.core.database import db, utcnow
from portal.core.leases import Lease
from portal.core.settings import current_settings
from portal.deliveries.applying import apply_items
from portal.deliveries.attempts import client_for
from portal.deliveries.outcomes import Outcome, RetryAt, Stop, conclude
from portal.deliveries.pauses import longest_pause, note_success
from portal.deliveries.transitions import ANSWER, COMPLETE, move
from portal.deliveries.unanswered import Question, wait_longer
from portal.deliveries.waiting import count_answers, note_unanswered
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryProblem
from portal.domain.tenants import Connection
from portal.networks.protocol.client import NetworkClient
from portal.networks.protocol.contract import AcknowledgementPage
from portal.networks.protocol.errors import Garbled, NetworkError

SHORTEST_PAUSE = 0.2
"""Seconds between two questions, if the network wants to be asked again at once."""

STALLED_AFTER = 5
"""Pages in a row with answers, none of them new, after which a person is told."""

log = structlog.get_logger()


def ask(held: Lease[Delivery]) -> Outcome:
    """committed or answering → one page further, or complete; the time of the next question."""
    with held.step() as delivery:
        now = utcnow()
        connection = db.session.get_one(Connection, delivery.connection_id)
        if (
            connection.token_encrypted is None or connection.account_doubt
        ):  # another account knows nothing of it
            return conclude(delivery, RetryAt(now + longest_pause()), now)
        assert delivery.remote_id is not None
        question = Question(connection.id, delivery.remote_id, delivery.cursor, delivery.sequence)
        client = client_for(connection, delivery.id)
    with client:
        try:
            page = _read_page(question, client)
        except NetworkError as error:
            return wait_longer(held, question, client, error)
    with held.step() as delivery:
        now = utcnow()
        return conclude(delivery, _apply(delivery, question, page, client.retry_after, now), now)


def _read_page(question: Question, client: NetworkClient) -> AcknowledgementPage:
    page = client.read_acknowledgements(question.remote_id, question.cursor)
    if page.delivery_id != question.remote_id or page.sequence != question.sequence:
        raise Garbled("another-delivery")
    return page


def _apply(
    delivery: Delivery,
    question: Question,
    page: AcknowledgementPage,
    retry_after: float | None,
    now: dt.datetime,
) -> Outcome:
    """Apply a page and move the cursor."""
    if (
        delivery.cursor != question.cursor
    ):  # cannot be while we hold the lease; never apply a page twice all the same
        return RetryAt(now)
    news = apply_items(delivery, page.items, now)
    delivery.cursor = page.next
    if page.items:
        move(delivery, ANSWER, now)
    note_success(question.connection_id)
    if page.state == "complete" and (not page.items or page.next == question.cursor):
        missing = note_unanswered(delivery, now)
        if missing:
            log.warning("answers_missing", delivery=delivery.id, number=missing)
        return Stop(None, COMPLETE)
    pause = _pause_after(delivery, page, news, retry_after)
    if news:
        delivery.answered = count_answers(delivery.id)
    return RetryAt(now + dt.timedelta(seconds=pause))


def _pause_after(
    delivery: Delivery, page: AcknowledgementPage, news: int, retry_after: float | None
) -> float:
    """Seconds until the next question. Only new answers are progress: whatever else comes, the pauses grow."""
    if delivery.problem not in (None, DeliveryProblem.STALLED):  # errors, and now they are over
        delivery.problem, delivery.fruitless = None, min(delivery.fruitless, 0)
    if news:
        delivery.empty_polls, delivery.fruitless, delivery.problem = 0, min(delivery.fruitless, 0), None
        return 0.0
    if not page.items:
        delivery.empty_polls += 1
    else:
        delivery.fruitless += 1
        if delivery.fruitless <= 1:  # one page may come twice
            return 0.0
    if delivery.fruitless >= STALLED_AFTER:
        delivery.problem = DeliveryProblem.STALLED
    return poll_pause(max(delivery.empty_polls, delivery.fruitless - 1), retry_after)


def poll_pause(empty_polls: int, retry_after: float | None) -> float:
    """Seconds until the next question after so many pages in a row without news: ever longer, within the setting.

    The network may say when to ask again; the more often it was wrong, the less it is believed.
    """
    settings = current_settings()
    growth = float(2 ** min(empty_polls - 1, 20))
    own = settings.poll_seconds * growth if retry_after is None else max(retry_after, SHORTEST_PAUSE * growth)
    return min(own, settings.poll_limit_seconds)
