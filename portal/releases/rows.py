"""A row of `conditions.people` with what the pure rules say of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from portal.domain.participants import Mediator, Order, Participant
from portal.domain.releases import MediatorRegistration, Registration, Release
from portal.domain.rules.phase import Moments, Phase, PhaseInput, needs_action, phase, waits_since
from portal.domain.rules.preflight import MENDABLE, Finding, PreflightInput, preflight
from portal.domain.rules.status import Archiving, Reason, Status, archiving, read_reason
from portal.releases.conditions import consent_of
from portal.tenants.context import TenantContext


@dataclass(frozen=True)
class PersonRow:
    """One person as a list shows them."""

    participant: Participant
    presence: Registration | None
    release: Release | None
    order: Order | None
    mediator: Mediator | None
    mediator_presence: MediatorRegistration | None
    """What the network answered about the mediator; None where it was never told of them."""
    status: Status
    phase: Phase
    findings: tuple[Finding, ...]
    needs_action: bool
    """Whether somebody of the tenant can do something now."""
    since: dt.datetime | None
    """Since when they wait for what the phase is about; None where they wait for nothing."""


def person_row(view: TenantContext, row: Row[*tuple[Any, ...]]) -> PersonRow:
    """Read a row of `conditions.people` by the rules."""
    person, presence, release, order, mediator, known, in_transit = row
    network = view.connection.network if view.connection else None
    findings = tuple(preflight(preflight_input(person, presence, order, mediator), network, view.today))
    situation = phase_input(person, presence, known, findings, view, bool(in_transit))
    found = phase(situation, view.deadlines)
    return PersonRow(
        participant=person,
        presence=presence,
        release=release,
        order=order,
        mediator=mediator,
        mediator_presence=known,
        status=Status(presence.status) if presence else Status.OFFLINE,
        phase=found,
        findings=findings,
        needs_action=needs_action(situation, view.deadlines),
        since=waits_since(found, _moments(person, presence, release)),
    )


def preflight_input(
    person: Participant, presence: Registration | None, order: Order | None, mediator: Mediator | None
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
            presence
            and presence.refused_revision is not None
            and presence.refused_revision == presence.revision
        ),
    )


def phase_input(
    person: Participant,
    presence: Registration | None,
    known: MediatorRegistration | None,
    findings: tuple[Finding, ...],
    view: TenantContext,
    in_transit: bool,
) -> PhaseInput:
    """What decides the phase, from rows."""
    transit, number = view.transit if in_transit else None, len(findings) + len(view.findings)
    mendable = any(finding in MENDABLE for finding in findings)
    if presence is None:
        return PhaseInput(findings=number, mendable=mendable, transit=transit)
    meaning = archived_as(presence)
    return PhaseInput(
        released=presence.released,
        told=presence.told,
        pending=not presence.told or presence.revision != presence.told_revision,
        findings=number,
        mendable=mendable,
        clarification=presence.clarification is not None or person.doubted_identity is not None,
        rejected=presence.rejected_sequence > presence.applied_sequence,
        unexpectedly_archived=meaning is Archiving.UNEXPECTED,
        mediator_unknown=meaning is Archiving.MEDIATOR_UNKNOWN and lacks_known_mediator(presence, known),
        waiting_since=presence.waiting_since,
        transit=transit,
        status=Status(presence.status),
    )


def archived_as(presence: Registration) -> Archiving | None:
    """What it means that the newest answer was `archived`; None where it was another one."""
    if not presence.archived:
        return None
    answered = presence.applied_sequence >= presence.told_sequence
    return archiving(read_reason(presence.archive_reason), named=presence.told and answered)


def lacks_known_mediator(presence: Registration, known: MediatorRegistration | None) -> bool:
    """Tell whether nothing says that the network knows the chosen mediator of a person archived for want of one.

    `conditions.MEDIATOR_UNKNOWN` says the same in SQL. Another mediator is given the benefit of the doubt, unless the
    network has answered that it does not know that one either.
    """
    if presence.mediator_id is None:
        return False  # preflight says so
    if known is not None and not known.known:
        return True
    about_this = presence.told_mediator_id in (None, presence.mediator_id)
    answered = presence.applied_sequence >= presence.told_sequence
    since = known is not None and known.answered_sequence > presence.applied_sequence
    return answered and about_this and not since


def stuck_since(presence: Registration, now: dt.datetime) -> dt.datetime | None:
    """Tell since when the network's answers have not confirmed a person; being rejected every night is one wait."""
    stuck = (
        presence.archived
        or presence.rejected_sequence > presence.applied_sequence
        or presence.clarification is not None
    )
    return (presence.stuck_since or now) if stuck else None


def _moments(person: Participant, presence: Registration | None, release: Release | None) -> Moments:
    return Moments(
        released_at=release.released_at if release else None,
        ended_at=release.ended_at if release else None,
        told_at=presence.told_at if presence else None,
        waiting_since=presence.waiting_since if presence else None,
        stuck_since=presence.stuck_since if presence else None,
        doubted_since=person.doubted_since,
    )


def rejection_of(presence: Registration | None) -> Reason | None:
    """Why the network rejected a person; None where its newest answer that counts is another one."""
    if presence is None or presence.rejected_sequence <= presence.applied_sequence:
        return None
    return read_reason(presence.rejection_reason or "")
