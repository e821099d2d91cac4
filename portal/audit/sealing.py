"""Sealing: one digest for each transaction, chained; what verification reads again.

A seal's contents are records of 25 bytes: one byte for the kind of row, its number (8 bytes, big-endian), and the
first 16 bytes of the row's SHA-256. A transaction takes the chain's lock only for its last statements, so that work
on many people does not wait for others.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Connection, Enum, Row, String, Table, insert, select, text, type_coerce

from portal.core.database import Base, db, for_every_tenant, utcnow
from portal.domain.audit import AuditEntry, ErasedEntry, Seal, Sealed

KINDS = {"audit_entry": 1, "erased_entry": 2, "protocol_entry": 3}
"""The sealed tables, and how a seal calls them; never renumbered."""
NOTHING_BEFORE = bytes(32)
_RECORD = struct.Struct(">BQ16s")
_LOCK = 0x4A42  # the advisory locks of seals on PostgreSQL
_seals = cast("Table", Seal.__table__)


@dataclass(frozen=True)
class Sealing:
    """One row as its seal knows it."""

    kind: int
    entry_id: int
    digest: bytes


@lru_cache(maxsize=1)
def sealed_tables() -> dict[int, Table]:
    """Return the sealed tables by the number that seals call them."""
    sealed = (mapper for mapper in Base.registry.mappers if issubclass(mapper.class_, Sealed))
    tables = (cast("Table", mapper.local_table) for mapper in sealed)
    return {KINDS[table.name]: table for table in tables}


def seal_transaction() -> None:
    """Seal what the current transaction wrote; called right before its commit."""
    session = db.session()
    session.flush()
    key = session.info.get("transaction_key")
    if key is not None:
        with for_every_tenant():
            _seal(session.connection(), key)


def _seal(connection: Connection, key: int) -> None:
    written: dict[int, bytearray] = defaultdict(bytearray)
    for kind, table in sorted(sealed_tables().items()):
        for row in connection.execute(rows_of(table).where(table.c.seal_key == key).order_by(table.c.id)):
            written[row.tenant_id or 0] += pack(Sealing(kind, row.id, digest_of(table, row)))
    for chain, contents in sorted(written.items()):
        _append(connection, chain, key, bytes(contents), utcnow())


def rows_of(table: Table) -> Any:
    """All of a sealed table as digests see it: foreign words are read as they stand."""
    columns = [
        type_coerce(column, String).label(column.name) if isinstance(column.type, Enum) else column
        for column in table.columns
    ]
    return select(*columns).execution_options(yield_per=1000)


def digest_of(table: Table, row: Row[Any]) -> bytes:
    """16 bytes that change with any value of the row."""
    values = {name: _plain(value) for name, value in row._mapping.items()}  # noqa: SLF001 - its public name
    written = json.dumps([table.name, values], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(written.encode()).digest()[:16]


def digest_of_seal(
    before: bytes, chain: int, number: int, key: int, at: dt.datetime, contents: bytes
) -> bytes:
    """SHA-256 over the seal before and all of this one."""
    named = f"{chain}:{number}:{key}:{at.isoformat()}:".encode()
    return hashlib.sha256(before + named + hashlib.sha256(contents).digest()).digest()


def pack(sealing: Sealing) -> bytes:
    return _RECORD.pack(sealing.kind, sealing.entry_id, sealing.digest)


def unpack(contents: bytes) -> Iterator[Sealing]:
    """The rows a seal speaks for. Raises ValueError where its contents are cut off."""
    if len(contents) % _RECORD.size:
        raise ValueError("contents of a seal are cut off")
    return (Sealing(*values) for values in _RECORD.iter_unpack(contents))


def _append(connection: Connection, chain: int, key: int, contents: bytes, at: dt.datetime) -> None:
    if connection.dialect.name == "postgresql":  # on SQLite, who writes is alone
        lock = text("SELECT pg_advisory_xact_lock(:space, :chain)")
        connection.execute(lock, {"space": _LOCK, "chain": chain})
    last = connection.execute(
        select(_seals.c.number, _seals.c.digest)
        .where(_seals.c.chain == chain)
        .order_by(_seals.c.number.desc())
        .limit(1)
    ).first()
    number, before = (last.number + 1, last.digest) if last else (1, NOTHING_BEFORE)
    connection.execute(
        insert(_seals).values(
            chain=chain,
            number=number,
            key=key,
            at=at,
            contents=contents,
            digest=digest_of_seal(before, chain, number, key, at, contents),
        )
    )


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.datetime) else value


assert {AuditEntry.__tablename__, ErasedEntry.__tablename__} < set(KINDS)
