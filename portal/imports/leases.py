"""Leases of imports: who may work on one, and how long. A write without the current fence changes nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import case, exists, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from portal.core.database import db
from portal.domain.imports import UNFINISHED, ImportRun, ImportState


class LeaseLost(Exception):
    """Somebody else has the import now: whoever gets this stops at once, having written nothing."""


@dataclass(frozen=True)
class Lease:
    """The right to write an import and, through it, people: its fencing number is the newest."""

    import_id: int
    tenant_id: int
    fence: int
    lease_seconds: int


def acquire(import_id: int, now: dt.datetime, lease_seconds: int) -> Lease | None:
    """Claim an import that waits or was abandoned; None where somebody has it, or an older one comes first.

    Commit right after. One import of a tenant runs at a time, in the order in which they were started.
    """
    older = aliased(ImportRun)
    try:
        taken = db.session.execute(
            update(ImportRun)
            .where(
                ImportRun.id == import_id,
                ImportRun.state.in_(UNFINISHED),
                or_(ImportRun.lease_until.is_(None), ImportRun.lease_until < now),
                ~exists(
                    select(older.id).where(
                        older.tenant_id == ImportRun.tenant_id,
                        older.id < ImportRun.id,
                        older.state.in_(UNFINISHED),
                    )
                ),
            )
            .values(
                state=case(
                    (ImportRun.state == ImportState.WAITING, ImportState.STAGING), else_=ImportRun.state
                ),
                fence=ImportRun.fence + 1,
                lease_until=now + dt.timedelta(seconds=lease_seconds),
                crashes=ImportRun.crashes + 1,  # taken back by whoever lets go of the claim in order
            )
            .returning(ImportRun.tenant_id, ImportRun.fence)
            .execution_options(synchronize_session=False)
        ).one_or_none()
    except IntegrityError:  # an import of this tenant was let go at this very moment
        db.session.rollback()
        return None
    return Lease(import_id, taken.tenant_id, taken.fence, lease_seconds) if taken else None


def renew(held: Lease, now: dt.datetime) -> ImportRun:
    """Renew the lease and return the import, freshly read; LeaseLost where another process has it.

    First statement of every transaction that writes: on PostgreSQL the row stays locked until its end, on SQLite the
    whole database is, so that nobody can take the claim in between.
    """
    result = db.session.execute(
        update(ImportRun)
        .where(ImportRun.id == held.import_id, ImportRun.fence == held.fence)
        .values(lease_until=now + dt.timedelta(seconds=held.lease_seconds))
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    if not result.rowcount:
        raise LeaseLost
    return db.session.scalars(
        select(ImportRun).where(ImportRun.id == held.import_id).execution_options(populate_existing=True)
    ).one()


def defer(held: Lease, until: dt.datetime) -> None:
    """Give the claim back because the database hindered the work: that is no crash, and it goes on at `until`."""
    db.session.execute(
        update(ImportRun)
        .where(ImportRun.id == held.import_id, ImportRun.fence == held.fence, ImportRun.crashes > 0)
        .values(lease_until=until, crashes=ImportRun.crashes - 1)
        .execution_options(synchronize_session=False)
    )


def release_lease(run: ImportRun) -> None:
    """Give the claim back in order, in the transaction that held it. Its number counts no more."""
    run.lease_until = None
    run.fence += 1
    run.crashes = 0
