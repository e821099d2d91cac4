"""A tenant's mediators, caseworkers, orders and deliveries: few rows, written by SQLAlchemy. Never commits."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert

from benchmarks.data import names
from benchmarks.data.calendar import ANSWER, NIGHT, Calendar
from benchmarks.data.houses import NIGHTS, House
from portal.core.database import db
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryState, Mode, Trigger
from portal.domain.participants import Mediator, Order
from portal.domain.releases import MediatorRegistration
from portal.domain.rules.normalise import normalise, sort_key

_UNKNOWN, _INACTIVE, _UNMANNED = 12, 17, 50
"""One mediator, mediator and order of so many is not known to the network, not active, has no one responsible."""


@dataclass(frozen=True)
class Staff:
    """Whom and what a tenant's participants can have, by row."""

    codes: list[str]
    """Short codes of caseworkers; the first are those of the mediators."""
    numbers: list[str]
    """Vermittler-IDs, by place."""
    active: list[int]
    """Mediators whom the network knows."""
    unknown: list[int]
    inactive: list[int]
    orders: list[int]
    unmanned: list[int]
    """Orders with no one responsible."""


def write_staff(house: House, dice: random.Random) -> Staff:
    """Write mediators and orders."""
    people = _caseworkers(house, dice)
    places = range(house.mediators)
    unknown = {place for place in places if place % _UNKNOWN == 5 and house.connection_id}
    inactive = {place for place in places if place % _INACTIVE == 11}
    rows = [house.first_mediator + place for place in places]
    staff = Staff(
        codes=list(people),
        numbers=[f"V-{row}" for row in rows],
        active=[rows[place] for place in places if place not in unknown | inactive],
        unknown=[rows[place] for place in sorted(unknown)],
        inactive=[rows[place] for place in sorted(inactive)],
        orders=[house.first_order + place for place in range(house.orders) if place % _UNMANNED != 21],
        unmanned=[house.first_order + place for place in range(house.orders) if place % _UNMANNED == 21],
    )
    _insert(Mediator, [_mediator(house, place, *people[staff.codes[place]], staff) for place in places])
    _insert(Order, [_order(house, place, staff, dice) for place in range(house.orders)])
    return staff


def write_deliveries(house: House, staff: Staff, calendar: Calendar, dice: random.Random) -> None:
    """Write the deliveries of all nights, and which mediators the network knows."""
    if not house.connection_id:
        return
    _insert(Delivery, [_delivery(house, number, calendar, dice) for number in range(1, NIGHTS + 1)])
    known = {
        "tenant_id": house.tenant_id,
        "connection_id": house.connection_id,
        "answered_sequence": NIGHTS,
        "answered_at": calendar.times[-2],
    }
    answered = [(row, True) for row in staff.active] + [(row, False) for row in staff.unknown]
    _insert(MediatorRegistration, [known | {"mediator_id": row, "known": is_} for row, is_ in answered])


def _insert(model: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        db.session.execute(insert(model.__table__), rows)


def _caseworkers(house: House, dice: random.Random) -> dict[str, tuple[str, str]]:
    """Last and first name by short code."""
    found: dict[str, tuple[str, str]] = {}
    while len(found) < house.caseworkers:
        last, first = names.last_name(dice), names.first_name(dice, woman=dice.random() < 0.6)
        letters = normalise(last + first).replace(" ", "").replace("'", "").replace("-", "").upper()
        code = letters[:2] + normalise(first)[:1].upper()
        if code in found:
            code += str(len(found))
        found[code] = (last, first)
    return found


def _mediator(house: House, place: int, last: str, first: str, staff: Staff) -> dict[str, Any]:
    row = house.first_mediator + place
    return {
        "id": row,
        "tenant_id": house.tenant_id,
        "number": staff.numbers[place],
        "initials": staff.codes[place],
        "last_name": last,
        "first_name": first,
        "email": f"{staff.codes[place].lower()}@tenant-{house.rank + 1}.example.org",
        "phone": f"030 555{place:04}",
        "active": row not in staff.inactive,
        "sort_key": sort_key(last, first, staff.numbers[place]),
    }


def _order(house: House, place: int, staff: Staff, dice: random.Random) -> dict[str, Any]:
    row = house.first_order + place
    manned = place % _UNMANNED != 21
    begins = house.wanted.today - dt.timedelta(days=dice.randrange(30, 500))
    return {
        "id": row,
        "tenant_id": house.tenant_id,
        "number": f"A-{10_000 + place}",
        "title": f"{dice.choice(names.MEASURES)} {place + 1}",
        "measure_number": f"{100 + place % 900}/{21 + place % 70}/{place % 9 + 1}",
        "carrier": names.PROVIDERS[house.rank % len(names.PROVIDERS)],
        "starts_on": begins,
        "ends_on": begins + dt.timedelta(days=540),
        "responsible": [dice.choice(staff.codes)] if manned else [],
        "has_responsible": manned,
    }


def _delivery(house: House, number: int, calendar: Calendar, dice: random.Random) -> dict[str, Any]:
    committed, answered = (calendar.times[3 * (number - 1) + kind] for kind in (NIGHT, ANSWER))
    planned = committed - dt.timedelta(minutes=5)
    return {
        "id": house.first_delivery + number - 1,
        "tenant_id": house.tenant_id,
        "connection_id": house.connection_id,
        "sequence": number,
        "mode": Mode.FULL,
        "cause": Trigger.NIGHTLY,
        "started_by": "system",
        "local_date": calendar.nights[number - 1],
        "state": DeliveryState.COMPLETE,
        "idempotency_key": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        "remote_id": f"D-{house.rank + 1}-{number}",
        "receipt_id": f"R-{house.rank + 1}-{number}",
        "created_at": planned,
        "built_at": planned + dt.timedelta(seconds=40),
        "sent_at": planned + dt.timedelta(seconds=50),
        "commit_attempted_at": committed - dt.timedelta(seconds=3),
        "committed_at": committed,
        "completed_at": answered,
        "ended_at": answered,
        "counts": {"participant": house.size // 2, "mediator": house.mediators, "order": house.orders},
        "answered": {"active": house.size // 2},
    }
