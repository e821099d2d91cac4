"""What follows for releases when Qualli.life's data changed; called by imports, in their transactions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, and_, select, update

from portal.core.database import db
from portal.domain.actors import QUALLI
from portal.domain.participants import Participant
from portal.domain.releases import EndCause, Event, ProtocolEntry, Registration, Release
from portal.domain.rules.preflight import CONSENT_LOST, ENDING, from_bits
from portal.domain.states import ParticipantState
from portal.domain.tenants import Connection, ConnectionState, Tenant
from portal.releases.conditions import has_own_finding
from portal.releases.service import end_release
from portal.releases.states import refresh_due
from portal.releases.tracking import mark_changed

_BATCH = 1000
"""Releases that are ended in one go."""


def people_changed(
    tenant_id: int, participant_ids: Sequence[int], now: dt.datetime, import_id: int | None = None
) -> None:
    """Follow a change of these participants: note that there is something to tell, end releases that must end.

    `import_id` is the import that brought it; protocols name it. Everything happens in the caller's transaction.
    Participants who were never released get no protocol entry.
    """
    db.session.execute(update(Participant).where(Participant.id.in_(participant_ids)).values(changed_at=now))
    touched = _registrations(Registration.participant_id.in_(participant_ids))
    db.session.execute(update(Registration).where(touched).values(revision=Registration.revision + 1))
    tenant = db.session.get_one(Tenant, tenant_id)
    end_lost_releases(tenant, now, Registration.participant_id.in_(participant_ids), import_id=import_id)


def people_returned(tenant_id: int, participant_ids: Sequence[int], now: dt.datetime, import_id: int) -> None:
    """Note in the protocol of those who once were released that this import brought them back."""
    _note(tenant_id, Event.RETURNED, {row: {} for row in participant_ids}, now, import_id)


def withdrawals_kept(
    tenant_id: int, withdrawn: Mapping[int, dt.date], now: dt.datetime, import_id: int
) -> None:
    """Note, once for each withdrawal, that this import named none any more; `withdrawn` has its day by participant."""
    if not withdrawn:
        return
    query = select(ProtocolEntry.participant_id, ProtocolEntry.data).where(
        ProtocolEntry.participant_id.in_(withdrawn), ProtocolEntry.event == Event.WITHDRAWAL_KEPT
    )
    announced = {
        (participant_id, data.get("withdrawn_on")) for participant_id, data in db.session.execute(query)
    }
    data = {
        participant_id: {"withdrawn_on": day.isoformat()}
        for participant_id, day in withdrawn.items()
        if (participant_id, day.isoformat()) not in announced
    }
    _note(tenant_id, Event.WITHDRAWAL_KEPT, data, now, import_id)


def consents_renewed(tenant_id: int, given: Mapping[int, dt.date], now: dt.datetime, import_id: int) -> None:
    """Note that this import brought a consent dated after the withdrawal; `given` has its day by participant."""
    data = {participant_id: {"consent_on": day.isoformat()} for participant_id, day in given.items()}
    _note(tenant_id, Event.CONSENT_RENEWED, data, now, import_id)


def identities_changed(
    tenant_id: int, fields: Mapping[int, list[str]], now: dt.datetime, import_id: int
) -> None:
    """Note that this import changed name or date of birth; `fields` says which of them, by participant."""
    data = {participant_id: {"changed": names} for participant_id, names in fields.items()}
    _note(tenant_id, Event.PERSON_CHANGED, data, now, import_id)


def identities_doubted(tenant_id: int, digests: Mapping[int, str], now: dt.datetime, import_id: int) -> None:
    """End the releases of those whose identifier this import gives to another person, and ask whose it is.

    `digests` stand for the other people, by participant. Asked already, it is not asked again.
    """
    query = select(Participant).where(Participant.id.in_(digests)).execution_options(populate_existing=True)
    doubted = [
        person for person in db.session.scalars(query) if person.doubted_identity != digests[person.id]
    ]
    for person in doubted:
        person.doubted_identity, person.confirmed_identity = digests[person.id], None
        person.doubted_since = person.doubted_since or now
    ids = [person.id for person in doubted]
    _note(tenant_id, Event.IDENTITY_DOUBTED, {row: {} for row in ids}, now, import_id)
    released = _registrations(and_(Registration.participant_id.in_(ids), Registration.released))
    for registration in db.session.scalars(select(Registration).where(released)).all():
        end_release(registration, EndCause.OTHER_PERSON, QUALLI, now, import_id)


def _note(
    tenant_id: int,
    event: Event,
    data: Mapping[int, Mapping[str, object]],
    now: dt.datetime,
    import_id: int,
) -> None:
    """Write a protocol entry for each participant in `data` who was ever released, and for no others."""
    if not data:
        return
    rows = db.session.execute(
        select(Registration.participant_id, Registration.connection_id).where(
            Registration.participant_id.in_(data), Registration.release_id.is_not(None), _open_connection()
        )
    )
    for participant_id, connection_id in rows:
        db.session.add(
            ProtocolEntry(
                tenant_id=tenant_id,
                participant_id=participant_id,
                connection_id=connection_id,
                at=now,
                event=event,
                by=QUALLI.initials,
                data={**data[participant_id], "import": import_id},
            )
        )


def orders_changed(tenant_id: int, order_ids: Sequence[int], now: dt.datetime) -> None:  # noqa: ARG001 - one shape for both
    """Follow a change of these orders: the participants who attend them have to be announced again."""
    attending = select(Participant.id).where(Participant.order_id.in_(order_ids))
    mark_changed(tenant_id, db.session.scalars(attending))
    db.session.execute(
        update(Registration)
        .where(_registrations(Registration.participant_id.in_(attending)))
        .values(revision=Registration.revision + 1)
        .execution_options(synchronize_session=False)
    )


def mediators_changed(tenant_id: int, mediator_ids: Sequence[int], now: dt.datetime) -> None:  # noqa: ARG001 - as above
    """Follow a change of these mediators: the participants who have them have to be announced again."""
    db.session.execute(
        update(Registration)
        .where(_registrations(Registration.mediator_id.in_(mediator_ids)))
        .values(revision=Registration.revision + 1)
        .execution_options(synchronize_session=False)
    )


def end_lost_releases(
    tenant: Tenant,
    now: dt.datetime,
    among: ColumnElement[bool],
    *,
    import_id: int | None = None,
) -> int:
    """End open releases whose consent was withdrawn or has expired, or who left; how many.

    `import_id` is the import by which they did, None where it was the clock. Told people whose consent
    ended are marked urgent: they are withdrawn at once. Source: docs/domain.md#rules.
    """
    refresh_due(tenant.id, now)
    query = (
        select(Registration, ParticipantState.findings)
        .join(ParticipantState, ParticipantState.participant_id == Registration.participant_id)
        .where(Registration.released, among, has_own_finding(ENDING))
    )
    ended = 0
    while rows := db.session.execute(query.limit(_BATCH)).all():
        for registration, findings in rows:
            lost = CONSENT_LOST & set(from_bits(findings))
            end_release(registration, EndCause.CONSENT if lost else EndCause.LEFT, QUALLI, now, import_id)
        db.session.flush()
        ended += len(rows)
    _mark_urgent(among, now)
    return ended


def _mark_urgent(among: ColumnElement[bool], now: dt.datetime) -> None:
    """Also those whose release ended for another cause before, while the network still holds them."""
    lost = select(ParticipantState.participant_id).where(has_own_finding(CONSENT_LOST))
    marked = (
        db.session.execute(
            update(Registration)
            .where(
                Registration.announced,
                ~Registration.released,
                ~Registration.urgent,
                among,
                Registration.participant_id.in_(lost),
            )
            .values(urgent=True)
            .returning(Registration.release_id)
            .execution_options(synchronize_session="fetch")
        )
        .scalars()
        .all()
    )
    if marked:
        db.session.execute(
            update(Release)
            .where(Release.id.in_(marked))
            .values(consent_lost_at=now)
            .execution_options(synchronize_session=False)
        )


def _open_connection() -> ColumnElement[bool]:
    return Registration.connection_id.in_(
        select(Connection.id).where(Connection.state == ConnectionState.OPEN)
    )


def _registrations(among: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(among, _open_connection())
