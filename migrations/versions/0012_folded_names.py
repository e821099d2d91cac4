"""Names folded anew: by what lists are sorted and people are found.

Only rows whose keys change are written; their names are read under a lock, so that an import at the same time waits.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from portal.people.folding import person_words, sort_key

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_BATCH = 2000
_NAMED = ("id", "tenant_id", "number", "last_name", "first_name", "sort_key")
_PARTICIPANT, _MEDIATOR = (sa.table(name, *map(sa.column, _NAMED)) for name in ("participant", "mediator"))
_WORD = sa.table("participant_word", *map(sa.column, ("tenant_id", "participant_id", "word")))


def upgrade() -> None:
    for rows in _batches(_MEDIATOR):
        _sort(_MEDIATOR, rows)
    for rows in _batches(_PARTICIPANT):
        _sort(_PARTICIPANT, rows)
        _find(rows)


def downgrade() -> None:
    """The keys of today serve the older code as well, but for names with the letters that it did not fold."""


def _batches(table: sa.TableClause) -> Iterator[list[Any]]:
    last = 0
    query = sa.select(table).order_by(table.c.id).limit(_BATCH).with_for_update()
    while rows := op.get_bind().execute(query.where(table.c.id > last)).all():
        yield list(rows)
        last = rows[-1].id


def _sort(table: sa.TableClause, rows: list[Any]) -> None:
    keys = {row.id: sort_key(row.last_name, row.first_name, row.number) for row in rows}
    changed = [{"row_id": row.id, "key": keys[row.id]} for row in rows if row.sort_key != keys[row.id]]
    if changed:
        statement = sa.update(table).where(table.c.id == sa.bindparam("row_id"))
        op.get_bind().execute(statement.values(sort_key=sa.bindparam("key")), changed)


def _find(rows: list[Any]) -> None:
    ids = [row.id for row in rows]
    kept: dict[int, set[str]] = {number: set() for number in ids}
    for row in op.get_bind().execute(sa.select(_WORD).where(_WORD.c.participant_id.in_(ids))):
        kept[row.participant_id].add(row.word)
    wanted = {row.id: person_words(row.last_name, row.first_name, row.number) for row in rows}
    changed = [row for row in rows if kept[row.id] != set(wanted[row.id])]
    if not changed:
        return
    op.get_bind().execute(sa.delete(_WORD).where(_WORD.c.participant_id.in_([row.id for row in changed])))
    words = [
        {"tenant_id": row.tenant_id, "participant_id": row.id, "word": word}
        for row in changed
        for word in wanted[row.id]
    ]
    op.get_bind().execute(sa.insert(_WORD), words)
