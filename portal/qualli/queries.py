"""Lists of imports. Paged by key."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from portal.database import db
from portal.qualli.models import ImportRun


def list_imports(after: int | None = None, limit: int = 50) -> Sequence[ImportRun]:
    """A page of the tenant's imports, newest first, older than the row `after`."""
    query = select(ImportRun)
    if after is not None:
        query = query.where(ImportRun.id < after)
    return db.session.scalars(query.order_by(ImportRun.id.desc()).limit(limit)).all()
