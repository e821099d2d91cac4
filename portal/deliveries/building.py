"""Freeze a planned delivery into parts, from one consistent snapshot (docs/domain.md#deliveries)."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import delete, insert

from portal.core.crypto import current_keyring
from portal.core.database import db, utcnow
from portal.core.leases import Lease
from portal.core.settings import current_settings
from portal.deliveries.reading import Entry, open_reading
from portal.domain.deliveries import Delivery, DeliveryMediator, DeliveryPart, DeliveryPerson, part_place
from portal.releases.states import refresh_due
from portal.tenants.context import TenantContext

ROWS = 1000
"""Rows written in one transaction."""


@dataclass
class BuildResult:
    """What was counted while freezing."""

    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            (
                "mediator",
                "order",
                "participant",
                "withdrawal",
                "new",
                "changed",
                "unchanged",
                "leaving",
                "unexplained",
            ),
            0,
        )
    )
    records: int = 0
    part: int = 0


def build_parts(held: Lease[Delivery], context: TenantContext) -> BuildResult:
    """Write parts and people of the delivery from one snapshot, in place of what an earlier attempt left."""
    assert context.uncommitted is not None and context.connection is not None
    delivery = context.uncommitted
    _start_anew(held)
    frozen = BuildResult()
    limit = context.connection.max_part_bytes
    with open_reading(context) as reading:
        entries = reading.entries()
        while batch := list(islice(entries, current_settings().part_records)):
            _write(held, delivery, batch, frozen, limit)
        _write_people(held, delivery, reading.omitted(), frozen)
    return frozen


def _start_anew(held: Lease[Delivery]) -> None:
    with held.step() as delivery:
        refresh_due(delivery.tenant_id, utcnow())
        for table in (DeliveryPart, DeliveryPerson, DeliveryMediator):
            db.session.execute(
                delete(table)
                .where(table.delivery_id == held.row_id)
                .execution_options(synchronize_session=False)
            )


def _write(
    held: Lease[Delivery], delivery: Delivery, batch: list[Entry], frozen: BuildResult, limit: int | None
) -> None:
    """One batch as parts, with the rows that say who is in it, in one transaction."""
    with held.step():
        announced = iter([entry for entry in batch if entry.line])
        for content, records in _compressed([entry.line for entry in batch if entry.line], limit):
            frozen.part += 1
            _add_part(delivery, frozen.part, content, records)
            for entry in islice(announced, records):
                if entry.person:
                    entry.person["part_number"] = frozen.part
        for entry in batch:
            frozen.counts[entry.kind] += 1
        _insert_rows(delivery, batch, frozen)


def _write_people(
    held: Lease[Delivery], delivery: Delivery, entries: Iterator[Entry], frozen: BuildResult
) -> None:
    """Rows of those who are in the delivery without a line of their own: left out of a full one."""
    while batch := list(islice(entries, ROWS)):
        with held.step():
            _insert_rows(delivery, batch, frozen)


def _insert_rows(delivery: Delivery, batch: list[Entry], frozen: BuildResult) -> None:
    owner = {"tenant_id": delivery.tenant_id, "delivery_id": delivery.id}
    people: list[dict[str, Any]] = [
        owner | {"part_number": None} | entry.person for entry in batch if entry.person
    ]
    mediators = [owner | {"mediator_id": entry.mediator_id} for entry in batch if entry.mediator_id]
    for row in people:
        frozen.counts[row["novelty"].value] += 1
        frozen.counts["unexplained"] += not row["explained"]
    if people:
        db.session.execute(insert(DeliveryPerson), people)
    if mediators:
        db.session.execute(insert(DeliveryMediator), mediators)


def _compressed(lines: list[bytes], limit: int | None) -> Iterator[tuple[bytes, int]]:
    """The lines as compressed parts, halved until each fits the network's limit in bytes."""
    if not lines:
        return
    content = gzip.compress(b"".join(lines), compresslevel=6, mtime=0)
    if limit and len(content) > limit and len(lines) > 1:
        middle = len(lines) // 2
        yield from _compressed(lines[:middle], limit)
        yield from _compressed(lines[middle:], limit)
    else:
        yield content, len(lines)


def _add_part(delivery: Delivery, number: int, content: bytes, records: int) -> None:
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    db.session.add(
        DeliveryPart(
            tenant_id=delivery.tenant_id,
            delivery_id=delivery.id,
            number=number,
            content_encrypted=current_keyring().encrypt(content, part_place(delivery.id, number)),
            digest=f"sha-256=:{digest}:",
            size=len(content),
            records=records,
        )
    )
