"""Looks whether people are to be told of something; done by cron, and by workers while cron is silent."""

from __future__ import annotations

import datetime as dt

import structlog
from sqlalchemy import func, select

from portal.core.database import EVERY_TENANT, commit, db, reading, scope_to, utcnow
from portal.domain.rules.notices import SILENT_AFTER
from portal.domain.tenants import Heartbeat
from portal.notices.digests import due_digests, forget_digest_days, put_digests
from portal.notices.facts import find_facts
from portal.notices.service import differs, forget_notices, keep_notices, open_notices

log = structlog.get_logger()


def look(now: dt.datetime) -> None:
    """Open, worsen and close notices, and put mails into the outbox. Harmless when done twice, or at the same time."""
    scope_to(EVERY_TENANT)
    with reading():
        facts = find_facts(now)
        different = differs(facts, open_notices())
        batches = due_digests(now)
        commit()
    if different:
        keep_notices(facts)
        commit()
        log.info("notices_changed")
    for batch in batches:
        count = put_digests(batch, now)
        commit()
        log.info("digests_put", scope=batch.scope, mails=count)


def look_if_cron_is_silent() -> None:
    """Do what cron would do, so that its own silence is reported, too."""
    now = utcnow()
    with reading():
        seen = db.session.scalar(select(func.max(Heartbeat.seen_at)).where(Heartbeat.kind == "cron"))
        commit()
    if seen is None or now - seen > SILENT_AFTER:
        look(now)


def forget(now: dt.datetime) -> None:
    """Delete old notices and days of digests."""
    forget_notices(now)
    forget_digest_days(now)
