"""The ends of the audit's chains, exported every so often."""

from __future__ import annotations

import datetime as dt

import structlog

from portal.audit.checkpoints import export_checkpoints, is_due, newest_checkpoints
from portal.core.database import commit, reading
from portal.core.jobs import Periodic
from portal.core.settings import current_settings

log = structlog.get_logger()


def export_audit_heads(now: dt.datetime) -> None:
    """Once an hour, the signed ends of the audit's chains go into a file outside the database."""
    settings = current_settings()
    if not is_due(settings, now):
        return
    with reading():
        checkpoints = newest_checkpoints(now)
        commit()
    export_checkpoints(settings, checkpoints)
    log.info("audit_heads_exported", chains=len(checkpoints))


PERIODIC = (Periodic(export_audit_heads),)
