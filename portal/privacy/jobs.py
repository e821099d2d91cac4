"""A tenant's nightly erasure, done piece by piece, resumable from what is in the database."""

from __future__ import annotations

import datetime as dt
from functools import partial

import structlog

from portal.core.database import EVERY_TENANT, commit, scope_to, utcnow
from portal.core.leases import Lease
from portal.domain.batches import CRASHES, acquire, renew, run_batches
from portal.domain.erasures import ErasureRun, ErasureState
from portal.privacy.service import do_some, finish, must_wait

BATCH = 25
"""People in one transaction: each may have hundreds of lines, and others want to write, too."""
WAIT = dt.timedelta(minutes=5)

log = structlog.get_logger()


def run_erasure(erasure_id: int, batch: int = BATCH) -> None:
    """Do what is left of a night. Harmless when done twice, at the same time, or killed anywhere.

    One that died too often ends as it is; the next night goes on.
    """
    scope_to(EVERY_TENANT)
    held = acquire(ErasureRun, erasure_id)
    if held is not None:
        scope_to(held.tenant_id)
    commit()
    if held is not None:
        run_batches(held, partial(_do_piece, batch=batch))


def _do_piece(held: Lease[ErasureRun], batch: int) -> bool:
    """One piece, one transaction; whether there may be another."""
    run, now = renew(held), utcnow()
    if must_wait():
        run.state, run.crashes, run.lease_until = ErasureState.WAITING, 0, now + WAIT
        commit()
        return False
    if run.crashes > CRASHES:
        run.problem = "erasure-crashed"
        more = False
    else:
        more = do_some(run, now, batch)
        run.crashes = 0
    if not more:
        finish(run, now)
        run.state, run.finished_at, run.lease_until = ErasureState.DONE, now, None
        log.info("erasure_ended", erasure=run.id, people=run.people, parts=run.parts, problem=run.problem)
    commit()
    return more
