"""Transient errors of the database: work is deferred, and does not count as a crash."""

from __future__ import annotations

import datetime as dt

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from portal.core.database import commit, rollback, utcnow
from portal.core.leases import Counted, Lease, defer

TRANSIENT_ERRORS = (OperationalError, InterfaceError, PoolTimeout)
"""No answer, no room, a deadlock, a serialisation failure: what passes by itself."""
PAUSE = dt.timedelta(seconds=5)

log = structlog.get_logger()


def put_off(held: Lease[Counted], error: SQLAlchemyError) -> None:
    """Give a lease back for a moment; where not even that can be written, it runs out. Commits."""
    rollback()
    log.warning("database_hindered", error=type(error.__cause__ or error).__name__)
    try:
        defer(held, utcnow() + PAUSE)
        commit()
    except SQLAlchemyError:
        rollback()
