"""One decision for many people, done piece by piece, resumable from what is in the database."""

from __future__ import annotations

from functools import partial

import structlog

from portal.bulk.service import do_some
from portal.core.database import EVERY_TENANT, commit, scope_to, utcnow
from portal.core.leases import Lease
from portal.domain.batches import CRASHES, acquire, renew, run_batches
from portal.domain.bulk import BulkRun, BulkState

BATCH = 50
"""People in one transaction: SQLite has one writer, and others want to write too."""

log = structlog.get_logger()


def run_bulk(bulk_id: int, batch: int = BATCH) -> None:
    """Do what is left of a run. Harmless when done twice, at the same time, or killed anywhere."""
    scope_to(EVERY_TENANT)
    held = acquire(BulkRun, bulk_id)
    if held is not None:
        scope_to(held.tenant_id)
    commit()
    if held is not None:
        run_batches(held, partial(_do_piece, batch=batch))


def _do_piece(held: Lease[BulkRun], batch: int) -> bool:
    """One piece, one transaction; whether there may be another."""
    run = renew(held)
    if run.crashes > CRASHES:
        run.problem = "bulk-crashed"
        more = False
    else:
        more = do_some(run, utcnow(), batch)
        run.crashes = 0
    if not more:
        run.state, run.finished_at, run.lease_until = BulkState.DONE, utcnow(), None
    commit()
    if not more:
        log.info("bulk_run_ended", bulk_run=held.row_id)
    return more
