"""Release, revocation, choice of a mediator: check, change, write the protocol. Never commits."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, update

from portal.accounts.errors import MediatorUnknown
from portal.core.database import db
from portal.core.refusal import Refusal
from portal.domain.actors import Actor
from portal.domain.participants import Mediator, Participant
from portal.domain.releases import EndCause, Event, Registration, Release
from portal.domain.rules.preflight import (
    ENDING,
    Finding,
    consent_findings,
    tenant_preflight,
    wants_confirmation,
)
from portal.domain.tenants import Connection, Tenant
from portal.networks.registry import Network
from portal.releases.errors import (
    AlreadyReleased,
    ConsentToConfirm,
    EndsAtOnce,
    IdentityDoubted,
    MediatorInactive,
    NetworkNotChosen,
    NotReleased,
)
from portal.releases.registrations import (
    ensure_registration,
    find_registration,
    get_participant,
    write_protocol,
)
from portal.releases.rows import consent_of
from portal.tenants.queries import find_connection, tenant_facts, today_of


def release(
    participant_id: int, actor: Actor, now: dt.datetime, consent_confirmed: bool = False
) -> Registration:
    """Release a participant to the tenant's network; findings do not hinder it, they are shown.

    Raises NotFound; Refusal `already-released`, `consent-to-confirm` (Jobnetzwerk, none recorded),
    `ends-at-once` (consent withdrawn or expired, left), `identity-doubted`, and the tenant's: `network-not-chosen`,
    `licence-…`.
    """
    person = get_participant(participant_id)
    tenant = db.session.get_one(Tenant, person.tenant_id)
    connection = _connection_for_release(tenant, now)
    known = find_registration(connection, person.id)
    if known is not None and known.released:
        raise AlreadyReleased
    if person.doubted_identity is not None:
        raise IdentityDoubted
    confirmed = _check_consent(person, connection.network, tenant, now, consent_confirmed)
    registration = ensure_registration(connection, person)
    if not _compare_and_set(registration, released=False, to=True):
        raise AlreadyReleased
    registration.release_id = _insert_release(registration, actor, now, confirmed)
    registration.urgent, registration.stuck_since = False, None
    if registration.mediator_id is None:
        registration.mediator_id = _default_mediator(person, actor)
    write_protocol(
        registration, Event.RELEASED, actor, now, consent_confirmed=confirmed, mediator=_number(registration)
    )
    return registration


def _insert_release(registration: Registration, actor: Actor, now: dt.datetime, confirmed: bool) -> int:
    opened = Release(
        tenant_id=registration.tenant_id,
        connection_id=registration.connection_id,
        participant_id=registration.participant_id,
        released_at=now,
        released_by=actor.initials,
        consent_confirmed=confirmed,
    )
    db.session.add(opened)
    db.session.flush()
    return opened.id


def revoke(participant_id: int, actor: Actor, now: dt.datetime) -> Registration:
    """End the open release of a participant. Raises NotFound; Refusal `not-released`."""
    person = get_participant(participant_id)
    connection = find_connection(person.tenant_id)
    registration = find_registration(connection, person.id) if connection else None
    if registration is None or not registration.released:
        raise NotReleased
    end_release(registration, EndCause.PERSON, actor, now)
    return registration


def end_release(
    registration: Registration, cause: EndCause, actor: Actor, now: dt.datetime, import_id: int | None = None
) -> None:
    """End the open release of `registration`. Raises Refusal `not-released` if another request was first.

    `import_id` is the import that brought the cause, if one did.
    """
    if not _compare_and_set(registration, released=True, to=False):
        raise NotReleased
    db.session.execute(
        update(Release)
        .where(Release.id == registration.release_id, Release.ended_at.is_(None))
        .values(ended_at=now, ended_by=actor.initials, end_cause=cause)
    )
    write_protocol(registration, Event.REVOKED, actor, now, **{"cause": cause.value, "import": import_id})


def choose_mediator(participant_id: int, mediator_id: int, actor: Actor, now: dt.datetime) -> Registration:
    """Choose the mediator who is announced with the next transfer.

    Raises NotFound (participant, mediator); Refusal `mediator-inactive`, `network-not-chosen`.
    """
    person = get_participant(participant_id)
    connection = find_connection(person.tenant_id)
    if connection is None:
        raise NetworkNotChosen
    mediator = db.session.scalar(select(Mediator).where(Mediator.id == mediator_id))
    if mediator is None:
        raise MediatorUnknown
    if not mediator.active:
        raise MediatorInactive
    registration = ensure_registration(connection, person)
    if registration.mediator_id == mediator.id:
        return registration
    before = _number(registration)
    registration.mediator_id = mediator.id
    registration.revision = (
        Registration.revision + 1
    )  # by the database: an import may count it up at the same time
    write_protocol(registration, Event.MEDIATOR_CHOSEN, actor, now, mediator=mediator.number, before=before)
    return registration


def _connection_for_release(tenant: Tenant, now: dt.datetime) -> Connection:
    connection = find_connection(tenant.id)
    for finding in tenant_preflight(tenant_facts(tenant, connection), today_of(tenant, now)):
        if finding is not Finding.NETWORK_CREDENTIALS_MISSING:  # that one is mended without a new decision
            raise Refusal(finding.value)
    assert connection is not None
    return connection


def _check_consent(
    person: Participant, network: Network, tenant: Tenant, now: dt.datetime, confirmed: bool
) -> bool:
    """Return whether consent was confirmed because none is recorded."""
    consent, today = consent_of(person), today_of(tenant, now)
    ending = [finding for finding in consent_findings(consent, network, today) if finding in ENDING]
    if person.left_at:
        ending.append(Finding.LEFT_QUALLI)
    if ending:
        raise EndsAtOnce(finding=ending[0])
    if not wants_confirmation(consent, network, today):
        return False
    if not confirmed:
        raise ConsentToConfirm
    return True


def _compare_and_set(registration: Registration, *, released: bool, to: bool) -> bool:
    """Open or close the release by compare-and-set. Return False if another request was first (a double click)."""
    result = db.session.execute(
        update(Registration)
        .where(Registration.id == registration.id, Registration.released == released)
        .values(released=to, revision=Registration.revision + 1)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(registration)
    return bool(result.rowcount)  # type: ignore[attr-defined]


def _default_mediator(person: Participant, actor: Actor) -> int | None:
    """Return the releasing person, if a mediator; else the participant's caseworker, if a mediator; else none."""
    for condition in (Mediator.id == actor.mediator_id, Mediator.initials == person.caseworker):
        mediator = db.session.scalar(select(Mediator).where(condition, Mediator.active))
        if mediator:
            return mediator.id
    return None


def _number(registration: Registration) -> str | None:
    if registration.mediator_id is None:
        return None
    return db.session.scalar(select(Mediator.number).where(Mediator.id == registration.mediator_id))
