"""Which key encrypts what, and encrypting again with the newest, while everything else runs.

Each batch is a transaction of its own and skips rows that another transaction has locked. After an interruption it is
begun again, since what is left is found by its key. Commits by itself, which only commands may ask for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, bindparam, func, literal, select, update

from portal.core.crypto import DecryptionError, current_keyring, key_mark
from portal.core.database import EVERY_TENANT, commit, db, reading, rollback, scope_to
from portal.core.settings import current_settings
from portal.domain.imports import ImportRun
from portal.imports.uploads import forget, reencrypt_upload, upload_key
from portal.keys.encrypted_columns import ENCRYPTED, UPLOADS, EncryptedColumn

UNKNOWN = ""
"""Stands for every key that is not among the settings."""
_PASSES = 3
"""How often to look again for rows that another transaction was writing."""


@dataclass(frozen=True)
class Progress:
    """How far the rotation of one place is."""

    place: str
    done: int
    unreadable: int = 0
    """Values that no key decrypts; they stay as they are."""


def count_by_key() -> dict[str, Counter[str]]:
    """Count the values of each key, place by place; UNKNOWN stands for keys that are not among the settings."""
    scope_to(EVERY_TENANT)
    with reading():
        found = {place.name: _count(place) for place in ENCRYPTED}
        found[UPLOADS] = _count_uploads()
        commit()
    return found


def rotate() -> Iterator[Progress]:
    """Encrypt with the newest key what another key encrypted, batch by batch."""
    scope_to(EVERY_TENANT)
    for place in ENCRYPTED:
        yield from _rotate(place)
    yield from _rotate_uploads()


def _count(place: EncryptedColumn) -> Counter[str]:
    names = list(current_settings().keys)
    marked = [func.count().filter(_is_encrypted_with(place, name)) for name in names]
    total, *counts = db.session.execute(
        select(func.count(), *marked).select_from(place.table).where(place.column.is_not(None))
    ).one()
    found = Counter(dict(zip(names, counts, strict=True)))
    found[UNKNOWN] = total - sum(counts)
    return +found


def _is_encrypted_with(place: EncryptedColumn, name: str) -> ColumnElement[bool]:
    mark = key_mark(name)
    return func.substr(place.column, 1, len(mark)) == literal(mark, place.column.type)


def _rotate(place: EncryptedColumn) -> Iterator[Progress]:
    done, unreadable = 0, set[int]()
    for _again in range(_PASSES):
        before, after = done, 0
        while True:
            last, encrypted, failed = _reencrypt_some(place, after)
            if last is None:
                break
            after, done = last, done + encrypted
            unreadable |= failed
            yield Progress(place.name, done, len(unreadable))
        if done == before:
            return


def _reencrypt_some(place: EncryptedColumn, after: int) -> tuple[int | None, int, set[int]]:
    """Encrypt some rows again. Return the last row looked at, how many were changed, and those that no key decrypts."""
    newest = next(iter(current_settings().keys))
    columns = {place.table.c[name] for name in ("id", *place.wants)}
    rows = db.session.execute(
        select(*columns, place.column.label("before"))
        .where(place.table.c.id > after, place.column.is_not(None), ~_is_encrypted_with(place, newest))
        .order_by(place.table.c.id)
        .limit(place.batch)
        .with_for_update(skip_locked=True)  # waiting for rows while holding others could deadlock
    ).all()
    keyring, encrypted, failed = current_keyring(), [], set()
    for row in rows:
        try:
            plain = keyring.decrypt(row.before, place.place(row))
        except DecryptionError:
            failed.add(row.id)
        else:
            encrypted.append({"row": row.id, "after": keyring.encrypt(plain, place.place(row))})
    if encrypted:
        change = update(place.table).where(place.table.c.id == bindparam("row"))
        db.session.connection().execute(change.values({place.column: bindparam("after")}), encrypted)
    commit()
    return (rows[-1].id if rows else None), len(encrypted), failed


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
            encrypted = reencrypt_upload(name, _folder(), current_keyring())
        except FileNotFoundError:
            continue
        except DecryptionError:
            unreadable += 1
        else:
            if not encrypted:
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
