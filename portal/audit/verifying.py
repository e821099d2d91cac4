"""Verification: reads every seal and every sealed row again, and names the first that does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

from sqlalchemy import Table, exists, func, literal_column, select

from portal.audit.checkpoints import Checkpoint
from portal.audit.sealing import (
    NOTHING_BEFORE,
    Sealing,
    digest_of,
    digest_of_seal,
    rows_of,
    sealed_tables,
    unpack,
)
from portal.core.database import db
from portal.domain.audit import ErasedEntry, Seal

_BATCH = 500


class ChainErrorKind(StrEnum):
    """What does not fit."""

    SEAL_MISSING = "seal-missing"
    """A number of a chain is not there."""
    SEAL_CHANGED = "seal-changed"
    ENTRY_MISSING = "entry-missing"
    ENTRY_CHANGED = "entry-changed"
    ENTRY_ADDED = "entry-added"
    """No seal speaks for it."""
    CUT_OFF = "cut-off"
    """An exported head names a seal that is not there, or is another."""


@dataclass(frozen=True)
class ChainError:
    """The first thing that does not fit."""

    misfit: ChainErrorKind
    chain: int
    number: int | None = None
    """Of the seal."""
    table: str | None = None
    entry_id: int | None = None


@dataclass
class Verification:
    """What was read, and what did not fit."""

    seals: int = 0
    entries: int = 0
    erased: int = 0
    unsealed: int = 0
    """Entries from before there were seals."""
    finding: ChainError | None = None


def verify(checkpoints: Iterable[Checkpoint] = ()) -> Verification:
    """Read everything again, chain by chain; stops at the first that does not fit."""
    result, known = Verification(), {(head.chain, head.number): head.digest for head in checkpoints}
    result.finding = _verify_chains(result, known) or _find_added()
    result.unsealed = sum(_count_unsealed(table) for table in sealed_tables().values())
    return result


def _verify_chains(result: Verification, known: dict[tuple[int, int], str]) -> ChainError | None:
    chains = {chain for (chain,) in db.session.execute(select(Seal.chain).distinct())}
    for chain in sorted(chains | {chain for chain, _ in known}):
        number, before = 0, NOTHING_BEFORE
        for seal in _seals(chain):
            number += 1
            if seal.number != number:
                return ChainError(ChainErrorKind.SEAL_MISSING, chain, number)
            finding = _verify_seal(seal, before, result)
            if finding:
                return finding
            if known.get((chain, number), seal.digest.hex()) != seal.digest.hex():
                return ChainError(ChainErrorKind.CUT_OFF, chain, number)
            before = seal.digest
        cut = [named for of, named in known if of == chain and named > number]
        if cut:
            return ChainError(ChainErrorKind.CUT_OFF, chain, number + 1)
    return None


def _seals(chain: int) -> Iterator[Seal]:
    after = -1
    while True:
        query = (
            select(Seal).where(Seal.chain == chain, Seal.number > after).order_by(Seal.number).limit(_BATCH)
        )
        found = db.session.scalars(query).all()
        yield from found
        if len(found) < _BATCH:
            return
        after = found[-1].number
        db.session.expunge_all()


def _verify_seal(seal: Seal, before: bytes, result: Verification) -> ChainError | None:
    changed = ChainError(ChainErrorKind.SEAL_CHANGED, seal.chain, seal.number)
    digest = digest_of_seal(before, seal.chain, seal.number, seal.key, seal.at, seal.contents)
    if digest != seal.digest:
        return changed
    try:
        sealings = unpack(seal.contents)
    except ValueError:
        return changed
    result.seals += 1
    while some := tuple(islice(sealings, _BATCH)):
        finding = _verify_entries(seal, some, result)
        if finding:
            return finding
    return None


def _verify_entries(seal: Seal, some: tuple[Sealing, ...], result: Verification) -> ChainError | None:
    found: dict[tuple[int, int], bytes] = {}
    for kind, table in sealed_tables().items():
        numbers = [sealing.entry_id for sealing in some if sealing.kind == kind]
        if numbers:
            rows = db.session.connection().execute(rows_of(table).where(table.c.id.in_(numbers)))
            found |= {(kind, row.id): digest_of(table, row) for row in rows}
    for sealing in some:
        known = sealed_tables().get(sealing.kind)
        name = "" if known is None else known.name
        place = (seal.chain, seal.number, name, sealing.entry_id)
        digest = found.get((sealing.kind, sealing.entry_id))
        result.entries += 1
        if digest is None and _is_erased(name, sealing.entry_id):
            result.erased += 1
        elif digest is None:
            return ChainError(ChainErrorKind.ENTRY_MISSING, *place)
        elif digest != sealing.digest:
            return ChainError(ChainErrorKind.ENTRY_CHANGED, *place)
    return None


def _is_erased(table: str, entry_id: int) -> bool:
    """Erasures are sealed themselves, and verified like everything else."""
    query = select(ErasedEntry.id).where(ErasedEntry.kind == table, ErasedEntry.entry_id == entry_id)
    return db.session.scalar(query) is not None


def _find_added() -> ChainError | None:
    for table in sealed_tables().values():
        spoken_for = exists().where(Seal.key == table.c.seal_key, Seal.chain == _chain_of(table))
        query = select(table.c.id, _chain_of(table)).where(table.c.seal_key != 0, ~spoken_for)
        row = db.session.connection().execute(query.order_by(table.c.id).limit(1)).first()
        if row is not None:
            return ChainError(ChainErrorKind.ENTRY_ADDED, row[1], None, table.name, row[0])
        added = _find_beside(table)
        if added:
            return added
    return None


def _find_beside(table: Table) -> ChainError | None:
    """A row that uses the key of a seal which does not name it: seals and rows are counted against each other."""
    kind = next(kind for kind, known in sealed_tables().items() if known is table)
    counts = (
        select(table.c.seal_key, _chain_of(table).label("chain"), func.count().label("rows"))
        .where(table.c.seal_key != 0)
        .group_by(table.c.seal_key, _chain_of(table))
        .subquery()
    )
    query = (
        select(Seal.chain, Seal.number, Seal.key, Seal.contents, counts.c.rows)
        .join(counts, (counts.c.seal_key == Seal.key) & (counts.c.chain == Seal.chain))
        .order_by(Seal.id)
        .execution_options(yield_per=_BATCH)
    )
    with db.session.connection().execute(query) as seals:
        for seal in seals:
            named = {sealing.entry_id for sealing in unpack(seal.contents) if sealing.kind == kind}
            if seal.rows > len(named):
                return ChainError(
                    ChainErrorKind.ENTRY_ADDED,
                    seal.chain,
                    seal.number,
                    table.name,
                    _first_but(table, seal.key, named),
                )
    return None


def _first_but(table: Table, key: int, named: set[int]) -> int:
    """The first row with this key that is not among those named."""
    rows = db.session.connection().execute(
        select(table.c.id).where(table.c.seal_key == key).order_by(table.c.id)
    )
    return int(next(number for (number,) in rows.all() if number not in named))


def _chain_of(table: Table) -> Any:
    return func.coalesce(
        table.c.tenant_id, literal_column("0")
    )  # a parameter would be another one in GROUP BY


def _count_unsealed(table: Table) -> int:
    query = select(func.count()).select_from(table).where(table.c.seal_key == 0)
    return db.session.connection().execute(query).scalar_one()
