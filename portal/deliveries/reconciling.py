"""What differs after a loss on our side, and a person's decision that it is settled. Never commits.

Source: docs/domain.md#reconciliation.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from portal.core.database import db
from portal.core.queue import enqueue_after_commit
from portal.deliveries.errors import NothingToReconcile, ReconcileChanged, ReconcileReading
from portal.deliveries.service import cancel
from portal.deliveries.strangers import find_strangers
from portal.deliveries.transitions import READ_AGAIN, move
from portal.domain.actors import Actor
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import AWAITING, DeliveryProblem, Trigger
from portal.domain.participants import Participant
from portal.domain.releases import EndCause, Registration, Release
from portal.domain.tenants import Connection
from portal.tenants.context import find_uncommitted
from portal.tenants.queries import lock_connection

PAGE = 1000
"""Answers of a page, if the network gives as many as it may."""
SHOWN = 500
"""People of each kind that are shown by name; all of them are counted and count for the digest."""


@dataclass(frozen=True)
class Differing:
    """A participant about whom the network's data differ from ours."""

    participant: Participant
    registration: Registration


@dataclass(frozen=True)
class Differences:
    """All that a user has to look at before anything is transferred again."""

    connection: Connection
    since: dt.datetime
    found: list[Delivery]
    """Deliveries that only the network knew, oldest first."""
    reading: bool
    """Whether answers to them are still read, or they are not even listed yet."""
    ended: list[Differing]
    """Released here and withdrawn there: their releases have ended until a user confirms."""
    unreleased: list[Differing]
    """Held by the network, and not released here: the next full delivery would archive them."""
    strangers: list[str]
    """Numbers that the network answers about and that are unknown here; an import may bring them."""

    @property
    def digest(self) -> str:
        """Of exactly what is shown; settling names it."""
        shown: list[Any] = [
            [(row.id, sorted(row.answered.items()), row.state.value) for row in self.found],
            [it.participant.id for it in self.ended],
            [it.participant.id for it in self.unreleased],
            self.strangers,
        ]
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


def find_differences(connection: Connection | None) -> Differences | None:
    """What is to be reconciled on the connection; None where nothing is."""
    if connection is None or connection.reconcile_since is None:
        return None
    found = list(db.session.scalars(_found(connection)))
    sequences = [row.sequence for row in found]
    return Differences(
        connection,
        connection.reconcile_since,
        found,
        reading=not found or any(row.state in AWAITING for row in found),
        ended=_people(
            _differing(connection)
            .join(Release, Release.id == Registration.release_id)
            .where(
                ~Registration.released,
                Release.end_cause == EndCause.RECONCILED,
                Release.ended_at >= connection.reconcile_since,
            )
        ),
        unreleased=_people(
            _differing(connection).where(
                Registration.announced, ~Registration.released, Registration.announced_sequence.in_(sequences)
            )
        ),
        strangers=find_strangers(connection.tenant_id, [row.id for row in found]),
    )


def has_found(connection: Connection) -> bool:
    """Return whether the network listed deliveries that were not known here since reconciling began."""
    return db.session.scalar(_found(connection).limit(1)) is not None


def _found(connection: Connection) -> Select[Delivery]:
    return (
        select(Delivery)
        .where(
            Delivery.connection_id == connection.id,
            Delivery.cause == Trigger.FOUND,
            Delivery.created_at >= connection.reconcile_since,
        )
        .order_by(Delivery.sequence)
    )


def _differing(connection: Connection) -> Select[Participant, Registration]:
    return (
        select(Participant, Registration)
        .join(Registration, Registration.participant_id == Participant.id)
        .where(Registration.connection_id == connection.id)
        .order_by(Participant.sort_key, Participant.id)
    )


def _people(query: Select[Participant, Registration]) -> list[Differing]:
    return [Differing(participant, registration) for participant, registration in db.session.execute(query)]


def read_again(connection: Connection, now: dt.datetime) -> None:
    """Ask the network again which deliveries we do not know, and for all answers to those found.

    Answers that were applied change nothing a second time; those about people whom an import brought since count now.
    Raises Refusal `nothing-to-reconcile`.
    """
    if connection.reconcile_since is None:
        raise NothingToReconcile
    connection.probe_at = now
    enqueue_after_commit(Connection, connection.id)
    # Locked: a worker that claims one between our reading and writing would be given the same fencing number.
    found = _found(connection).with_for_update().execution_options(populate_existing=True)
    for delivery in db.session.scalars(found).all():
        # what was read before comes again, page by page, and is no stalling
        fruitless = -(sum((delivery.answered or {}).values()) // PAGE + 1)
        if move(delivery, READ_AGAIN, now, fruitless=fruitless):
            enqueue_after_commit(Delivery, delivery.id)


def settle(
    connection: Connection, shown_digest: str, actor: Actor, now: dt.datetime, *, unread: bool = False
) -> Differences:
    """Say that what was shown has been looked at: transfers go on, the next one full and through the brake.

    `unread` ends it with what is known, though answers are still read or deliveries not listed yet; our numbers then go
    on above the one that the network claims. Raises Refusal `nothing-to-reconcile`, `reconcile-reading` while answers
    are read and `unread` is not said, `reconcile-changed` where it is not what was shown.
    """
    connection = lock_connection(connection.id)
    differences = find_differences(connection)
    if differences is None:
        raise NothingToReconcile
    if differences.reading and not unread:
        raise ReconcileReading
    if differences.digest != shown_digest:
        raise ReconcileChanged
    connection.reconcile_since, connection.needs_full = None, True
    connection.attempted_sequence = max(connection.attempted_sequence, connection.network_sequence)
    connection.last_sequence = max(connection.last_sequence, connection.attempted_sequence)
    connection.holdings_known = connection.holdings_known or not differences.strangers
    uncommitted = find_uncommitted(connection.id)
    if uncommitted is not None and uncommitted.problem is DeliveryProblem.RECONCILE:
        cancel(uncommitted, DeliveryProblem.RECONCILE, actor, now)
    return differences
