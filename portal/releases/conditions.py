"""The rules of preflight and phase once more, as SQL conditions, so that lists are filtered by indexes.

`tests/releases/test_conditions.py` holds them equal to the pure rules over all combinations.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal, not_, null, or_, select, true
from sqlalchemy.orm import aliased

from portal.domain.deliveries import DeliveryPerson
from portal.domain.delivery_states import DeliveryState
from portal.domain.participants import Mediator, Order, Participant
from portal.domain.releases import MediatorRegistration, Registration, Release
from portal.domain.rules.phase import WAITS_FOR_NOTHING, Phase, Transit
from portal.domain.rules.preflight import MENDABLE, Consent, Finding
from portal.domain.rules.status import Archiving, Reason, Status, archiving
from portal.networks.spec import ConsentProof, Requirement
from portal.tenants.context import TenantContext

Condition = ColumnElement[bool]
InTransit = aliased(DeliveryPerson)

RELEASED = func.coalesce(Registration.released, false())
ANNOUNCED = func.coalesce(Registration.announced, false())
STATUS = func.coalesce(Registration.status, Status.OFFLINE.value)
PENDING = or_(~ANNOUNCED, Registration.revision != Registration.announced_revision)
REJECTED = and_(Registration.rejected_sequence > Registration.applied_sequence)
ANSWERED = Registration.applied_sequence >= Registration.announced_sequence
"""The newest answer that counts belongs to the newest delivery about them."""


def _archiving() -> ColumnElement[str]:
    """What an answer `archived` means, reason by reason as `status.archiving` says it."""
    steps = [
        (
            Registration.archive_reason == reason.value,
            case(
                (and_(ANNOUNCED, ANSWERED), archiving(reason, named=True).value),
                else_=archiving(reason, named=False).value,
            ),
        )
        for reason in Reason
    ]
    return case(*steps, else_=archiving(None, named=True).value)


UNEXPECTEDLY_ARCHIVED = and_(Registration.archived, _archiving() == Archiving.UNEXPECTED.value)
_SAME_MEDIATOR = or_(
    Registration.announced_mediator_id.is_(None),
    Registration.announced_mediator_id == Registration.mediator_id,
)
MEDIATOR_UNKNOWN = and_(
    Registration.archived,
    _archiving() == Archiving.MEDIATOR_UNKNOWN.value,
    Registration.mediator_id.is_not(None),
    or_(
        not_(func.coalesce(MediatorRegistration.known, true())),
        and_(
            ANSWERED,
            _SAME_MEDIATOR,
            func.coalesce(MediatorRegistration.answered_sequence, 0) <= Registration.applied_sequence,
        ),
    ),
)
"""The twin of `rows.lacks_known_mediator`."""
ABOUT_MEDIATOR = and_(
    MediatorRegistration.connection_id == Registration.connection_id,
    MediatorRegistration.mediator_id == Registration.mediator_id,
)
"""Joins what the network answered about the chosen mediator."""
LEFT_BUT_RELEASED = and_(RELEASED, Participant.left_order_on.is_not(None))


def people(
    view: TenantContext,
) -> Select[Participant, Registration, Release, Order, Mediator, MediatorRegistration, bool]:
    """Everybody a list of the tenant may show, with what decides status, phase and findings."""
    connection_id = view.connection.id if view.connection else 0
    uncommitted_id = view.uncommitted.id if view.uncommitted else 0
    return (
        select(
            Participant,
            Registration,
            Release,
            Order,
            Mediator,
            MediatorRegistration,
            in_transit(view).label("in_transit"),
        )
        .outerjoin(
            Registration,
            and_(Registration.participant_id == Participant.id, Registration.connection_id == connection_id),
        )
        .outerjoin(Release, Release.id == Registration.release_id)
        .outerjoin(Order, Order.id == Participant.order_id)
        .outerjoin(Mediator, Mediator.id == Registration.mediator_id)
        .outerjoin(MediatorRegistration, ABOUT_MEDIATOR)
        .outerjoin(
            InTransit,
            and_(InTransit.participant_id == Participant.id, InTransit.delivery_id == uncommitted_id),
        )
        .where(or_(Participant.left_at.is_(None), Registration.release_id.is_not(None)))
    )


def in_transit(view: TenantContext) -> Condition:
    """Whether a person is in the uncommitted delivery; before it is built, whether they will be."""
    delivery = view.uncommitted
    if delivery is None:
        return false()
    if delivery.state is not DeliveryState.PLANNED:
        return InTransit.id.is_not(None)
    if delivery.selection is not None:
        return Participant.id.in_(delivery.selection)
    return or_(RELEASED, ANNOUNCED)


def finding_conditions(view: TenantContext) -> dict[Finding, Condition]:
    """The findings of preflight that concern one person, as conditions."""
    spec = view.connection.network.spec if view.connection else None
    recorded = literal(spec is not None and spec.consent is ConsentProof.RECORDED)
    email, caseworker, order = (
        literal(spec is not None and item in spec.requires)
        for item in (Requirement.EMAIL, Requirement.CASEWORKER, Requirement.ORDER)
    )
    withdrawn = _consent_withdrawn(view.today)
    return {
        Finding.CONSENT_WITHDRAWN: withdrawn,
        Finding.CONSENT_MISSING: and_(recorded, ~consent_given(view.today), ~withdrawn),
        Finding.CONSENT_EXPIRED: and_(
            Participant.consent_until.is_not(None), Participant.consent_until < view.today
        ),
        Finding.LEFT_QUALLI: Participant.left_at.is_not(None),
        Finding.NAME_MISSING: or_(Participant.first_name == "", Participant.last_name == ""),
        Finding.EMAIL_MISSING: and_(email, func.coalesce(Participant.email, "") == ""),
        Finding.EMAIL_UNREADABLE: and_(
            email, func.coalesce(Participant.email, "") != "", ~Participant.email_readable
        ),
        Finding.CASEWORKER_MISSING: and_(caseworker, func.coalesce(Participant.caseworker, "") == ""),
        Finding.ORDER_MISSING: and_(order, Participant.order_id.is_(None)),
        Finding.ORDER_RESPONSIBLE_MISSING: and_(
            order, Participant.order_id.is_not(None), ~func.coalesce(Order.has_responsible, true())
        ),
        Finding.MEDIATOR_MISSING: Registration.mediator_id.is_(None),
        Finding.MEDIATOR_INACTIVE: and_(
            Registration.mediator_id.is_not(None), ~func.coalesce(Mediator.active, true())
        ),
        Finding.REFUSED_RECORD: and_(
            Registration.refused_revision.is_not(None), Registration.refused_revision == Registration.revision
        ),
    }


def blocked(view: TenantContext) -> Condition:
    """Whether anything keeps a person from being delivered."""
    return or_(literal(bool(view.findings)), *finding_conditions(view).values())


_TRANSIT_PHASES = {
    Transit.HELD: Phase.HELD,
    Transit.OUTCOME_UNKNOWN: Phase.OUTCOME_UNKNOWN,
    Transit.TRANSFERRING: Phase.TRANSFERRING,
}


def phase_case(view: TenantContext) -> ColumnElement[str]:
    """The twin of `phase.phase`."""
    steps = ((condition, phase) for condition, phase, _ in _steps(view))
    return case(*((condition, literal(phase.value)) for condition, phase in steps), else_=Phase.CURRENT.value)


def needs_action(view: TenantContext) -> Condition:
    """The twin of `phase.needs_action`."""
    steps = ((condition, acts) for condition, _, acts in _steps(view))
    return case(*((condition, acts) for condition, acts in steps), else_=false())


def waits_since(view: TenantContext) -> ColumnElement[dt.datetime | None]:
    """The twin of `phase.waits_since`."""
    waiting, stuck = Registration.waiting_since.expression, Registration.stuck_since.expression
    asked = _earlier(_earlier(waiting, stuck), Participant.doubted_since.expression)
    decided, announced_at = func.coalesce(Release.ended_at, Release.released_at), Registration.announced_at
    return case(
        (phase_case(view).in_([phase.value for phase in WAITS_FOR_NOTHING]), null()),
        (decided < announced_at, func.coalesce(asked, announced_at)),
        else_=func.coalesce(asked, decided, announced_at),
    )


def _earlier(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    """The earlier of two times, and the one that there is where the other is missing."""
    return case((one < other, one), else_=func.coalesce(other, one))


def _steps(view: TenantContext) -> list[tuple[Condition, Phase, Condition]]:
    """The phases in their order: when each applies, and whether somebody of the tenant can do something then."""
    waiting = Registration.waiting_since
    clarifying = or_(
        Registration.clarification.is_not(None),
        and_(Registration.id.is_not(None), Participant.doubted_identity.is_not(None)),
    )
    conditions = finding_conditions(view)
    is_blocked = or_(literal(bool(view.findings)), *conditions.values())
    at_network = or_(REJECTED, UNEXPECTEDLY_ARCHIVED, MEDIATOR_UNKNOWN)
    mendable = or_(*(conditions[finding] for finding in MENDABLE))
    steps: list[tuple[Condition, Phase, Condition]] = [
        (or_(clarifying, waiting < view.deadlines.clarification_before), Phase.CLARIFICATION, true())
    ]
    if view.transit:
        acts = and_(RELEASED, or_(at_network, mendable)) if view.transit is Transit.HELD else false()
        steps.append((in_transit(view), _TRANSIT_PHASES[view.transit], acts))
    return [
        *steps,
        (or_(REJECTED, and_(RELEASED, UNEXPECTEDLY_ARCHIVED)), Phase.REJECTED, RELEASED),
        (and_(RELEASED, MEDIATOR_UNKNOWN), Phase.MEDIATOR_UNKNOWN, true()),
        (waiting < view.deadlines.overdue_before, Phase.OVERDUE, false()),
        (and_(waiting.is_not(None), ~ANNOUNCED), Phase.ARCHIVING, false()),
        (waiting.is_not(None), Phase.SENT, false()),
        (and_(~RELEASED, ANNOUNCED), Phase.WITHDRAWAL_SCHEDULED, false()),
        (~RELEASED, Phase.NOT_RELEASED, false()),
        (is_blocked, Phase.BLOCKED, mendable),
        (or_(PENDING, STATUS.not_in([Status.ONLINE.value])), Phase.SCHEDULED, false()),
    ]


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
