"""What committed deliveries told the networks of one participant; plain values."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from portal.core.database import db
from portal.core.masking import MASK
from portal.deliveries.comparison import MASKED
from portal.deliveries.parts import find_record
from portal.domain.deliveries import Delivery, DeliveryPerson
from portal.domain.participants import Participant
from portal.domain.releases import Release
from portal.domain.tenants import Connection
from portal.networks.registry import Network

Values = dict[str, Any]


def find_transmissions(
    person: Participant, connections: dict[int, Connection], releases: list[tuple[Values, Release]]
) -> list[Values]:
    """What committed deliveries told of them, oldest first; the same content only once."""
    query = (
        select(DeliveryPerson, Delivery)
        .join(Delivery, Delivery.id == DeliveryPerson.delivery_id)
        .where(DeliveryPerson.participant_id == person.id, Delivery.committed_at.is_not(None))
        .order_by(Delivery.id)
    )
    found: list[Values] = []
    said: dict[tuple[int, str], int] = {}
    for row, delivery in db.session.execute(query):
        same_as = said.get((delivery.connection_id, row.digest)) if row.digest else None
        content = find_record(row, person.sent_number) if same_as is None else None
        if content is not None and row.digest:
            said[delivery.connection_id, row.digest] = delivery.sequence
        network, release = connections[delivery.connection_id].network, _release_behind(delivery, releases)
        found.append(_values(row, delivery, network, release, content, same_as))
    return found


def _values(
    row: DeliveryPerson,
    delivery: Delivery,
    network: Network,
    release: Release | None,
    content: Values | None,
    same_as: int | None,
) -> Values:
    return {
        "delivery": delivery.sequence,
        "network": network,
        "committed_at": delivery.committed_at,
        "started_by": delivery.started_by,
        "part": row.part,
        "novelty": row.novelty,
        "consent_on": (content or {}).get("consent_on"),
        "consent_confirmed": bool(release and release.consent_confirmed),
        "decided_by": release.released_by if release else None,
        "decided_at": release.released_at if release else None,
        "content": _masked(content),
        "content_same_as": same_as,
        "outcome": row.outcome,
        "reason": row.reason,
        "detail": row.detail,
        "answered_at": row.answered_at,
    }


def _release_behind(delivery: Delivery, releases: list[tuple[Values, Release]]) -> Release | None:
    """The newest decision that was made before the delivery was begun."""
    before = [
        row
        for _values, row in releases
        if row.connection_id == delivery.connection_id and row.released_at <= delivery.created_at
    ]
    return before[-1] if before else None


def _masked(content: Values | None) -> Values | None:
    if content is None or MASKED not in content:
        return content
    return content | {MASKED: MASK}
