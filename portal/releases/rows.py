"""What the pure rules are asked of a person, from the rows that we have; and a person as lists show them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row

from portal.domain.participants import Mediator, Order, Participant
from portal.domain.releases import MediatorRegistration, Registration, Release
from portal.domain.rules.phase import (
    WAITS_FOR_NOTHING,
    Moments,
    Phase,
    PhaseInput,
    needs_action,
    phase,
    shown_needs_action,
    shown_phase,
    waits_since,
)
from portal.domain.rules.preflight import MENDABLE, Consent, Finding, PreflightInput, from_bits, preflight
from portal.domain.rules.status import Archiving, Reason, Status, archiving, read_reason
from portal.domain.states import ParticipantState
from portal.networks.registry import Network
from portal.tenants.context import TenantContext


@dataclass(frozen=True)
class PersonRow:
    """One person as a list shows them."""

    participant: Participant
    registration: Registration | None
    release: Release | None
    order: Order | None
    mediator: Mediator | None
    mediator_registration: MediatorRegistration | None
    """What the network answered about the mediator; None where it was never told of them."""
    status: Status
    phase: Phase
    findings: tuple[Finding, ...]
    needs_action: bool
    """Whether a user of the tenant can do something now."""
    since: dt.datetime | None
    """Since when they wait for what the phase is about; None where they wait for nothing."""


def listed_row(context: TenantContext, row: Row[*tuple[Any, ...]]) -> PersonRow:
    """Read a row of `conditions.people` as it is stored, with what concerns the whole tenant laid over it."""
    state: ParticipantState = row.ParticipantState
    transit = context.transit if row.in_transit else None
    shown = shown_phase(state.phase, transit, bool(context.findings))
    acts = shown_needs_action(state.phase, state.needs_action, state.troubled, transit)
    since = None if shown in WAITS_FOR_NOTHING else state.since
    return _person_row(row, state.status, shown, from_bits(state.findings), acts, since)


def decided_row(context: TenantContext, row: Row[*tuple[Any, ...]]) -> PersonRow:
    """Read a row of `conditions.people` by the rules, at the context's time."""
    person, registration, release, order, mediator, known = row[:6]
    network = context.connection.network if context.connection else None
    findings, own = judge(person, registration, order, mediator, known, network, context.today)
    situation = replace(
        own,
        transit=context.transit if row.in_transit else None,
        tenant_blocked=bool(context.findings),
    )
    found = phase(situation, context.deadlines)
    acts = needs_action(situation, context.deadlines)
    since = waits_since(found, moments_of(person, registration, release))
    return _person_row(row, situation.status, found, findings, acts, since)


def _person_row(
    row: Row[*tuple[Any, ...]],
    status: Status,
    phase: Phase,
    findings: tuple[Finding, ...],
    needs_action: bool,
    since: dt.datetime | None,
) -> PersonRow:
    person, registration, release, order, mediator, known = row[:6]
    return PersonRow(
        person,
        registration,
        release,
        order,
        mediator,
        known,
        status,
        phase,
        findings,
        needs_action,
        since,
    )


def judge(
    person: Participant,
    registration: Registration | None,
    order: Order | None,
    mediator: Mediator | None,
    known: MediatorRegistration | None,
    network: Network | None,
    today: dt.date,
) -> tuple[tuple[Finding, ...], PhaseInput]:
    """Return a participant's own findings, and what decides their own phase."""
    findings = tuple(preflight(preflight_input(person, registration, order, mediator), network, today))
    return findings, phase_input(person, registration, known, findings)


def consent_of(person: Participant) -> Consent:
    """Return the recorded consent of a participant."""
    return Consent(person.consent_on, person.consent_until, person.consent_withdrawn_on)


def preflight_input(
    person: Participant, registration: Registration | None, order: Order | None, mediator: Mediator | None
) -> PreflightInput:
    """What preflight needs to know, from rows."""
    return PreflightInput(
        first_name=person.first_name,
        last_name=person.last_name,
        email=person.email,
        email_readable=person.email_readable,
        caseworker=person.caseworker,
        consent=consent_of(person),
        has_order=order is not None,
        order_has_responsible=bool(order and order.has_responsible),
        mediator_active=mediator.active if mediator else None,
        left_qualli=person.left_at is not None,
        record_refused=bool(
            registration
            and registration.refused_revision is not None
            and registration.refused_revision == registration.revision
        ),
    )


def phase_input(
    person: Participant,
    registration: Registration | None,
    known: MediatorRegistration | None,
    findings: tuple[Finding, ...],
) -> PhaseInput:
    """What decides a person's own phase, from rows."""
    mendable = any(finding in MENDABLE for finding in findings)
    if registration is None:
        return PhaseInput(findings=len(findings), mendable=mendable)
    meaning = archived_as(registration)
    return PhaseInput(
        released=registration.released,
        announced=registration.announced,
        pending=not registration.announced or registration.revision != registration.announced_revision,
        findings=len(findings),
        mendable=mendable,
        clarification=registration.clarification is not None or person.doubted_identity is not None,
        rejected=registration.rejected_sequence > registration.applied_sequence,
        unexpectedly_archived=meaning is Archiving.UNEXPECTED,
        mediator_unknown=meaning is Archiving.MEDIATOR_UNKNOWN and lacks_known_mediator(registration, known),
        waiting_since=registration.waiting_since,
        status=Status(registration.status),
    )


def archived_as(registration: Registration) -> Archiving | None:
    """What it means that the newest answer was `archived`; None where it was another one."""
    if not registration.archived:
        return None
    answered = registration.applied_sequence >= registration.announced_sequence
    return archiving(read_reason(registration.archive_reason), named=registration.announced and answered)


def lacks_known_mediator(registration: Registration, known: MediatorRegistration | None) -> bool:
    """Tell whether nothing says that the network knows the chosen mediator of a person archived for want of one.

    Another mediator is given the benefit of the doubt, unless the
    network has answered that it does not know that one either.
    """
    if registration.mediator_id is None:
        return False  # preflight says so
    if known is not None and not known.known:
        return True
    about_this = registration.announced_mediator_id in (None, registration.mediator_id)
    answered = registration.applied_sequence >= registration.announced_sequence
    since = known is not None and known.answered_sequence > registration.applied_sequence
    return answered and about_this and not since


def stuck_since(registration: Registration, now: dt.datetime) -> dt.datetime | None:
    """Tell since when the network's answers have not confirmed a person; being rejected every night is one wait."""
    stuck = (
        registration.archived
        or registration.rejected_sequence > registration.applied_sequence
        or registration.clarification is not None
    )
    return (registration.stuck_since or now) if stuck else None


def moments_of(person: Participant, registration: Registration | None, release: Release | None) -> Moments:
    return Moments(
        released_at=release.released_at if release else None,
        ended_at=release.ended_at if release else None,
        announced_at=registration.announced_at if registration else None,
        waiting_since=registration.waiting_since if registration else None,
        stuck_since=registration.stuck_since if registration else None,
        doubted_since=person.doubted_since,
    )


def rejection_of(registration: Registration | None) -> Reason | None:
    """Return why the network rejected a person; None where its newest answer that counts is another one."""
    if registration is None or registration.rejected_sequence <= registration.applied_sequence:
        return None
    return read_reason(registration.rejection_reason or "")
