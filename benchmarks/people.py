"""A tenant with as many people as wanted, straight into the tables: what the benchmarks measure."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Table, insert

from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.deliveries.network_change import choose_network
from portal.domain.participants import Mediator, Order, Participant, ParticipantWord
from portal.domain.releases import Registration, Release
from portal.domain.rules.normalise import search_words, sort_key
from portal.domain.rules.status import Status
from portal.networks.registry import Network
from portal.tenants.service import create_tenant, set_licence, set_token
from tests.support.bridge import SUPERVISOR

_BATCH = 20_000
_SYLLABLES = (
    "ber",
    "hol",
    "mann",
    "meis",
    "schu",
    "ster",
    "wald",
    "win",
    "zim",
    "mer",
    "kel",
    "ler",
    "bach",
    "dorf",
)
_ORDERS = 400
_MEDIATORS = 40


def fill(people: int, released_share: float = 0.3, seed: int = 1) -> int:
    """Write `people` participants, some of them released and Online; gives the tenant's row."""
    scope_to(EVERY_TENANT)
    dice = random.Random(seed)
    now = utcnow()
    tenant = create_tenant("bench", "Bench", now)
    set_licence(tenant, dt.date(2020, 1, 1), None)
    connection = choose_network(tenant, Network.JOB4YOU, SUPERVISOR, now)
    set_token(connection, "bench")
    connection.last_sequence = connection.attempted_sequence = connection.committed_sequence = 1
    db.session.flush()
    owner = {"tenant_id": tenant.id}
    _write(Mediator.__table__, (owner | _mediator(number) for number in range(1, _MEDIATORS + 1)))
    _write(Order.__table__, (owner | _order(number) for number in range(1, _ORDERS + 1)))
    names = [_name(dice) for _ in range(people)]
    _write(
        Participant.__table__, (owner | _person(row, *names[row - 1], dice) for row in range(1, people + 1))
    )
    _write(
        ParticipantWord.__table__,
        (
            owner | {"participant_id": row, "word": word}
            for row, (last, first) in enumerate(names, 1)
            for word in search_words(f"{first} {last} {row:07d}")
        ),
    )
    released = [row for row in range(1, people + 1) if dice.random() < released_share]
    shared = owner | {"connection_id": connection.id}
    _write(
        Release.__table__,
        (
            shared
            | {
                "id": number,
                "participant_id": row,
                "released_at": now,
                "released_by": "SB",
                "consent_confirmed": False,
            }
            for number, row in enumerate(released, 1)
        ),
    )
    _write(
        Registration.__table__,
        (shared | _registration(number, row, dice) for number, row in enumerate(released, 1)),
    )
    commit()
    return tenant.id


def _write(table: Any, rows: Iterator[dict[str, Any]]) -> None:
    assert isinstance(table, Table)
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            db.session.execute(insert(table), batch)
            batch = []
    if batch:
        db.session.execute(insert(table), batch)


def _name(dice: random.Random) -> tuple[str, str]:
    word = "".join(dice.choices(_SYLLABLES, k=3)).title()
    return word, "".join(dice.choices(_SYLLABLES, k=2)).title()


def _mediator(number: int) -> dict[str, Any]:
    initials = f"V{number}"
    return {
        "id": number,
        "number": str(number),
        "initials": initials,
        "last_name": initials,
        "first_name": "V",
        "active": True,
        "sort_key": initials,
    }


def _order(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "number": f"A{number}",
        "title": f"Maßnahme {number}",
        "responsible": ["V1"] if number % 50 else [],
        "has_responsible": bool(number % 50),
    }


def _person(row: int, last: str, first: str, dice: random.Random) -> dict[str, Any]:
    number = f"{row:07d}"
    return {
        "id": row,
        "number": number,
        "last_name": last,
        "first_name": first,
        "email": None if dice.random() < 0.02 else f"p{row}@example.org",
        "caseworker": f"V{row % _MEDIATORS + 1}",
        "order_id": row % _ORDERS + 1,
        "consent_on": dt.date(2026, 1, 2),
        "sort_key": sort_key(last, first, number),
    }


def _registration(number: int, row: int, dice: random.Random) -> dict[str, Any]:
    online = dice.random() < 0.95
    return {
        "participant_id": row,
        "release_id": number,
        "released": True,
        "mediator_id": row % _MEDIATORS + 1,
        "status": Status.ONLINE if online else Status.OFFLINE,
        "applicant_id": f"J4Y-{row}" if online else None,
        "announced": online,
        "announced_sequence": int(online),
        "announced_order_id": row % _ORDERS + 1,
        "applied_sequence": int(online),
        "rejected_sequence": 0,
        "archived": False,
        "revision": 1,
        "announced_revision": int(online),
        "urgent": False,
    }
