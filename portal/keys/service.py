"""Which key seals what, and sealing anew with the newest, while everything else runs.

Each batch takes the rows that nobody works on, opens and seals them, and is a transaction of its own: cut off, it is
simply begun again, since what is left is found by its key. Commits by itself, which only commands may ask for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, bindparam, func, literal, select, update

from portal.core.crypto import VaultError, current_vault, key_mark
from portal.core.database import EVERY_TENANT, commit, db, reading, rollback, scope_to
from portal.core.settings import current_settings
from portal.domain.imports import ImportRun
from portal.imports.uploads import forget, seal_upload_anew, upload_key
from portal.keys.encrypted_columns import SEALED, UPLOADS, SealedColumn

UNKNOWN = ""
"""Stands for every key that is not among the settings."""
_PASSES = 3
"""How often rows are looked for again that somebody else was writing."""


@dataclass(frozen=True)
class Progress:
    """How far the sealing of one place is."""

    place: str
    done: int
    unreadable: int = 0
    """Values that no key opens; they stay as they are."""


def count_by_key() -> dict[str, Counter[str]]:
    """For each place, how many values each key seals; UNKNOWN where a key is no longer among the settings."""
    scope_to(EVERY_TENANT)
    with reading():
        found = {place.name: _count(place) for place in SEALED}
        found[UPLOADS] = _count_uploads()
        commit()
    return found


def rotate() -> Iterator[Progress]:
    """Seal everything anew that another key than the newest seals, batch by batch."""
    scope_to(EVERY_TENANT)
    for place in SEALED:
        yield from _rotate(place)
    yield from _rotate_uploads()


def _count(place: SealedColumn) -> Counter[str]:
    names = list(current_settings().keys)
    marked = [func.count().filter(_sealed_with(place, name)) for name in names]
    total, *counts = db.session.execute(
        select(func.count(), *marked).select_from(place.table).where(place.column.is_not(None))
    ).one()
    found = Counter(dict(zip(names, counts, strict=True)))
    found[UNKNOWN] = total - sum(counts)
    return +found


def _sealed_with(place: SealedColumn, name: str) -> ColumnElement[bool]:
    mark = key_mark(name)
    return func.substr(place.column, 1, len(mark)) == literal(mark, place.column.type)


def _rotate(place: SealedColumn) -> Iterator[Progress]:
    done, unreadable = 0, set[int]()
    for _again in range(_PASSES):
        before, after = done, 0
        while True:
            last, sealed, failed = _seal_some(place, after)
            if last is None:
                break
            after, done = last, done + sealed
            unreadable |= failed
            yield Progress(place.name, done, len(unreadable))
        if done == before:
            return


def _seal_some(place: SealedColumn, after: int) -> tuple[int | None, int, set[int]]:
    """Seal some rows anew; the number of the last one looked at, how many were sealed, and which no key opens."""
    newest = next(iter(current_settings().keys))
    columns = {place.table.c[name] for name in ("id", *place.wants)}
    rows = db.session.execute(
        select(*columns, place.column.label("before"))
        .where(place.table.c.id > after, place.column.is_not(None), ~_sealed_with(place, newest))
        .order_by(place.table.c.id)
        .limit(place.batch)
        .with_for_update(skip_locked=True)  # we never wait while we hold rows, so nobody waits in a circle
    ).all()
    vault, sealed, failed = current_vault(), [], set()
    for row in rows:
        try:
            plain = vault.open(row.before, place.place(row))
        except VaultError:
            failed.add(row.id)
        else:
            sealed.append({"row": row.id, "after": vault.seal(plain, place.place(row))})
    if sealed:
        change = update(place.table).where(place.table.c.id == bindparam("row"))
        db.session.connection().execute(change.values({place.column: bindparam("after")}), sealed)
    commit()
    return (rows[-1].id if rows else None), len(sealed), failed


# --- files -------------------------------------------------------------------------------------------------


def _folder() -> Path:
    return Path(current_settings().data_folder)


def _uploads() -> list[tuple[int, str]]:
    """Those that a run names: they are written to their end."""
    query = select(ImportRun.id, ImportRun.upload).where(ImportRun.upload.is_not(None)).order_by(ImportRun.id)
    return [(row.id, str(row.upload)) for row in db.session.execute(query)]


def _count_uploads() -> Counter[str]:
    known, found = current_settings().keys, Counter[str]()
    for _run, name in _uploads():
        key = upload_key(name, _folder())
        if key is not None:
            found[key if key in known else UNKNOWN] += 1
    return found


def _rotate_uploads() -> Iterator[Progress]:
    with reading():
        uploads = _uploads()
        commit()
    done = unreadable = 0
    for run_id, name in uploads:
        try:
            sealed = seal_upload_anew(name, _folder(), current_vault())
        except FileNotFoundError:
            continue
        except VaultError:
            unreadable += 1
        else:
            if not sealed:
                continue
            done += 1
            _forget_if_ended(run_id, name)
        yield Progress(UPLOADS, done, unreadable)


def _forget_if_ended(run_id: int, name: str) -> None:
    """An import that ended meanwhile deleted its upload, and we have put it back."""
    with reading():
        still = db.session.scalar(select(ImportRun.upload).where(ImportRun.id == run_id))
        rollback()
    if still != name:
        forget(name, _folder())
