"""What is stored of everybody is what the pure rules say, on both databases, whatever concerns the whole tenant."""

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select

from portal.core.database import db
from portal.domain.deliveries import Delivery, DeliveryPerson
from portal.domain.delivery_states import ChangeKind, DeliveryState, Inclusion, Mode, Trigger
from portal.domain.participants import Participant
from portal.domain.rules.phase import Phase
from portal.domain.rules.preflight import (
    CONSENT_LOST,
    OF_PARTICIPANT,
    TENANT_WIDE,
    Consent,
    Finding,
    consent_findings,
    from_bits,
    to_bits,
)
from portal.domain.rules.status import Status
from portal.domain.tenants import ConnectionState
from portal.networks.registry import Network
from portal.releases.conditions import blocked, has_own_finding, needs_action, people, shows_phase
from portal.releases.drift import find_drift
from portal.releases.rows import decided_row, listed_row
from portal.releases.states import refresh_tenant
from portal.tenants.context import TenantContext, load_tenant_context
from tests.support.database import Cast
from tests.support.people import Crowd

pytestmark = pytest.mark.conformance

NOW = dt.datetime(2026, 3, 4, 9, tzinfo=dt.UTC)
PEOPLE = 500
"""Enough that every finding and every phase comes up, which the test says."""

State = tuple[DeliveryState, bool, bool]
STATES: dict[str, State | None] = {
    # state, outcome unknown, with a selection
    "none": None,
    "planned": (DeliveryState.PLANNED, False, False),
    "planned for some": (DeliveryState.PLANNED, False, True),
    "sending": (DeliveryState.SENDING, False, False),
    "held": (DeliveryState.HELD, False, False),
    "outcome unknown": (DeliveryState.SENDING, True, False),
}


@pytest.fixture
def crowd(app: Flask, cast: Cast) -> Iterator[TenantContext]:
    """A tenant with a licence, no credentials yet, an uncommitted delivery, and people of every kind."""
    context = load_tenant_context(cast.alpha, NOW)
    assert context.connection is not None
    Crowd(cast.alpha, context.connection.id, NOW, context.deadlines).come(PEOPLE)
    delivery = Delivery(
        tenant_id=cast.alpha,
        connection_id=context.connection.id,
        sequence=1,
        mode=Mode.DELTA,
        cause=Trigger.NOW,
        started_by="SB",
        idempotency_key="key",
        created_at=NOW,
    )
    db.session.add(delivery)
    db.session.flush()
    chosen = list(db.session.scalars(select(Participant.id).where(Participant.id % 3 == 0)))
    row = {
        "tenant_id": cast.alpha,
        "delivery_id": delivery.id,
        "part": Inclusion.NAMED,
        "novelty": ChangeKind.NEW,
    }
    db.session.execute(insert(DeliveryPerson), [row | {"participant_id": number} for number in chosen])
    db.session.commit()
    yield load_tenant_context(cast.alpha, NOW)
    db.session.rollback()


def test_what_is_stored_is_what_the_rules_say(crowd: TenantContext) -> None:
    findings, phases = set[Finding](), set[Phase]()
    for network in Network:
        assert crowd.connection is not None
        crowd.connection.network = network
        refresh_tenant(crowd.tenant.id, NOW)
        assert find_drift(crowd.tenant.id, NOW) == []
        for state, tenant_findings in itertools.product(STATES, ((), crowd.findings)):
            for found_here, phase_here in _compare(_seen(crowd, network, STATES[state], tenant_findings)):
                findings |= found_here
                phases.add(phase_here)
    assert phases == set(Phase), "somebody is in every phase"
    assert findings == set(Finding) - TENANT_WIDE, "somebody has every finding"


def _seen(
    context: TenantContext, network: Network, state: State | None, findings: tuple[Finding, ...]
) -> TenantContext:
    """The context as it would be with another network, delivery under way, and findings of the tenant."""
    assert context.connection is not None
    assert context.uncommitted is not None
    with db.session.no_autoflush:
        context.connection.network = network
        if state is None:
            return replace(context, uncommitted=None, findings=findings)
        delivery = context.uncommitted
        delivery.state, delivery.outcome_unknown = state[:2]
        delivery.selection = list(range(0, 10_000, 7)) if state[2] else None
    return replace(context, findings=findings)


def _compare(context: TenantContext) -> Iterator[tuple[set[Finding], Phase]]:
    """Everybody as listed and filtered, beside what the rules say of them."""
    query = people(context).add_columns(
        needs_action(context).label("acts"),
        blocked(context).label("blocked"),
        has_own_finding(CONSENT_LOST).label("lost"),
        *(shows_phase(context, {phase}).label(f"phase_{phase.name}") for phase in Phase),
    )
    rows = db.session.execute(query).all()
    assert len(rows) > PEOPLE * 0.9
    for row in rows:
        yield _compare_one(context, row)


def _compare_one(context: TenantContext, row: Any) -> tuple[set[Finding], Phase]:
    pure, person = decided_row(context, row), row.Participant
    listed = listed_row(context, row)
    assert replace(listed, since=None) == replace(pure, since=None), person.number
    assert {phase for phase in Phase if getattr(row, f"phase_{phase.name}")} == {pure.phase}, person.number
    assert bool(row.acts) is pure.needs_action, person.number
    assert bool(row.blocked) is bool(pure.findings or context.findings), person.number
    consent = Consent(person.consent_on, person.consent_until, person.consent_withdrawn_on)
    network = context.connection.network if context.connection else None
    lost = CONSENT_LOST & set(consent_findings(consent, network, context.today))
    assert bool(row.lost) is bool(lost), person.number
    if context.transit is None and not context.findings:
        assert listed.since == pure.since, person.number
    return set(pure.findings), pure.phase


def test_every_finding_of_a_person_is_stored() -> None:
    assert set(OF_PARTICIPANT) == set(Finding) - TENANT_WIDE
    assert [from_bits(to_bits({finding})) for finding in OF_PARTICIPANT] == [(it,) for it in OF_PARTICIPANT]


def test_a_tenant_without_a_network_sees_its_people_offline(crowd: TenantContext) -> None:
    assert crowd.connection is not None
    crowd.connection.state = ConnectionState.CLOSED
    refresh_tenant(crowd.tenant.id, NOW)
    context = replace(crowd, connection=None, uncommitted=None, findings=(Finding.NETWORK_NOT_CHOSEN,))
    rows = [listed_row(context, row) for row in db.session.execute(people(context))]
    assert {row.phase for row in rows} == {Phase.NOT_RELEASED}
    assert {row.status for row in rows} == {Status.OFFLINE}
    assert not any(db.session.scalars(people(context).with_only_columns(needs_action(context))))
