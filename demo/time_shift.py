"""Lets what is sealed grow older with the rest: only a demonstration dates things back, and seals them anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from sqlalchemy import Table, select, text, update

from portal.audit.checkpoints import checkpoints_file
from portal.audit.sealing import (
    NOTHING_BEFORE,
    Sealing,
    digest_of,
    digest_of_seal,
    pack,
    rows_of,
    sealed_tables,
)
from portal.core.append_only import removal, statements
from portal.core.database import db
from portal.core.settings import current_settings
from portal.domain.audit import Seal

_GUARDED = {"audit_entry": True, "erased_entry": False, "protocol_entry": True, "seal": False}
"""The tables that the database keeps, and whether their rows may be erased."""


@contextmanager
def unguarded() -> Iterator[None]:
    """For a while rows that are written once can be changed."""
    connection, dialect = db.session.connection(), db.engine.dialect.name
    for table in _GUARDED:
        for statement in removal(table, dialect):
            connection.execute(text(statement))
    yield
    for table, erasable in _GUARDED.items():
        for statement in statements(table, dialect, erasable=erasable):
            connection.execute(text(statement))


def seal_again(chain: int, span: dt.timedelta) -> None:
    """Seal a tenant's transactions once more, as they stand now, each earlier by `span`.

    Forget the exported checkpoints: what a scenario has cron do exports them, and their seals are about to be others.
    While the demo is being filled they are not relied on yet; the running demo's cron exports the final ones.
    """
    checkpoints_file(current_settings()).unlink(missing_ok=True)
    connection, seals, before = db.session.connection(), cast("Table", Seal.__table__), NOTHING_BEFORE
    for seal in connection.execute(
        select(seals).where(seals.c.chain == chain).order_by(seals.c.number)
    ).all():
        contents, at = _contents(seal.key, chain), seal.at - span
        before = digest_of_seal(before, chain, seal.number, seal.key, at, contents)
        connection.execute(
            update(seals).where(seals.c.id == seal.id).values(at=at, contents=contents, digest=before)
        )


def _contents(key: int, chain: int) -> bytes:
    found = bytearray()
    for kind, table in sorted(sealed_tables().items()):
        query = rows_of(table).where(table.c.seal_key == key, table.c.tenant_id == chain).order_by(table.c.id)
        for row in db.session.connection().execute(query):
            found += pack(Sealing(kind, row.id, digest_of(table, row)))
    return bytes(found)
