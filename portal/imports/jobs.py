"""Imports that a worker runs, and uploads that no import names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import and_, or_, select

from portal.core.database import db
from portal.core.jobs import Job, Periodic
from portal.core.leases import is_free
from portal.domain.imports import ENDED, UNFINISHED, ImportRun
from portal.imports.running import run_import
from portal.imports.strays import forget_strays

EMPTY_AFTER = dt.timedelta(seconds=10)
"""An import that ended so long ago without having been emptied has lost its worker."""


def due_imports(now: dt.datetime, limit: int) -> Sequence[int]:
    """Return the imports that wait or were abandoned, and those whose worker died before it had emptied them."""
    left_full = and_(
        ImportRun.state.in_(ENDED), ImportRun.emptied_at.is_(None), ImportRun.finished_at < now - EMPTY_AFTER
    )
    due = or_(and_(ImportRun.state.in_(UNFINISHED), is_free(ImportRun, now)), left_full)
    return db.session.scalars(select(ImportRun.id).where(due).order_by(ImportRun.id).limit(limit)).all()


JOBS = (Job(ImportRun, due_imports, run_import),)
PERIODIC = (Periodic(forget_strays),)
