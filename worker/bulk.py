"""One decision for many people, done piece by piece, resumable from what is in the database."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.engine import CursorResult

from portal import current_settings
from portal.bulk.models import UNFINISHED, BulkRun, BulkState
from portal.bulk.service import do_some
from portal.database import EVERY_TENANT, commit, db, rollback, scope_to, utcnow
from portal.hindered import HINDRANCES, put_off_claim

BATCH = 50
"""People in one transaction: SQLite has one writer, and others want to write too."""
CRASHES = 3
"""After so many claims in a row that ended without a word a run ends as it is."""

log = structlog.get_logger()


@dataclass(frozen=True)
class _Claim:
    bulk_id: int
    tenant_id: int
    fence: int


class _LostClaim(Exception):
    """Somebody else has the run now."""


def run_bulk(bulk_id: int, batch: int = BATCH) -> None:
    """Do what is left of a run. Harmless when done twice, at the same time, or killed anywhere."""
    scope_to(EVERY_TENANT)
    held = _claim(bulk_id)
    if held is not None:
        scope_to(held.tenant_id)
    commit("bulk.claimed")
    if held is None:
        return
    try:
        more = True
        while more:
            run = _hold(held)
            if run.crashes > CRASHES:
                run.problem = "bulk-crashed"
                more = False
            else:
                more = do_some(run, utcnow(), batch)
                run.crashes = 0
            if not more:
                run.state, run.finished_at, run.lease_until = BulkState.DONE, utcnow(), None
            commit("bulk.piece")
        log.info("bulk_run_ended", bulk_run=bulk_id)
    except _LostClaim:
        rollback()
        log.info("claim_lost", bulk_run=bulk_id)
    except HINDRANCES as error:
        put_off_claim(partial(_put_off, held), error)


def _claim(bulk_id: int) -> _Claim | None:
    now = utcnow()
    taken = db.session.execute(
        update(BulkRun)
        .where(
            BulkRun.id == bulk_id,
            BulkRun.state.in_(UNFINISHED),
            or_(BulkRun.lease_until.is_(None), BulkRun.lease_until < now),
        )
        .values(
            state=BulkState.RUNNING,
            fence=BulkRun.fence + 1,
            lease_until=_until(now),
            crashes=BulkRun.crashes + 1,  # taken back with each piece that was done
        )
        .returning(BulkRun.tenant_id, BulkRun.fence)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return _Claim(bulk_id, taken.tenant_id, taken.fence) if taken else None


def _hold(held: _Claim) -> BulkRun:
    """Renew the lease: the first statement of every transaction that writes, so that nobody claims in between."""
    result = db.session.execute(
        update(BulkRun)
        .where(BulkRun.id == held.bulk_id, BulkRun.fence == held.fence, BulkRun.state == BulkState.RUNNING)
        .values(lease_until=_until(utcnow()))
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    if not result.rowcount:
        raise _LostClaim
    query = select(BulkRun).where(BulkRun.id == held.bulk_id).execution_options(populate_existing=True)
    return db.session.scalars(query).one()


def _put_off(held: _Claim, until: dt.datetime) -> None:
    """Give the claim back because the database hindered the work: that is no crash."""
    db.session.execute(
        update(BulkRun)
        .where(BulkRun.id == held.bulk_id, BulkRun.fence == held.fence, BulkRun.crashes > 0)
        .values(lease_until=until, crashes=BulkRun.crashes - 1)
        .execution_options(synchronize_session=False)
    )


def _until(now: dt.datetime) -> dt.datetime:
    return now + dt.timedelta(seconds=current_settings().lease_seconds)
