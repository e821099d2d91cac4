"""What the removal brake measures a delivery by (docs/domain.md#removal-brake)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, and_, false, func, or_, select

from portal.core.database import db
from portal.domain.deliveries import Delivery
from portal.domain.releases import EndCause, Registration, Release
from portal.domain.tenants import Tenant

EXPLAINING = (EndCause.PERSON, EndCause.CONSENT, EndCause.NETWORK_CHANGED)
"""Ends of a release that explain a leaver: a decision, the end of consent, the change of network."""


def announced(connection_id: int) -> tuple[ColumnElement[bool], ...]:
    """In SQL: participants announced by committed deliveries and not archived since."""
    return (
        Registration.connection_id == connection_id,
        Registration.announced.is_(True),
        Registration.archived.is_(False),
    )


def unexplained_before(connection_id: int, tenant: Tenant, now: dt.datetime) -> int:
    """Count the unexplained leavers of the days that count; those of approved deliveries count no more."""
    since = now - dt.timedelta(days=tenant.brake_days)
    rows = db.session.scalars(
        select(Delivery.counts).where(
            Delivery.connection_id == connection_id,
            Delivery.committed_at >= since,
            Delivery.approved_at.is_(None),
        )
    )
    return sum(counts.get("unexplained", 0) for counts in rows)


def is_explained(release: Release | None) -> bool:
    """Return whether an ended release explains that its person leaves."""
    return release is not None and release.end_cause in EXPLAINING


def explained() -> ColumnElement[bool]:
    """In SQL: whether a leaver is explained, or was archived before, so that no one is lost by it."""
    ended = func.coalesce(Release.end_cause.in_(EXPLAINING), false())  # never released: no row
    return or_(and_(~Registration.released, ended), Registration.archived)
