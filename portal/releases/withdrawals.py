"""How long the end of a participant's consent took to reach the network (docs/domain.md#withdrawn-consent)."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, ScalarSelect, Select, and_, func, select

from portal.core.database import db
from portal.domain.deliveries import Delivery, DeliveryPerson
from portal.domain.delivery_states import Inclusion
from portal.domain.participants import Participant
from portal.domain.releases import Release

DAYS = 90
"""How far back the overview looks."""
_MOST = 10_000
_LEAVING = (Inclusion.WITHDRAWN, Inclusion.OMITTED)


@dataclass(frozen=True)
class Withdrawal:
    """The way of one person's withdrawal; what has not happened yet is None."""

    participant_id: int
    number: str
    """Of the participant."""
    known_at: dt.datetime
    """When we learned of it."""
    arrived_at: dt.datetime | None
    """When the network's receipt was stored."""
    confirmed_at: dt.datetime | None
    """When the network says that it archived them."""
    sequence: int | None
    """The delivery that said it."""

    @property
    def seconds(self) -> int | None:
        """From knowing to arriving."""
        if self.arrived_at is None:
            return None
        return max(0, round((self.arrived_at - self.known_at).total_seconds()))


@dataclass(frozen=True)
class Overview:
    """The withdrawals of the last days."""

    number: int
    open: int
    """Known, and not arrived yet."""
    median: int | None
    """Seconds from knowing to arriving."""
    longest: int | None
    days: int = DAYS


def find_withdrawal(participant_id: int) -> Withdrawal | None:
    """Return the newest withdrawal of a person; None where the network never had to be told of one."""
    query = _query().where(Release.participant_id == participant_id).order_by(Release.id.desc()).limit(1)
    row = db.session.execute(query).first()
    return _withdrawal(row) if row else None


def withdrawals_in(delivery: Delivery, limit: int = 100) -> list[Withdrawal]:
    """Return the withdrawals that this delivery brought to the network first."""
    leaving = select(DeliveryPerson.participant_id).where(
        DeliveryPerson.delivery_id == delivery.id, DeliveryPerson.part.in_(_LEAVING)
    )
    query = _query().where(
        Release.participant_id.in_(leaving),
        Release.connection_id == delivery.connection_id,
        Delivery.id == delivery.id,
    )
    return [_withdrawal(row) for row in db.session.execute(query.order_by(Release.id).limit(limit))]


def overview(now: dt.datetime) -> Overview:
    """Return how the tenant's withdrawals of the last days went."""
    query = _query().where(Release.consent_lost_at >= now - dt.timedelta(days=DAYS))
    found = [_withdrawal(row) for row in db.session.execute(query.order_by(Release.id.desc()).limit(_MOST))]
    took: Sequence[int] = [item.seconds for item in found if item.seconds is not None]
    return Overview(
        number=len(found),
        open=len(found) - len(took),
        median=round(statistics.median(took)) if took else None,
        longest=max(took, default=None),
    )


def _first_delivery() -> ScalarSelect[int]:
    """Return the first committed delivery that told the network of a withdrawal, as part of another statement."""
    return (
        select(func.min(DeliveryPerson.delivery_id))
        .join(Delivery, Delivery.id == DeliveryPerson.delivery_id)
        .where(
            DeliveryPerson.participant_id == Release.participant_id,
            DeliveryPerson.part.in_(_LEAVING),
            Delivery.connection_id == Release.connection_id,
            Delivery.committed_at >= Release.consent_lost_at,
        )
        .correlate(Release)
        .scalar_subquery()
    )


def _query() -> Select[*tuple[Any, ...]]:
    hers = and_(
        DeliveryPerson.delivery_id == Delivery.id, DeliveryPerson.participant_id == Release.participant_id
    )
    return (
        select(
            Release.participant_id,
            Participant.number,
            Release.consent_lost_at,
            Delivery.committed_at,
            DeliveryPerson.answered_at,
            Delivery.sequence,
        )
        .select_from(Release)
        .join(Participant, Participant.id == Release.participant_id)
        .outerjoin(Delivery, Delivery.id == _first_delivery())
        .outerjoin(DeliveryPerson, hers)
        .where(Release.consent_lost_at.is_not(None))
    )


def _withdrawal(row: Row[*tuple[Any, ...]]) -> Withdrawal:
    return Withdrawal(*row)
