"""Leases of imports: one import of a tenant runs at a time, in the order in which they were started."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import case, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from portal.core.database import db
from portal.core.leases import Lease, take
from portal.domain.imports import UNFINISHED, ImportRun, ImportState


def acquire(import_id: int, now: dt.datetime, lease_seconds: int) -> Lease[ImportRun] | None:
    """Take the lease of an import that waits or was abandoned; None where it is taken, or an older one comes first."""
    older = aliased(ImportRun)
    comes_first = exists(
        select(older.id).where(
            older.tenant_id == ImportRun.tenant_id,
            older.id < ImportRun.id,
            older.state.in_(UNFINISHED),
        )
    )
    begun = case((ImportRun.state == ImportState.WAITING, ImportState.STAGING), else_=ImportRun.state)
    try:
        return take(
            ImportRun,
            import_id,
            now,
            lease_seconds,
            ImportRun.state.in_(UNFINISHED),
            ~comes_first,
            state=begun,
        )
    except IntegrityError:  # an import of this tenant was approved at this very moment
        db.session.rollback()
        return None


def release_lease(run: ImportRun) -> None:
    """Give the lease back in order, in the transaction that held it. Its number counts no more."""
    run.lease_until = None
    run.fence += 1
    run.crashes = 0
