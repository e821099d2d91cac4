"""A tenant's nightly erasure, done piece by piece, resumable from what is in the database."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.engine import CursorResult

from portal import current_settings
from portal.database import EVERY_TENANT, commit, db, rollback, scope_to, utcnow
from portal.privacy.models import UNFINISHED, ErasureRun, ErasureState
from portal.privacy.service import do_some, finish, must_wait

BATCH = 25
"""People in one transaction: each may have hundreds of lines, and others want to write, too."""
CRASHES = 3
"""After so many claims in a row that ended without a word a night ends as it is; the next one goes on."""
WAIT = dt.timedelta(minutes=5)

log = structlog.get_logger()


@dataclass(frozen=True)
class _Claim:
    erasure_id: int
    tenant_id: int
    fence: int


class _LostClaim(Exception):
    """Somebody else has the night now."""


def run_erasure(erasure_id: int, batch: int = BATCH) -> None:
    """Do what is left of a night. Harmless when done twice, at the same time, or killed anywhere."""
    scope_to(EVERY_TENANT)
    held = _claim(erasure_id)
    commit("erasure.claimed")
    if held is None:
        return
    scope_to(held.tenant_id)
    try:
        while _go_on(held, batch):
            pass
    except _LostClaim:
        rollback()
        log.info("claim_lost", erasure=erasure_id)


def _go_on(held: _Claim, batch: int) -> bool:
    """One piece, one transaction; whether there may be another."""
    run, now = _hold(held), utcnow()
    if must_wait():
        run.state, run.crashes, run.lease_until = ErasureState.WAITING, 0, now + WAIT
        commit("erasure.put-off")
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
    commit("erasure.piece")
    return more


def _claim(erasure_id: int) -> _Claim | None:
    now = utcnow()
    taken = db.session.execute(
        update(ErasureRun)
        .where(
            ErasureRun.id == erasure_id,
            ErasureRun.state.in_(UNFINISHED),
            or_(ErasureRun.lease_until.is_(None), ErasureRun.lease_until < now),
        )
        .values(
            state=ErasureState.RUNNING,
            fence=ErasureRun.fence + 1,
            lease_until=_until(now),
            crashes=ErasureRun.crashes + 1,  # taken back with each piece that was done
        )
        .returning(ErasureRun.tenant_id, ErasureRun.fence)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return _Claim(erasure_id, taken.tenant_id, taken.fence) if taken else None


def _hold(held: _Claim) -> ErasureRun:
    """Renew the lease: the first statement of every transaction that writes, so that nobody claims in between."""
    result = db.session.execute(
        update(ErasureRun)
        .where(
            ErasureRun.id == held.erasure_id,
            ErasureRun.fence == held.fence,
            ErasureRun.state == ErasureState.RUNNING,
        )
        .values(lease_until=_until(utcnow()))
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    if not result.rowcount:
        raise _LostClaim
    query = select(ErasureRun).where(ErasureRun.id == held.erasure_id)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def _until(now: dt.datetime) -> dt.datetime:
    return now + dt.timedelta(seconds=current_settings().lease_seconds)
