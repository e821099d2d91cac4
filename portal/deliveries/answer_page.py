"""One page of answers to a delivery, with the rows that they are about: read at once, and written by `applying`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from portal.core.database import db
from portal.deliveries.strangers import keep_applicant_id
from portal.domain.actors import Actor
from portal.domain.deliveries import Delivery, DeliveryMediator, DeliveryPerson, OddAnswer
from portal.domain.participants import Mediator, Participant
from portal.domain.releases import Registration
from portal.domain.tenants import Connection
from portal.networks.protocol.contract import Acknowledgement

MOST_ODD = 10_000
"""Odd answers that are noted of one delivery: a network may make up strangers without end."""


@dataclass
class AnsweredPerson:
    """Everything that an answer about one person touches."""

    row: DeliveryPerson
    registration: Registration


class AnswerPage:
    """One page of answers to one delivery, with the rows they are about."""

    def __init__(self, delivery: Delivery, items: Sequence[Acknowledgement], now: dt.datetime) -> None:
        self.delivery, self.now, self.news = delivery, now, 0
        connection = db.session.get_one(Connection, delivery.connection_id)
        self.network = Actor(connection.network.value)
        noted = select(func.count()).where(OddAnswer.delivery_id == delivery.id)
        self.room_for_odd = max(0, MOST_ODD - (db.session.scalar(noted) or 0))
        self.people = self._load_people([item.id for item in items if item.subject == "participant"])
        self.mediators = self._load_mediators([item.id for item in items if item.subject == "mediator"])
        self.owners = self._load_owners({kept for item in items if (kept := self.applicant_id(item))})
        self.entries: list[dict[str, Any]] = []
        """Lines for the protocol, as they are to be inserted."""
        self.freed = set[str]()
        """Bewerber-IDs that this page has taken from somebody, and that the database does not know of yet."""

    def applicant_id(self, item: Acknowledgement) -> str | None:
        """The Bewerber-ID of an answer, as it may be kept."""
        return keep_applicant_id(self.delivery.tenant_id, item.applicant_id or "")

    def _load_owners(self, applicant_ids: set[str]) -> dict[str, int]:
        """Who has these Bewerber-IDs on the connection, by row."""
        owned = select(Registration.applicant_id, Registration.participant_id).where(
            Registration.connection_id == self.delivery.connection_id,
            Registration.applicant_id.in_(applicant_ids),
        )
        return {row.applicant_id: row.participant_id for row in db.session.execute(owned)}

    def _load_people(self, numbers: list[str]) -> dict[str, AnsweredPerson]:
        rows = db.session.execute(
            select(Participant.number, DeliveryPerson, Registration)
            .join(DeliveryPerson, DeliveryPerson.participant_id == Participant.id)
            .join(Registration, Registration.participant_id == Participant.id)
            .where(
                DeliveryPerson.delivery_id == self.delivery.id,
                Registration.connection_id == self.delivery.connection_id,
                Participant.number.in_(numbers),
            )
            .with_for_update(of=Registration)
            .execution_options(populate_existing=True)
        )
        return {number: AnsweredPerson(row, registration) for number, row, registration in rows}

    def _load_mediators(self, numbers: list[str]) -> dict[str, DeliveryMediator]:
        rows = db.session.execute(
            select(Mediator.number, DeliveryMediator)
            .join(DeliveryMediator, DeliveryMediator.mediator_id == Mediator.id)
            .where(DeliveryMediator.delivery_id == self.delivery.id, Mediator.number.in_(numbers))
        )
        return {number: row for number, row in rows}  # noqa: C416 - rows, not pairs
