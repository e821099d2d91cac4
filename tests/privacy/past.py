"""People of the past, for tests of retention: with everything that is kept about somebody."""

from __future__ import annotations

import datetime as dt
import gzip

from sqlalchemy import select, type_coerce
from sqlalchemy.types import NullType

from portal.core.crypto import current_keyring
from portal.core.database import Base, commit, db, scope_to, utcnow
from portal.domain.accounts import Account, Role
from portal.domain.bulk import BulkAction, BulkItem, BulkOutcome, BulkRun, BulkState
from portal.domain.deliveries import Delivery, DeliveryPart, DeliveryPerson, OddAnswer, part_place
from portal.domain.delivery_states import ChangeKind, DeliveryState, Inclusion, Mode, Trigger
from portal.domain.participants import Participant, Profile
from portal.domain.releases import EndCause, Event, ProtocolEntry, Registration, Release
from portal.domain.rules.status import Status
from portal.domain.tenants import Connection
from tests.support.factories import make_account, make_person

LONG_AGO = dt.timedelta(days=900)
CANARY = "Kanarienvogel"
"""In the name of everybody who is made here; found nowhere once they are erased."""


def old_person(tenant_id: int, number: str, *, ago: dt.timedelta = LONG_AGO) -> int:
    """Somebody who was told, archived and left so long ago, with rows in every table that speaks of people."""
    at = utcnow() - ago
    scope_to(tenant_id)
    connection = db.session.query(Connection).one()
    person = make_person(tenant_id, number, CANARY, "Ada", consent=True)
    row = db.session.get_one(Participant, person)
    row.changed_at, row.left_at, row.email = at, at, f"{CANARY}@example.org"
    db.session.add(Profile(tenant_id=tenant_id, participant_id=person, entries=[{"title": CANARY}]))
    owner = {"tenant_id": tenant_id, "participant_id": person, "connection_id": connection.id}
    release = Release(
        **owner,
        released_at=at,
        released_by="SB",
        ended_at=at,
        ended_by="Qualli.life",
        end_cause=EndCause.LEFT,
    )
    delivery = old_delivery(tenant_id, at)
    db.session.add_all([release, delivery])
    db.session.flush()
    db.session.add(Registration(**owner, release_id=release.id, status=Status.OFFLINE_ARCHIVED))
    for event in (Event.RELEASED, Event.SENT, Event.ANSWERED_ACTIVE):
        db.session.add(
            ProtocolEntry(
                **owner, delivery_id=delivery.id, at=at, event=event, by="SB", data={"detail": CANARY}
            )
        )
    db.session.add(
        DeliveryPerson(
            tenant_id=tenant_id,
            delivery_id=delivery.id,
            participant_id=person,
            part=Inclusion.NAMED,
            novelty=ChangeKind.NEW,
            part_number=0,
            outcome="active",
            detail=CANARY,
        )
    )
    db.session.add(
        OddAnswer(
            tenant_id=tenant_id,
            delivery_id=delivery.id,
            kind="contradictory",
            subject="participant",
            number=number,
            outcome="rejected",
            at=at,
        )
    )
    _bulk_item(tenant_id, person, at)
    commit()
    return person


def old_delivery(tenant_id: int, at: dt.datetime, state: DeliveryState = DeliveryState.COMPLETE) -> Delivery:
    """A delivery of that time, with one frozen part."""
    connection = db.session.query(Connection).one()
    connection.last_sequence += 1
    delivery = Delivery(
        tenant_id=tenant_id,
        connection_id=connection.id,
        sequence=connection.last_sequence,
        mode=Mode.DELTA,
        cause=Trigger.NOW,
        started_by="SB",
        state=state,
        idempotency_key=str(connection.last_sequence),
        created_at=at,
        committed_at=at if state is DeliveryState.COMPLETE else None,
    )
    db.session.add(delivery)
    db.session.flush()
    db.session.add(
        DeliveryPart(
            tenant_id=tenant_id,
            delivery_id=delivery.id,
            number=0,
            content_encrypted=current_keyring().encrypt(
                gzip.compress(CANARY.encode()), part_place(delivery.id, 0)
            ),
            digest="sha-256=:x:",
            size=1,
            records=1,
        )
    )
    db.session.flush()
    return delivery


def _bulk_item(tenant_id: int, person: int, at: dt.datetime) -> None:
    account = db.session.query(Account).filter_by(tenant_id=tenant_id).first()
    if account is None:
        make_account(f"caseworker-{tenant_id}", Role.CASEWORKER, tenant_id)
        account = db.session.query(Account).filter_by(tenant_id=tenant_id).one()
    run = BulkRun(
        tenant_id=tenant_id,
        action=BulkAction.RELEASE,
        state=BulkState.DONE,
        account_id=account.id,
        initials="SB",
        created_at=at,
    )
    db.session.add(run)
    db.session.flush()
    db.session.add(
        BulkItem(tenant_id=tenant_id, bulk_id=run.id, participant_id=person, outcome=BulkOutcome.DONE)
    )


def traces(*words: str) -> list[str]:
    """Tables and columns in which one of these words stands, upper or lower case, in whatever a row holds."""
    found = []
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            for (value,) in db.session.connection().execute(select(type_coerce(column, NullType))):
                said = value.decode(errors="replace") if isinstance(value, bytes | memoryview) else str(value)
                if any(word.casefold() in said.casefold() for word in words):
                    found.append(f"{table.name}.{column.name}")
    db.session.rollback()
    return sorted(set(found))
