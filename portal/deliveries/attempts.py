"""What becomes of a call to the network: its attempt row, and the pauses after failures (docs/domain.md#deliveries)."""

from __future__ import annotations

import datetime as dt
from functools import partial

import structlog
from sqlalchemy import select, update

from portal.core.crypto import current_keyring
from portal.core.database import commit, db, utcnow
from portal.core.settings import current_settings
from portal.deliveries.account_checks import take_in
from portal.deliveries.outcomes import RetryAt
from portal.deliveries.reconciliation import look_whether_it_fits, take_up
from portal.domain.deliveries import Attempt, Delivery
from portal.domain.delivery_states import DeliveryProblem
from portal.domain.tenants import Connection, token_place
from portal.networks.addresses import base_url
from portal.networks.protocol.client import Call, NetworkClient
from portal.networks.protocol.contract import RemoteDelivery
from portal.networks.protocol.errors import Garbled, NetworkError, Refused, Throttled, Unauthorised
from portal.tenants.queries import lock_connection

QUARANTINE_AFTER = 5
"""Failures in a row after which a tenant counts as quarantined."""
LONGEST_RETRY_AFTER = 3600
"""Seconds; a network that wants more is asked again then."""

QUESTIONS = frozenset({"readAccount", "readDelivery", "listDeliveries", "readAcknowledgements"})
"""Calls that change nothing at the network: asked again, they are counted, whatever came of them."""

log = structlog.get_logger()


def client_for(connection: Connection, delivery_id: int | None = None) -> NetworkClient:
    """Return the client that speaks for a connection, which must have a token.

    What came of each call is stored at once, in a transaction of its own: none is open while it calls.
    """
    settings = current_settings()
    assert connection.token_encrypted is not None
    token = current_keyring().decrypt(connection.token_encrypted, token_place(connection.id)).decode()
    return NetworkClient(
        base_url(connection.network, settings),
        token,
        read_seconds=settings.network_read_seconds,
        ca_file=settings.network_ca_file,
        on_call=partial(_store, connection.tenant_id, connection.id, delivery_id),
    )


def _store(tenant_id: int, connection_id: int, delivery_id: int | None, call: Call) -> None:
    """Store an attempt, or count it where an equal one of the same delivery is stored.

    A night of polling would otherwise bury what opened, filled and committed the delivery. What succeeded and is no
    question keeps a row of its own. Requests of no delivery are counted by UTC day, since they may go on for years.
    """
    attempt = Attempt(
        tenant_id=tenant_id,
        connection_id=connection_id,
        delivery_id=delivery_id,
        at=call.at,
        call=call.name,
        http_status=call.http_status,
        duration_ms=call.duration_ms,
        problem=call.problem,
    )
    repeated = call.problem is not None or call.name in QUESTIONS
    equal = _find_equal(attempt) if repeated else None
    if equal is None:
        db.session.add(attempt)
    else:
        db.session.execute(
            update(Attempt)
            .where(Attempt.id == equal)
            .values(count=Attempt.count + 1, last_at=call.at, duration_ms=call.duration_ms)
            .execution_options(synchronize_session=False)
        )
    commit()


def _find_equal(attempt: Attempt) -> int | None:
    query = select(Attempt.id).where(
        Attempt.connection_id == attempt.connection_id,
        Attempt.delivery_id.is_not_distinct_from(attempt.delivery_id),
        Attempt.call == attempt.call,
        Attempt.http_status.is_not_distinct_from(attempt.http_status),
        Attempt.problem.is_not_distinct_from(attempt.problem),
    )
    if attempt.delivery_id is None:
        query = query.where(Attempt.at >= attempt.at.replace(hour=0, minute=0, second=0, microsecond=0))
    return db.session.scalar(query.order_by(Attempt.id.desc()).limit(1))


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


def probe(connection_id: int) -> None:
    """Ask the network whether it is back, or whether it knows us; success ends a pause. Commits."""
    connection = db.session.get(Connection, connection_id)
    if connection is None or connection.probe_at is None or connection.token_encrypted is None:
        return
    failing = connection.failures > 0
    # whatever comes of it, even the death of this process, it is not due again before
    connection.probe_at = utcnow() + dt.timedelta(seconds=current_settings().probe_seconds)
    attempted, remote = connection.attempted_sequence, list[RemoteDelivery]()
    with client_for(connection) as client:
        commit()  # no transaction stays open during a slow call
        try:
            account = client.read_account()
            if account.last_sequence > attempted:
                remote = client.list_deliveries(attempted)
        except NetworkError as error:
            if not failing:
                note_failure(connection_id, error, utcnow())
        else:
            found = lock_connection(connection_id)
            found.probe_at = found.problem = None
            doubt = take_in(found, account, utcnow())
            if doubt:
                found.problem = doubt.value
            else:
                take_up(found, remote, utcnow())
                look_whether_it_fits(found, utcnow())
            note_success(connection_id)
        commit()
