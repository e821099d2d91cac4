"""One decision for many people, done piece by piece, resumable from what is in the database."""

from __future__ import annotations

from functools import partial

import structlog

from portal.bulk.execution import do_some
from portal.bulk.service import forget_runs
from portal.core.database import utcnow
from portal.core.jobs import Job, Periodic
from portal.domain.batches import CRASHES, due_runs, run_batches
from portal.domain.bulk import BulkRun, BulkState

BATCH = 50
"""People in one transaction: SQLite has one writer, and others want to write too."""

log = structlog.get_logger()


def run_bulk(bulk_id: int, batch: int = BATCH) -> None:
    """Do what is left of a run."""
    run_batches(BulkRun, bulk_id, partial(_do_piece, batch=batch))


def _do_piece(run: BulkRun, batch: int) -> bool:
    """One piece; whether there may be another."""
    if run.crashes > CRASHES:
        run.problem = "bulk-crashed"
        more = False
    else:
        more = do_some(run, utcnow(), batch)
        run.crashes = 0
    if not more:
        run.state, run.finished_at, run.lease_until = BulkState.DONE, utcnow(), None
        log.info("bulk_run_ended", bulk_run=run.id)
    return more


JOBS = (Job(BulkRun, partial(due_runs, BulkRun), run_bulk),)
PERIODIC = (Periodic(forget_runs),)
