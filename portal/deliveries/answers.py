"""Ask for the answers to a committed delivery, and apply them page by page.

Source: docs/domain.md#order-of-answers, #waiting-for-answers.
"""

from __future__ import annotations

import datetime as dt

import structlog

from portal.core.database import commit, db, utcnow
from portal.core.leases import Lease, renew
from portal.core.settings import current_settings
from portal.deliveries.applying import apply_items
from portal.deliveries.attempts import client_for, note_success, recording
from portal.deliveries.unanswered import Question, wait_longer
from portal.deliveries.waiting import complete, count_answers
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryProblem, DeliveryState
from portal.domain.tenants import Connection
from portal.networks.protocol.client import Garbled, NetworkClient, NetworkError
from portal.networks.protocol.contract import AcknowledgementPage

SHORTEST_PAUSE = 0.2
"""Seconds between two questions, if the network wants to be asked again at once."""

STALLED_AFTER = 5
"""Pages in a row with answers, none of them new, after which a person is told."""

log = structlog.get_logger()


def ask(held: Lease[Delivery]) -> dt.datetime | None:
    """committed or answering → one page further, or complete; the time of the next question."""
    delivery = renew(held, utcnow())
    connection = db.session.get_one(Connection, delivery.connection_id)
    assert delivery.remote_id is not None
    question = Question(connection.id, delivery.remote_id, delivery.cursor, delivery.sequence)
    if connection.token_sealed is None or connection.account_doubt:  # another account knows nothing of it
        commit()
        return utcnow() + dt.timedelta(seconds=current_settings().retry_seconds[-1])
    with client_for(connection) as client:
        commit()
        try:
            page = _read_page(held, question, client)
        except NetworkError as error:
            return wait_longer(held, question, client, error)
        return _apply(held, question, page, client.retry_after)


def _read_page(held: Lease[Delivery], question: Question, client: NetworkClient) -> AcknowledgementPage:
    with recording(client, question.connection_id, held.tenant_id, held.row_id):
        page = client.read_acknowledgements(question.remote_id, question.cursor)
    if page.delivery_id != question.remote_id or page.sequence != question.sequence:
        raise Garbled("another-delivery")
    return page


def _apply(
    held: Lease[Delivery], question: Question, page: AcknowledgementPage, retry_after: float | None
) -> dt.datetime | None:
    """Apply a page and move the cursor, in one transaction."""
    now = utcnow()
    delivery = renew(held, now)
    if (
        delivery.cursor != question.cursor
    ):  # cannot be while we hold the claim; never apply a page twice all the same
        commit()
        return now
    news = apply_items(delivery, page.items, now)
    delivery.cursor = page.next
    if delivery.state is DeliveryState.COMMITTED and page.items:
        delivery.state = DeliveryState.ANSWERING
    note_success(question.connection_id)
    if page.state == "complete" and (not page.items or page.next == question.cursor):
        _complete(delivery, now)
        commit()
        return None
    pause = _pause_after(delivery, page, news, retry_after)
    if news:
        delivery.answered = count_answers(delivery.id)
    commit()
    return now + dt.timedelta(seconds=pause)


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


def _complete(delivery: Delivery, now: dt.datetime) -> None:
    delivery.problem = None
    missing = complete(delivery, now)
    if missing:
        log.warning("answers_missing", delivery=delivery.id, number=missing)


def poll_pause(empty_polls: int, retry_after: float | None) -> float:
    """Seconds until the next question after so many pages in a row without news: ever longer, within the setting.

    The network may say when to ask again; the more often it was wrong, the less it is believed.
    """
    settings = current_settings()
    growth = float(2 ** min(empty_polls - 1, 20))
    own = settings.poll_seconds * growth if retry_after is None else max(retry_after, SHORTEST_PAUSE * growth)
    return min(own, settings.poll_limit_seconds)
