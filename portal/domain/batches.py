"""Runs that are done in batches, each a transaction: who may work on one, and how long.

A run has `state`, `lease_until`, `fence` and `crashes`: decisions for many people, erasures of a night.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.engine import CursorResult

from portal.core.database import db, rollback, utcnow
from portal.core.db_errors import TRANSIENT_ERRORS, put_off_claim
from portal.core.settings import current_settings
from portal.domain.bulk import BulkRun, BulkState
from portal.domain.erasures import ErasureRun, ErasureState

CRASHES = 3
"""After so many claims in a row that ended without a word a run ends as it is."""

Run = TypeVar("Run", BulkRun, ErasureRun)
_STATES: dict[type, type[BulkState | ErasureState]] = {BulkRun: BulkState, ErasureRun: ErasureState}

log = structlog.get_logger()


class LeaseLost(Exception):
    """Somebody else has the run now: whoever gets this stops at once, having written nothing."""


@dataclass(frozen=True)
class Lease(Generic[Run]):
    """The right to work on a run: its fencing number is the newest."""

    model: type[Run]
    run_id: int
    tenant_id: int
    fence: int


def acquire(model: type[Run], run_id: int) -> Lease[Run] | None:
    """Claim a run that waits or was abandoned; None where it has ended, or somebody has it. Commit right after."""
    now, states = utcnow(), _STATES[model]
    taken = db.session.execute(
        update(model)
        .where(
            model.id == run_id,
            model.state.in_((states.WAITING, states.RUNNING)),
            or_(model.lease_until.is_(None), model.lease_until < now),
        )
        .values(
            state=states.RUNNING,
            fence=model.fence + 1,
            lease_until=_until(now),
            crashes=model.crashes + 1,  # taken back with each piece that was done
        )
        .returning(model.tenant_id, model.fence)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return Lease(model, run_id, taken.tenant_id, taken.fence) if taken else None


def renew(held: Lease[Run]) -> Run:
    """Renew the lease and return the run, freshly read; LeaseLost where another process has it.

    First statement of every transaction that writes, so that nobody claims in between.
    """
    model = held.model
    result = db.session.execute(
        update(model)
        .where(model.id == held.run_id, model.fence == held.fence, model.state == _STATES[model].RUNNING)
        .values(lease_until=_until(utcnow()))
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    if not result.rowcount:
        raise LeaseLost
    query = select(model).where(model.id == held.run_id).execution_options(populate_existing=True)
    return db.session.scalars(query).one()


def run_batches(held: Lease[Run], piece: Callable[[Lease[Run]], bool]) -> None:
    """Do one piece after the other while it says that there are more. A hindered database puts the rest off."""
    try:
        while piece(held):
            pass
    except LeaseLost:
        rollback()
        log.info("claim_lost", run=held.run_id, kind=held.model.__tablename__)
    except TRANSIENT_ERRORS as error:
        put_off_claim(partial(_put_off, held), error)


def _put_off(held: Lease[Run], until: dt.datetime) -> None:
    """Give the claim back because the database hindered the work: that is no crash, and it goes on at `until`."""
    model = held.model
    db.session.execute(
        update(model)
        .where(model.id == held.run_id, model.fence == held.fence, model.crashes > 0)
        .values(lease_until=until, crashes=model.crashes - 1)
        .execution_options(synchronize_session=False)
    )


def _until(now: dt.datetime) -> dt.datetime:
    return now + dt.timedelta(seconds=current_settings().lease_seconds)
