"""What support does for a tenant from outside. Never commits."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from portal.core.database import db
from portal.core.queue import enqueue_after_commit
from portal.domain.tenants import Connection
from portal.operations.errors import ConnectionUnknown, ConnectionWell, RetryLater


def try_again(connection_id: int, now: dt.datetime) -> Connection:
    """Ask a network that failed now whether it is back; if so, its deliveries go on at once.

    Raises NotFound; Refusal `connection-well`, and `retry-later` where the network itself said when.
    """
    connection = db.session.scalar(select(Connection).where(Connection.id == connection_id))
    if connection is None:
        raise ConnectionUnknown
    if connection.failures == 0:
        raise ConnectionWell
    if connection.pause_is_ordered and connection.paused_until and connection.paused_until > now:
        raise RetryLater
    connection.probe_at = now
    enqueue_after_commit(Connection, connection.id)
    return connection
