"""A tenant's nightly erasure, done piece by piece, resumable from what is in the database."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Select, or_, select

from portal.core.database import utcnow
from portal.core.jobs import Job, Periodic
from portal.domain.batches import CRASHES, due_runs, run_batches
from portal.domain.erasures import ErasureRun, ErasureState
from portal.domain.tenants import Tenant
from portal.privacy.service import do_some, finish, must_wait, plan_erasure

BATCH = 25
"""People in one transaction: each may have hundreds of lines, and others want to write, too."""
WAIT = dt.timedelta(minutes=5)

log = structlog.get_logger()


def run_erasure(erasure_id: int, batch: int = BATCH) -> None:
    """Do what is left of a night. One that died too often ends as it is; the next night goes on."""
    run_batches(ErasureRun, erasure_id, partial(_do_piece, batch=batch))


def _do_piece(run: ErasureRun, batch: int) -> bool:
    """One piece; whether there may be another."""
    now = utcnow()
    if must_wait():
        run.state, run.crashes, run.lease_until = ErasureState.WAITING, 0, now + WAIT
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
    return more


def _tenants_at_night(now: dt.datetime) -> Select[*tuple[Any, ...]]:
    due = or_(Tenant.next_erasure_at.is_(None), Tenant.next_erasure_at <= now)
    return select(Tenant.id).where(due)


JOBS = (Job(ErasureRun, partial(due_runs, ErasureRun), run_erasure),)
PERIODIC = (Periodic(plan_erasure, _tenants_at_night),)
