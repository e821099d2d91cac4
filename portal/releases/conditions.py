"""The rules of preflight and phase once more, as SQL conditions, so that lists are filtered by indexes.

`tests/releases/test_conditions.py` holds them equal to the pure rules over all combinations.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal, or_, select, true
from sqlalchemy.orm import aliased

from portal.deliveries.models import DeliveryPerson
from portal.deliveries.states import DeliveryState
from portal.people.models import Mediator, Order, Participant
from portal.releases.models import Presence, Release
from portal.releases.phase import Phase, Transit
from portal.releases.preflight import Consent, Finding
from portal.releases.status import Reason, Status
from portal.releases.view import View
from portal.tenants.network import Network

Condition = ColumnElement[bool]
InTransit = aliased(DeliveryPerson)

RELEASED = func.coalesce(Presence.released, false())
TOLD = func.coalesce(Presence.told, false())
STATUS = func.coalesce(Presence.status, Status.OFFLINE.value)
PENDING = or_(~TOLD, Presence.revision != Presence.told_revision)
REJECTED = and_(Presence.rejected_sequence > Presence.applied_sequence)
UNEXPECTEDLY_ARCHIVED = and_(
    Presence.archived,
    func.coalesce(Presence.archive_reason, "").not_in(
        [Reason.WITHDRAWN.value, Reason.MEDIATOR_UNKNOWN.value]
    ),
)
LEFT_BUT_RELEASED = and_(RELEASED, Participant.left_order_on.is_not(None))


def people(view: View) -> Select[Participant, Presence, Release, Order, Mediator, bool]:
    """Everybody a list of the tenant may show, with what decides status, phase and findings."""
    connection_id = view.connection.id if view.connection else 0
    uncommitted_id = view.uncommitted.id if view.uncommitted else 0
    return (
        select(Participant, Presence, Release, Order, Mediator, in_transit(view).label("in_transit"))
        .outerjoin(
            Presence,
            and_(Presence.participant_id == Participant.id, Presence.connection_id == connection_id),
        )
        .outerjoin(Release, Release.id == Presence.release_id)
        .outerjoin(Order, Order.id == Participant.order_id)
        .outerjoin(Mediator, Mediator.id == Presence.mediator_id)
        .outerjoin(
            InTransit,
            and_(InTransit.participant_id == Participant.id, InTransit.delivery_id == uncommitted_id),
        )
        .where(or_(Participant.left_at.is_(None), Presence.release_id.is_not(None)))
    )


def in_transit(view: View) -> Condition:
    """Whether a person is in the uncommitted delivery; before it is built, whether she will be."""
    delivery = view.uncommitted
    if delivery is None:
        return false()
    if delivery.state is not DeliveryState.PLANNED:
        return InTransit.id.is_not(None)
    if delivery.selection is not None:
        return Participant.id.in_(delivery.selection)
    return or_(RELEASED, TOLD)


def finding_conditions(view: View) -> dict[Finding, Condition]:
    """The findings of preflight that concern one person, as conditions."""
    job4you = literal(view.connection is not None and view.connection.network is Network.JOB4YOU)
    withdrawn = _consent_withdrawn(view.today)
    return {
        Finding.CONSENT_WITHDRAWN: withdrawn,
        Finding.CONSENT_MISSING: and_(job4you, ~consent_given(view.today), ~withdrawn),
        Finding.CONSENT_EXPIRED: and_(
            Participant.consent_until.is_not(None), Participant.consent_until < view.today
        ),
        Finding.LEFT_QUALLI: Participant.left_at.is_not(None),
        Finding.NAME_MISSING: or_(Participant.first_name == "", Participant.last_name == ""),
        Finding.EMAIL_MISSING: and_(job4you, func.coalesce(Participant.email, "") == ""),
        Finding.EMAIL_UNREADABLE: and_(
            job4you, func.coalesce(Participant.email, "") != "", ~Participant.email_readable
        ),
        Finding.CASEWORKER_MISSING: and_(job4you, func.coalesce(Participant.caseworker, "") == ""),
        Finding.ORDER_MISSING: and_(job4you, Participant.order_id.is_(None)),
        Finding.ORDER_RESPONSIBLE_MISSING: and_(
            job4you, Participant.order_id.is_not(None), ~func.coalesce(Order.has_responsible, true())
        ),
        Finding.MEDIATOR_MISSING: Presence.mediator_id.is_(None),
        Finding.MEDIATOR_INACTIVE: and_(
            Presence.mediator_id.is_not(None), ~func.coalesce(Mediator.active, true())
        ),
        Finding.REFUSED_RECORD: and_(
            Presence.refused_revision.is_not(None), Presence.refused_revision == Presence.revision
        ),
    }


def blocked(view: View) -> Condition:
    """Whether anything keeps a person from being delivered."""
    return or_(literal(bool(view.findings)), *finding_conditions(view).values())


_TRANSIT_PHASES = {
    Transit.HELD: Phase.HELD,
    Transit.OUTCOME_UNKNOWN: Phase.OUTCOME_UNKNOWN,
    Transit.TRANSFERRING: Phase.TRANSFERRING,
}


def phase_case(view: View) -> ColumnElement[str]:
    """The twin of `phase.phase`."""
    waiting = Presence.waiting_since
    steps: list[tuple[Condition, Phase]] = [
        (
            or_(
                Presence.clarification.is_not(None),
                and_(Presence.id.is_not(None), Participant.doubted_identity.is_not(None)),
                waiting < view.deadlines.clarification_before,
            ),
            Phase.CLARIFICATION,
        )
    ]
    if view.transit:
        steps.append((in_transit(view), _TRANSIT_PHASES[view.transit]))
    steps += [
        (or_(REJECTED, and_(RELEASED, UNEXPECTEDLY_ARCHIVED)), Phase.REJECTED),
        (waiting < view.deadlines.overdue_before, Phase.OVERDUE),
        (and_(waiting.is_not(None), ~TOLD), Phase.ARCHIVING),
        (waiting.is_not(None), Phase.SENT),
        (and_(~RELEASED, TOLD), Phase.SCHEDULED),
        (~RELEASED, Phase.NOT_RELEASED),
        (blocked(view), Phase.BLOCKED),
        (PENDING, Phase.SCHEDULED),
    ]
    return case(*((condition, literal(phase.value)) for condition, phase in steps), else_=Phase.CURRENT.value)


def consent_of(person: Participant) -> Consent:
    """The recorded consent of a participant."""
    return Consent(person.consent_on, person.consent_until, person.consent_withdrawn_on)


def consent_given(today: dt.date) -> ColumnElement[bool]:
    """In SQL, the twin of `Consent.is_given`."""
    return func.coalesce(Participant.consent_on <= today, false())


def _consent_withdrawn(today: dt.date) -> ColumnElement[bool]:
    """In SQL, the twin of `Consent.is_withdrawn`."""
    return and_(
        Participant.consent_withdrawn_on.is_not(None),
        or_(
            ~consent_given(today),
            func.coalesce(Participant.consent_on <= Participant.consent_withdrawn_on, false()),
        ),
    )


def consent_lost(today: dt.date) -> ColumnElement[bool]:
    """In SQL: consent withdrawn, not before the latest one, or expired. The twin of `preflight.consent_findings`."""
    return or_(
        _consent_withdrawn(today),
        and_(Participant.consent_until.is_not(None), Participant.consent_until < today),
    )
