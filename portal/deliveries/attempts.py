"""The calls to a network: its client, what came of each call, and the probe after failures."""

from __future__ import annotations

import datetime as dt
from functools import partial

from sqlalchemy import select, update

from portal.core.crypto import current_keyring
from portal.core.database import commit, db, utcnow
from portal.core.settings import current_settings
from portal.deliveries.account_checks import take_in
from portal.deliveries.pauses import note_failure, note_success
from portal.deliveries.reconciliation import look_whether_it_fits, take_up
from portal.domain.deliveries import Attempt
from portal.domain.tenants import Connection, token_place
from portal.networks.addresses import base_url
from portal.networks.protocol.client import Call, NetworkClient
from portal.networks.protocol.contract import RemoteDelivery
from portal.networks.protocol.errors import NetworkError
from portal.tenants.queries import lock_connection

QUESTIONS = frozenset({"readAccount", "readDelivery", "listDeliveries", "readAcknowledgements"})
"""Calls that change nothing at the network: asked again, they are counted, whatever came of them."""


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
