"""Lists of deliveries, of who is in one, of attempts and odd answers. Every list is paged by key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from sqlalchemy import ColumnElement, exists, false, or_, select
from sqlalchemy.orm import joinedload

from portal.core.database import db
from portal.deliveries.errors import DeliveryUnknown
from portal.domain.deliveries import Attempt, Delivery, DeliveryPerson, OddAnswer
from portal.domain.delivery_states import ChangeKind
from portal.domain.tenants import Connection, ConnectionState

DELAYED_AFTER = dt.timedelta(seconds=20)


def step_is_delayed(connection: Connection | None, now: dt.datetime) -> ColumnElement[bool]:
    """Return whether a step has been due for a while without a worker on it, although the network is not paused.

    As part of another statement; false without a connection.
    """
    if connection is None or (connection.paused_until and connection.paused_until > now - DELAYED_AFTER):
        return false()
    return exists(
        select(Delivery.id).where(
            Delivery.connection_id == connection.id,
            Delivery.next_step_at < now - DELAYED_AFTER,
            or_(Delivery.lease_until.is_(None), Delivery.lease_until < now),
        )
    )


def list_deliveries(after: int | None = None, limit: int = 50) -> list[Delivery]:
    """Return a page of the tenant's deliveries, newest first, older than the row `after`."""
    query = select(Delivery).options(joinedload(Delivery.connection))
    if after is not None:
        query = query.where(Delivery.id < after)
    return list(db.session.scalars(query.order_by(Delivery.id.desc()).limit(limit)))


def get_delivery(sequence: int, connection_id: int | None = None) -> Delivery:
    """A delivery by the number that people see, of the tenant's open connection unless another is named.

    Raises NotFound.
    """
    query = select(Delivery).join(Connection, Connection.id == Delivery.connection_id)
    if connection_id is None:
        query = query.where(Connection.state == ConnectionState.OPEN)
    else:
        query = query.where(Connection.id == connection_id)
    delivery = db.session.scalar(query.where(Delivery.sequence == sequence))
    if delivery is None:
        raise DeliveryUnknown(number=sequence)
    return delivery


def people(delivery_id: int, after: int | None = None, limit: int = 100) -> list[DeliveryPerson]:
    """A page of who is in a delivery, behind the row `after`."""
    query = select(DeliveryPerson).where(DeliveryPerson.delivery_id == delivery_id)
    if after is not None:
        query = query.where(DeliveryPerson.id > after)
    query = query.options(joinedload(DeliveryPerson.participant)).order_by(DeliveryPerson.id)
    return list(db.session.scalars(query.limit(limit)))


def leavers(
    delivery_id: int, *, explained: bool, after: int | None = None, limit: int = 500
) -> list[DeliveryPerson]:
    """Return a page of those whom a delivery archives, the explained or the unexplained, behind the row `after`."""
    query = select(DeliveryPerson).where(
        DeliveryPerson.delivery_id == delivery_id,
        DeliveryPerson.novelty == ChangeKind.LEAVING,
        DeliveryPerson.explained == explained,
    )
    if after is not None:
        query = query.where(DeliveryPerson.id > after)
    query = query.options(joinedload(DeliveryPerson.participant)).order_by(DeliveryPerson.id)
    return list(db.session.scalars(query.limit(limit)))


def attempts(delivery_id: int, before: int | None = None, limit: int = 100) -> list[Attempt]:
    """Return a page of the requests made for a delivery, newest first, older than the row `before`."""
    query = select(Attempt).where(Attempt.delivery_id == delivery_id)
    if before is not None:
        query = query.where(Attempt.id < before)
    query = query.order_by(Attempt.id.desc()).limit(limit)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))  # they are counted up


def every_attempt(delivery_id: int) -> Iterator[Attempt]:
    """All requests made for a delivery, newest first, read page by page."""
    page = attempts(delivery_id)
    while page:
        yield from page
        page = attempts(delivery_id, page[-1].id)


def odd_answers(delivery_id: int, limit: int = 100) -> list[OddAnswer]:
    """Answers to a delivery that moved nothing, oldest first."""
    query = select(OddAnswer).where(OddAnswer.delivery_id == delivery_id).order_by(OddAnswer.id)
    return list(db.session.scalars(query.limit(limit)))
