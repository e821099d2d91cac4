"""What follows for releases when Qualli.life's data changed; called by imports, in their transactions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_, select, update

from portal.accounts.actor import QUALLI
from portal.database import db
from portal.people.models import Participant
from portal.releases.conditions import consent_lost
from portal.releases.models import EndCause, Event, Presence, ProtocolEntry, Release
from portal.releases.service import end_release
from portal.tenants.models import Connection, ConnectionState, Tenant
from portal.tenants.queries import today_of


def people_changed(
    tenant_id: int, participant_ids: Sequence[int], now: dt.datetime, import_id: int | None = None
) -> None:
    """Follow a change of these participants: note that there is something to tell, end releases that must end.

    `import_id` is the import that brought it; protocols name it. Everything happens in the caller's transaction.
    People nobody released make no noise.
    """
    db.session.execute(update(Participant).where(Participant.id.in_(participant_ids)).values(changed_at=now))
    touched = _presences(Presence.participant_id.in_(participant_ids))
    db.session.execute(update(Presence).where(touched).values(revision=Presence.revision + 1))
    tenant = db.session.get_one(Tenant, tenant_id)
    end_lost_releases(tenant, now, Presence.participant_id.in_(participant_ids), import_id=import_id)


def people_returned(tenant_id: int, participant_ids: Sequence[int], now: dt.datetime, import_id: int) -> None:
    """Note in the protocol of those who once were released that this import brought them back."""
    rows = db.session.execute(
        select(Presence.participant_id, Presence.connection_id).where(
            Presence.participant_id.in_(participant_ids), Presence.release_id.is_not(None), _open_connection()
        )
    )
    for participant_id, connection_id in rows:
        db.session.add(
            ProtocolEntry(
                tenant_id=tenant_id,
                participant_id=participant_id,
                connection_id=connection_id,
                at=now,
                event=Event.RETURNED,
                by=QUALLI.initials,
                data={"import": import_id},
            )
        )


def orders_changed(tenant_id: int, order_ids: Sequence[int], now: dt.datetime) -> None:  # noqa: ARG001 - one shape for all
    """Follow a change of these orders: whoever attends them has something new to tell."""
    attending = select(Participant.id).where(Participant.order_id.in_(order_ids))
    db.session.execute(
        update(Presence)
        .where(_presences(Presence.participant_id.in_(attending)))
        .values(revision=Presence.revision + 1)
        .execution_options(synchronize_session=False)
    )


def mediators_changed(tenant_id: int, mediator_ids: Sequence[int], now: dt.datetime) -> None:  # noqa: ARG001 - as above
    """Follow a change of these mediators: whoever has one of them has something new to tell."""
    db.session.execute(
        update(Presence)
        .where(_presences(Presence.mediator_id.in_(mediator_ids)))
        .values(revision=Presence.revision + 1)
        .execution_options(synchronize_session=False)
    )


def end_lost_releases(
    tenant: Tenant,
    now: dt.datetime,
    among: ColumnElement[bool],
    limit: int = 5000,
    *,
    import_id: int | None = None,
) -> int:
    """End open releases whose consent was withdrawn or has expired, or who left; how many.

    `import_id` is the import by which they did, None where it was the clock. Told people whose consent
    ended are marked urgent: they are withdrawn at once. Source: design §3.2.
    """
    today = today_of(tenant, now)
    rows = db.session.execute(
        select(Presence, Participant)
        .join(Participant, Participant.id == Presence.participant_id)
        .where(Presence.released, among, or_(Participant.left_at.is_not(None), consent_lost(today)))
        .limit(limit)
    ).all()
    for presence, person in rows:
        lost = _consent_is_lost(person, today)
        end_release(presence, EndCause.CONSENT if lost else EndCause.LEFT, QUALLI, now, import_id)
    _mark_urgent(today, among, now)
    db.session.flush()
    return len(rows)


def _mark_urgent(today: dt.date, among: ColumnElement[bool], now: dt.datetime) -> None:
    """Also those whose release ended for another cause before, while the network still holds them."""
    lost = select(Participant.id).where(consent_lost(today))
    marked = (
        db.session.execute(
            update(Presence)
            .where(
                Presence.told, ~Presence.released, ~Presence.urgent, among, Presence.participant_id.in_(lost)
            )
            .values(urgent=True)
            .returning(Presence.release_id)
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


def _consent_is_lost(person: Participant, today: dt.date) -> bool:
    withdrawn = person.consent_withdrawn_on
    if withdrawn and not (person.consent_on and person.consent_on > withdrawn):
        return True
    return bool(person.consent_until and person.consent_until < today)


def _open_connection() -> ColumnElement[bool]:
    return Presence.connection_id.in_(select(Connection.id).where(Connection.state == ConnectionState.OPEN))


def _presences(among: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(among, _open_connection())
