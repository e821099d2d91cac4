"""The people of tests of pages: accounts by their names, some participants, a mediator."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from portal.accounts.passwords import hash_password
from portal.core.database import EVERY_TENANT, db, reading, scoped_to, utcnow
from portal.domain.accounts import Account, Role
from portal.domain.participants import Mediator, Order, Participant, ParticipantWord
from portal.domain.releases import Registration
from portal.domain.rules.normalise import person_words, sort_key
from portal.domain.tenants import Connection
from portal.releases.queries import Explanation, explain
from portal.tenants.context import load_tenant_context
from tests.support.pages import PASSWORD

_hash: list[str] = []


@dataclass(frozen=True)
class House:
    """A tenant with what pages show: an order, a mediator, two people, and accounts by their names.

    Eva Adam has everything; Ben Zorn's consent is not recorded. `stranger` belongs to another tenant.
    """

    tenant_id: int
    other_id: int
    eva: int
    ben: int
    mediator: int
    stranger_person: int


def make_account(name: str, role: Role, tenant_id: int | None, initials: str | None = None) -> None:
    if not _hash:
        _hash.append(hash_password(PASSWORD))
    db.session.add(
        Account(
            tenant_id=tenant_id,
            email=f"{name}@example.org",
            name=name.title(),
            initials=initials or name[:3].upper(),
            role=role,
            password_hash=_hash[0],
            created_at=utcnow(),
        )
    )
    db.session.flush()


def make_mediator(tenant_id: int, number: str, last: str, first: str, *, active: bool = True) -> int:
    mediator = Mediator(
        tenant_id=tenant_id,
        number=number,
        initials=f"{first[0]}{last[0]}",
        last_name=last,
        first_name=first,
        active=active,
        sort_key=sort_key(last, first, number),
    )
    db.session.add(mediator)
    db.session.flush()
    return mediator.id


def make_person(
    tenant_id: int, number: str, last: str, first: str, *, order: Order | None = None, consent: bool = False
) -> int:
    person = Participant(
        tenant_id=tenant_id,
        number=number,
        last_name=last,
        first_name=first,
        email=f"{number}@example.org",
        caseworker="KK",
        order_id=order.id if order else None,
        consent_on=dt.date(2026, 1, 1) if consent else None,
        sort_key=sort_key(last, first, number),
    )
    db.session.add(person)
    db.session.flush()
    for word in person_words(last, first, number):
        db.session.add(ParticipantWord(tenant_id=tenant_id, participant_id=person.id, word=word))
    return person.id


def connection_token(tenant_id: int) -> Connection:
    connection = db.session.query(Connection).filter_by(tenant_id=tenant_id).one()
    connection.token_encrypted = b"encrypted"
    return connection


@contextmanager
def looking() -> Iterator[None]:
    """Read what is committed, for all tenants, and hold no transaction open: requests want to write."""
    with reading(), scoped_to(EVERY_TENANT):
        db.session.rollback()
        yield
        db.session.expunge_all()  # what was loaded stays readable
        db.session.rollback()


def seen(house: House, participant_id: int) -> Explanation:
    """The person as the rules see her now, in what is committed."""
    with looking(), scoped_to(house.tenant_id):
        return explain(load_tenant_context(house.tenant_id, utcnow()), participant_id)


def registration_of(participant_id: int) -> Registration | None:
    """The person's registration in what is committed."""
    with looking():
        return db.session.query(Registration).filter_by(participant_id=participant_id).one_or_none()
