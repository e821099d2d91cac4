"""Uploads that no import names: a crash before the import was committed leaves one, and so does a deleted import."""

from __future__ import annotations

import datetime as dt
from itertools import islice
from pathlib import Path

import structlog
from sqlalchemy import select

from portal.core.database import db
from portal.core.settings import current_settings
from portal.domain.imports import ImportRun
from portal.imports.uploads import find_uploads, forget

STRAY_AFTER = dt.timedelta(days=1)
"""No upload is under way for so long before its import names it."""
AT_ONCE = 1000

log = structlog.get_logger()


def forget_strays(now: dt.datetime, limit: int = AT_ONCE) -> int:
    """Delete at most `limit` uploads of every tenant that no import names, a day after they were written; how many."""
    named = set(db.session.scalars(select(ImportRun.upload).where(ImportRun.emptied_at.is_(None))))
    folder = Path(current_settings().data_folder)
    old = find_uploads(folder, (now - STRAY_AFTER).timestamp())
    strays = list(islice((name for name in old if name not in named), limit))
    deleted = sum(_delete(name, folder) for name in strays)
    if deleted:
        log.info("strays_deleted", uploads=deleted)
    return deleted


def _delete(name: str, folder: Path) -> bool:
    try:
        forget(name, folder)
    except OSError as error:  # of another user, say: the others go all the same
        log.warning("stray_not_deleted", error=type(error).__name__)
        return False
    return True
