"""The preview of the coming delivery says what is then built, of people of every kind, on both databases."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.core.database import commit, db, utcnow
from portal.deliveries.braking import ask_brake
from portal.deliveries.building import BuildResult, build_parts
from portal.deliveries.jobs import acquire
from portal.deliveries.next_delivery import Coming, coming, leavers
from portal.deliveries.service import Plan, plan
from portal.domain.deliveries import DeliveryPerson
from portal.domain.delivery_states import ChangeKind, Mode, Trigger
from portal.domain.participants import Order
from portal.domain.releases import EndCause, Registration, Release
from portal.domain.rules.brake import Hold
from portal.domain.tenants import Connection, Tenant
from portal.networks.registry import Network
from portal.tenants.context import TenantContext, load_tenant_context
from tests.support.database import Cast
from tests.support.factories import connection_token
from tests.support.people import Crowd

PEOPLE = 300


@pytest.fixture(params=list(Network))
def context(app: Flask, cast: Cast, request: pytest.FixtureRequest) -> TenantContext:
    """People of every kind, some of whose releases ended for every cause, told of orders."""
    connection = connection_token(cast.alpha)
    connection.network = request.param
    now = utcnow()
    found = load_tenant_context(cast.alpha, now)
    Crowd(cast.alpha, connection.id, now, found.deadlines).come(PEOPLE)
    ends = itertools.cycle(EndCause)
    for release in db.session.scalars(
        select(Release)
        .join(Registration, Registration.release_id == Release.id)
        .where(~Registration.released)
    ):
        release.ended_at, release.ended_by, release.end_cause = now, "SB", next(ends)
    orders = itertools.cycle(db.session.scalars(select(Order.id)).all())
    for registration in db.session.scalars(select(Registration).where(Registration.announced)):
        registration.announced_order_id = next(orders)
    db.session.execute(update(Tenant).values(licence_from=dt.date(2020, 1, 1), licence_until=None))
    commit()
    return load_tenant_context(cast.alpha, now)


def build(context: TenantContext) -> tuple[TenantContext, BuildResult]:
    """Build the delivery that was foreseen."""
    connection = db.session.get_one(Connection, context.connection.id)  # type: ignore[union-attr]
    delivery = plan(connection, Plan(Mode.FULL, Trigger.NIGHTLY), context.now)
    commit()
    held = acquire(delivery.id, utcnow(), 50)
    commit()
    assert held is not None
    fresh = load_tenant_context(context.tenant.id, context.now)
    commit()
    return fresh, build_parts(held, fresh)


def test_it_is_what_is_then_built(context: TenantContext) -> None:
    found: Coming = coming(context)
    names = {
        with_explanation: {
            row.participant.id for row in leavers(context, with_explanation=with_explanation, limit=PEOPLE)
        }
        for with_explanation in (True, False)
    }
    commit()
    fresh, frozen = build(context)
    counts = frozen.counts
    assert min(found.new, found.changed, found.unchanged, found.explained, found.unexplained) > 0
    assert (found.new, found.changed + found.unchanged) == (
        counts["new"],
        counts["changed"] + counts["unchanged"],
    )
    assert found.named == counts["participant"]
    assert (found.explained + found.unexplained, found.unexplained) == (
        counts["leaving"],
        counts["unexplained"],
    )
    assert found.braking == ask_brake(fresh, counts["unexplained"])
    assert Hold.TOO_MANY in found.braking.holds
    for with_explanation, people in names.items():
        rows = select(DeliveryPerson.participant_id).where(
            DeliveryPerson.novelty == ChangeKind.LEAVING, DeliveryPerson.explained == with_explanation
        )
        assert people == set(db.session.scalars(rows))


def test_the_blocked_are_counted_by_their_causes(context: TenantContext) -> None:
    found = coming(context)
    assert found.blocked > 0
    assert sum(item.people for item in found.causes) >= found.causes[0].people > 0


def test_nobody_is_held_where_nobody_leaves_unexplained(context: TenantContext) -> None:
    db.session.execute(update(Registration).values(announced=False))
    commit()
    found = coming(context)
    assert (found.explained, found.unexplained, found.braking.holds) == (0, 0, ())
