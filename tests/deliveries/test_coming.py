"""The preview of the coming delivery says what is then built, of people of every kind, on both databases."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.accounts.actor import SYSTEM
from portal.database import commit, db, utcnow
from portal.deliveries.brake import Hold
from portal.deliveries.claims import claim
from portal.deliveries.coming import Coming, coming, leavers
from portal.deliveries.models import DeliveryPerson
from portal.deliveries.service import plan
from portal.deliveries.states import Cause, Mode, Novelty
from portal.people.models import Order
from portal.releases.models import EndCause, Presence, Release
from portal.releases.view import View, load_view
from portal.tenants.models import Connection, Tenant
from portal.tenants.network import Network
from tests.support.database import Cast
from tests.support.house import connection_token
from tests.support.people import Crowd
from worker.braking import ask_brake
from worker.building import Frozen, freeze

PEOPLE = 300


@pytest.fixture(params=list(Network))
def view(app: Flask, cast: Cast, request: pytest.FixtureRequest) -> View:
    """People of every kind, some of whose releases ended for every cause, told of orders."""
    connection = connection_token(cast.alpha)
    connection.network = request.param
    now = utcnow()
    found = load_view(cast.alpha, now)
    Crowd(cast.alpha, connection.id, now, found.deadlines).come(PEOPLE)
    ends = itertools.cycle(EndCause)
    for release in db.session.scalars(
        select(Release).join(Presence, Presence.release_id == Release.id).where(~Presence.released)
    ):
        release.ended_at, release.ended_by, release.end_cause = now, "SB", next(ends)
    orders = itertools.cycle(db.session.scalars(select(Order.id)).all())
    for presence in db.session.scalars(select(Presence).where(Presence.told)):
        presence.told_order_id = next(orders)
    db.session.execute(update(Tenant).values(licence_from=dt.date(2020, 1, 1), licence_until=None))
    commit()
    return load_view(cast.alpha, now)


def build(view: View) -> tuple[View, Frozen]:
    """Build the delivery that was foreseen."""
    connection = db.session.get_one(Connection, view.connection.id)  # type: ignore[union-attr]
    delivery = plan(connection, Mode.FULL, Cause.NIGHTLY, SYSTEM, view.now)
    commit()
    held = claim(delivery.id, utcnow(), 50)
    commit()
    assert held is not None
    fresh = load_view(view.tenant.id, view.now)
    commit()
    return fresh, freeze(held, fresh)


def test_it_is_what_is_then_built(view: View) -> None:
    found: Coming = coming(view)
    names = {
        with_explanation: {
            row.participant.id for row in leavers(view, with_explanation=with_explanation, limit=PEOPLE)
        }
        for with_explanation in (True, False)
    }
    commit()
    fresh, frozen = build(view)
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
            DeliveryPerson.novelty == Novelty.LEAVING, DeliveryPerson.explained == with_explanation
        )
        assert people == set(db.session.scalars(rows))


def test_the_blocked_are_counted_by_their_causes(view: View) -> None:
    found = coming(view)
    assert found.blocked > 0
    assert sum(item.people for item in found.causes) >= found.causes[0].people > 0


def test_nobody_is_held_where_nobody_leaves_unexplained(view: View) -> None:
    db.session.execute(update(Presence).values(told=False))
    commit()
    found = coming(view)
    assert (found.explained, found.unexplained, found.braking.holds) == (0, 0, ())
