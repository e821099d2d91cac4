"""Lists of imports. Paged by key."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import joinedload

from portal.core.database import db
from portal.domain.imports import ImportRun, ImportState


def oldest_held_import() -> ScalarSelect[int | None]:
    """The tenant's oldest import that waits for a person, as part of another statement; None where there is none."""
    return select(func.min(ImportRun.id)).where(ImportRun.state == ImportState.HELD).scalar_subquery()


def list_imports(after: int | None = None, limit: int = 50) -> Sequence[ImportRun]:
    """Return a page of the tenant's imports, newest first, older than the row `after`."""
    query = select(ImportRun).options(joinedload(ImportRun.token))
    if after is not None:
        query = query.where(ImportRun.id < after)
    return db.session.scalars(query.order_by(ImportRun.id.desc()).limit(limit)).all()
