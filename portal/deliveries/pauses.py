"""The pauses of a connection after failed calls (docs/domain.md#deliveries)."""

from __future__ import annotations

import datetime as dt

import structlog
from sqlalchemy import update

from portal.core.database import db, utcnow
from portal.core.settings import current_settings
from portal.deliveries.outcomes import RetryAt
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryProblem
from portal.domain.tenants import Connection
from portal.networks.protocol.errors import Garbled, NetworkError, Refused, Throttled, Unauthorised
from portal.tenants.queries import lock_connection

QUARANTINE_AFTER = 5
"""Failures in a row after which a tenant counts as quarantined."""
LONGEST_RETRY_AFTER = 3600
"""Seconds; a network that wants more is asked again then."""
log = structlog.get_logger()


def problem_of(error: NetworkError) -> DeliveryProblem:
    """What pages say of an error."""
    if isinstance(error, Unauthorised):
        return DeliveryProblem.UNAUTHORISED
    if isinstance(error, Refused):
        return {"licence-expired": DeliveryProblem.NETWORK_LICENCE_EXPIRED}.get(
            error.word, DeliveryProblem.REFUSED
        )
    if isinstance(error, Throttled):
        return DeliveryProblem.THROTTLED
    if isinstance(error, Garbled):
        return DeliveryProblem.FOREIGN_RECEIPT if error.word == "another-receipt" else DeliveryProblem.GARBLED
    return DeliveryProblem.UNAVAILABLE


def longest_pause() -> dt.timedelta:
    """Return how long to wait for what no attempt will mend soon."""
    return dt.timedelta(seconds=current_settings().retry_seconds[-1])


def pause(delivery: Delivery, error: NetworkError, now: dt.datetime) -> RetryAt:
    """Try again when the pause of the connection is over, which begins with this error. The caller commits."""
    delivery.problem = problem_of(error)
    return RetryAt(note_failure(delivery.connection_id, error, now))


def note_failure(connection_id: int, error: NetworkError, now: dt.datetime) -> dt.datetime:
    """Pause the connection after a failed call; until when. The caller commits."""
    settings = current_settings()
    connection = lock_connection(connection_id)
    pauses = settings.retry_seconds
    seconds = pauses[min(connection.failures, len(pauses) - 1)]
    ordered = isinstance(error, Throttled) and error.retry_after is not None
    if isinstance(error, Throttled) and error.retry_after is not None:
        seconds = min(max(error.retry_after, 1), LONGEST_RETRY_AFTER)
    if isinstance(error, Refused):
        seconds = pauses[-1]  # no attempt will mend it soon; the probe finds out when it is mended
    connection.failures += 1
    connection.problem = problem_of(error).value
    connection.paused_until = now + dt.timedelta(seconds=seconds)
    connection.pause_is_ordered = ordered
    connection.probe_at = None if ordered else now + dt.timedelta(seconds=settings.probe_seconds)
    if connection.failures >= QUARANTINE_AFTER and connection.quarantined_at is None:
        connection.quarantined_at = now
        log.warning("quarantine_began", connection=connection.id, problem=connection.problem)
    return connection.paused_until


def note_success(connection_id: int) -> None:
    """Forget the failures of a connection that answers again, and let its deliveries go on. The caller commits."""
    now = utcnow()
    ended = db.session.execute(
        update(Connection)
        .where(Connection.id == connection_id, Connection.failures > 0)
        .values(
            failures=0,
            paused_until=None,
            pause_is_ordered=False,
            probe_at=None,
            quarantined_at=None,
            problem=None,
        )
        .returning(Connection.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if ended is None:
        return
    log.info("network_answers_again", connection=connection_id)
    db.session.execute(
        update(Delivery)
        .where(
            Delivery.connection_id == connection_id,
            Delivery.next_step_at > now,
            Delivery.fruitless <= 0,  # trouble of its own does not end with the connection's
        )
        .values(next_step_at=now)
        .execution_options(synchronize_session=False)
    )
