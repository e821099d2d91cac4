"""Runs that are done in batches, each a transaction: who may work on one, and how long.

A run has `state`, `lease_until`, `fence` and `crashes`: decisions for many people, erasures of a night.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog
from sqlalchemy import select

from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.core.db_errors import TRANSIENT_ERRORS, put_off
from portal.core.leases import Lease, LeaseLost, is_free, take
from portal.core.settings import current_settings
from portal.domain.bulk import BulkRun, BulkState
from portal.domain.erasures import ErasureRun, ErasureState

CRASHES = 3
"""After so many claims in a row that ended without a word a run ends as it is."""

Run = TypeVar("Run", BulkRun, ErasureRun)
_STATES: dict[type, type[BulkState | ErasureState]] = {BulkRun: BulkState, ErasureRun: ErasureState}

log = structlog.get_logger()


def acquire(model: type[Run], run_id: int) -> Lease[Run] | None:
    """Take the lease of a run that waits or was abandoned; None where it has ended, or another process has it."""
    states, seconds = _STATES[model], current_settings().lease_seconds
    going = model.state.in_((states.WAITING, states.RUNNING))
    return take(model, run_id, utcnow(), seconds, going, state=states.RUNNING)


def run_batches(model: type[Run], run_id: int, piece: Callable[[Run], bool]) -> None:
    """Do what is left of a run, a transaction for each piece, while `piece` says that there are more.

    Harmless when done twice, at the same time, or killed anywhere. A hindered database puts the rest off.
    """
    scope_to(EVERY_TENANT)
    held = acquire(model, run_id)
    if held is not None:
        scope_to(held.tenant_id)
    commit()
    if held is None:
        return
    more = True
    try:
        while more:
            with held.step(model.state == _STATES[model].RUNNING) as run:
                more = piece(run)
    except LeaseLost:
        log.info("claim_lost", run=run_id, kind=model.__tablename__)
    except TRANSIENT_ERRORS as error:
        put_off(held, error)


def due_runs(model: type[Run], now: dt.datetime, limit: int) -> Sequence[int]:
    """Return the runs that wait or were abandoned, in their order."""
    states = _STATES[model]
    going = model.state.in_((states.WAITING, states.RUNNING))
    query = select(model.id).where(going, is_free(model, now)).order_by(model.id)
    return db.session.scalars(query.limit(limit)).all()
