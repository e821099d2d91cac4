"""Who is to be told what: one consistent snapshot of a tenant, streamed (docs/domain.md#deliveries)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select
from sqlalchemy.orm import Bundle, Session

from portal.core.database import db, reading
from portal.deliveries import records
from portal.deliveries.leavers import is_explained
from portal.deliveries.payload import digest_key, participant_record
from portal.domain.delivery_states import ONLY_WITHDRAWALS, ChangeKind, Inclusion, Mode
from portal.domain.participants import Mediator, Order, Participant, Profile
from portal.domain.releases import Registration
from portal.domain.rules.preflight import preflight
from portal.releases.conditions import blocked, registered
from portal.releases.rows import preflight_input
from portal.tenants.context import TenantContext

_STREAM = 1000


@dataclass
class Entry:
    """A record of the delivery, or a participant left out of it, with the row that says so."""

    kind: str = "omitted"
    """mediator, order, participant or withdrawal, as the manifest counts them."""
    line: bytes | None = None
    person: dict[str, Any] | None = None
    mediator_id: int | None = None


# Columns, not objects: with a hundred thousand people these cost more than everything else.
_TOLD = (
    *(Participant.id, Participant.number, Participant.last_name, Participant.first_name),
    *(Participant.salutation, Participant.birth_date, Participant.street, Participant.postal_code),
    *(Participant.city, Participant.email, Participant.phone, Participant.caseworker, Participant.order_id),
    *(Participant.consent_on, Participant.consent_until, Participant.consent_withdrawn_on),
)
_PERSON = Bundle[Any]("person", *_TOLD)
_PERSON_WITH_NUMBER = Bundle[Any]("person", *_TOLD, Participant.social_insurance_number_encrypted)
_REGISTRATION = Bundle[Any](
    "registration", Registration.announced, Registration.announced_digest, Registration.revision
)
_ORDER = Bundle[Any]("order", Order.number)
_MEDIATOR = Bundle[Any]("mediator", Mediator.id, Mediator.number)


@contextmanager
def open_reading(context: TenantContext) -> Iterator[Reading]:
    """A session of its own with a snapshot that later writes do not disturb."""
    session = Session(db.engine, info={"tenant_id": context.tenant.id}, expire_on_commit=False)
    try:
        with reading():  # the snapshot begins here, as a plain read
            if db.engine.dialect.name == "postgresql":
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            else:
                session.connection()
        yield Reading(session, context)
    finally:
        session.close()


class Reading:
    """What one delivery says, in the order in which it is sent: mediators and orders before who names them."""

    def __init__(self, session: Session, context: TenantContext) -> None:
        assert context.uncommitted is not None and context.connection is not None
        self._session = session
        self._context = context
        self._delivery = context.uncommitted
        self._connection = context.connection
        self._only_withdrawals = self._delivery.cause in ONLY_WITHDRAWALS
        self._key = digest_key()
        self._staff: dict[str, str] | None = None

    def entries(self) -> Iterator[Entry]:
        """All records, streamed."""
        yield from self._mediators()
        yield from self._orders()
        yield from self._participants()
        if self._delivery.mode is Mode.DELTA:
            yield from self._leaving(self._leavers_by_name(), Inclusion.WITHDRAWN)

    def omitted(self) -> Iterator[Entry]:
        """Those whom a full delivery archives by not naming them, streamed."""
        if self._delivery.mode is Mode.FULL:
            not_named = or_(~Registration.released, blocked(self._context))
            yield from self._leaving(
                self._registered().where(Registration.announced, not_named), Inclusion.OMITTED
            )

    def _registered(self) -> Select[*tuple[Any, ...]]:
        """Registrations of the connection with all that belongs to them; the network's own people alone."""
        return registered(self._context)

    def _named(self) -> ColumnElement[bool]:
        if self._only_withdrawals:
            return false()
        chosen = self._delivery.selection
        named = and_(Registration.released, ~blocked(self._context))
        return named if chosen is None else and_(named, Participant.id.in_(chosen))

    def _leavers_by_name(self) -> Select[*tuple[Any, ...]]:
        query = self._registered().where(Registration.announced, ~Registration.released)
        if self._delivery.selection is not None:
            query = query.where(Participant.id.in_(self._delivery.selection))
        return query

    def _rows(self, query: Select[*tuple[Any, ...]]) -> Iterator[Any]:
        return iter(self._session.execute(query.execution_options(yield_per=_STREAM)))

    def _mediators(self) -> Iterator[Entry]:
        used = self._registered().where(self._named()).with_only_columns(Registration.mediator_id)
        for (mediator,) in self._rows(select(Mediator).where(Mediator.id.in_(used)).order_by(Mediator.id)):
            record = records.mediator_record(
                mediator.number, mediator.last_name, mediator.first_name, mediator.email, mediator.phone
            )
            yield Entry("mediator", records.line(record), mediator_id=mediator.id)

    def _orders(self) -> Iterator[Entry]:
        used = self._registered().where(self._named()).with_only_columns(Participant.order_id)
        for (order,) in self._rows(select(Order).where(Order.id.in_(used)).order_by(Order.id)):
            record = records.order_record(
                order.number,
                order.title,
                order.measure_number,
                order.carrier,
                order.starts_on,
                order.ends_on,
                [self._staff_name(word) for word in order.responsible],
            )
            yield Entry("order", records.line(record))

    def _staff_name(self, word: str) -> str:
        """The name behind initials, since the network wants names; any other text stays as it is."""
        if (
            self._staff is None
        ):  # staff of one provider: hundreds at most, whatever the number of participants
            self._staff = {
                mediator.initials: f"{mediator.first_name} {mediator.last_name}"
                for mediator in self._session.scalars(select(Mediator))
            }
        return self._staff.get(word, word)

    def _to_tell(self) -> Select[*tuple[Any, ...]]:
        sends_number = self._context.tenant.sends_social_insurance_number
        person = _PERSON_WITH_NUMBER if sends_number else _PERSON
        query = self._registered().where(self._named())
        query = query.outerjoin(Profile, Profile.participant_id == Participant.id).order_by(Participant.id)
        return query.with_only_columns(person, _REGISTRATION, _ORDER, _MEDIATOR, Profile.entries)

    def _participants(self) -> Iterator[Entry]:
        for person, registration, order, mediator, entries in self._rows(self._to_tell()):
            caseworker = self._staff_name(person.caseworker) if person.caseworker else None
            record = participant_record(self._context, person, mediator, order, caseworker, entries or [])
            line = records.line(record)
            digest = records.digest(line, self._key)
            yield Entry(
                "participant",
                line,
                {
                    "participant_id": person.id,
                    "part": Inclusion.NAMED,
                    "novelty": _novelty(registration, digest),
                    "explained": True,
                    "findings": None,
                    "revision": registration.revision,
                    "digest": digest,
                    "mediator_id": mediator.id,
                    "order_id": person.order_id,
                },
            )

    def _leaving(self, query: Select[*tuple[Any, ...]], part: Inclusion) -> Iterator[Entry]:
        for person, registration, release, order, mediator, *_ in self._rows(query.order_by(Participant.id)):
            network = self._connection.network
            found = preflight(
                preflight_input(person, registration, order, mediator), network, self._context.today
            )
            explained = self._only_withdrawals or (not registration.released and is_explained(release))
            yield Entry(
                "withdrawal" if part is Inclusion.WITHDRAWN else "omitted",
                records.line(records.withdrawal_record(person.number))
                if part is Inclusion.WITHDRAWN
                else None,
                {
                    "participant_id": person.id,
                    "part": part,
                    "novelty": ChangeKind.LEAVING,
                    "explained": explained or registration.archived,  # archived before: no one is lost by it
                    "findings": None if explained else [finding.value for finding in found],
                    "revision": registration.revision,
                    "digest": None,
                    "mediator_id": registration.mediator_id,
                    "order_id": registration.announced_order_id,  # the brake looks for orders that vanish
                },
            )


def _novelty(registration: Any, digest: str) -> ChangeKind:
    if not registration.announced:
        return ChangeKind.NEW
    return ChangeKind.UNCHANGED if registration.announced_digest == digest else ChangeKind.CHANGED
