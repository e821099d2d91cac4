"""Names are folded anew in what is stored, in batches, and nothing else changes."""

from __future__ import annotations

from typing import Any, cast

import pytest
from alembic import command
from flask import Flask
from sqlalchemy import Table, insert, select

from portal.database import db
from portal.people.folding import person_words, sort_key
from portal.people.models import Mediator, Participant, ParticipantWord
from portal.schema import migrations, upgrade
from tests.support.database import make_cast

NAMES = {
    "Yıldız": ("yıldız", ["yıldız"]),
    "O’Neill": ("o’neill", ["o", "neill"]),
    "Guðrún": ("guðrun", ["guðrun"]),
}
"""With the keys and words of before."""
PLAIN = 4500
"""People whose keys stay: more than two batches."""
PEOPLE, MEDIATORS, WORDS = (
    cast("Table", model.__table__) for model in (Participant, Mediator, ParticipantWord)
)


@pytest.fixture
def before(empty_app: Flask) -> int:
    """A database of the version before, with people of then; the tenant's number."""
    upgrade()
    tenant_id = make_cast().alpha
    db.session.remove()
    command.downgrade(migrations(), "0011")
    with db.engine.begin() as connection:
        for number, (name, (key, words)) in enumerate(NAMES.items()):
            row = _row(tenant_id, f"9000{number}", name, f"{key}\x1f\x1f9000{number}")
            connection.execute(insert(MEDIATORS).values(**row, initials=f"M{number}", active=True))
            made = connection.execute(insert(PEOPLE).values(**row).returning(PEOPLE.c.id)).scalar_one()
            _add_words(connection, tenant_id, {made: [*words, f"9000{number}"]})
        plain = [_row(tenant_id, str(n), "Adam", sort_key("Adam", "", str(n))) for n in range(PLAIN)]
        connection.execute(insert(PEOPLE), plain)
        of_plain = connection.execute(
            select(PEOPLE.c.id, PEOPLE.c.number).where(PEOPLE.c.last_name == "Adam")
        ).all()
        _add_words(connection, tenant_id, {row.id: ["adam", row.number] for row in of_plain})
    return tenant_id


def _row(tenant_id: int, number: str, name: str, key: str) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id, "number": number, "last_name": name, "first_name": "", "sort_key": key,
    }  # fmt: skip


def _add_words(connection: Any, tenant_id: int, words: dict[int, list[str]]) -> None:
    rows = [
        {"tenant_id": tenant_id, "participant_id": number, "word": word}
        for number, found in words.items()
        for word in found
    ]
    connection.execute(insert(WORDS), rows)


def test_what_is_stored_is_folded_as_what_is_typed(before: int) -> None:
    with db.engine.connect() as connection:
        plain = connection.execute(select(WORDS).where(WORDS.c.word == "adam")).all()
    assert upgrade()
    with db.engine.connect() as connection:
        for name in NAMES:
            for table in (PEOPLE, MEDIATORS):
                row = connection.execute(select(table).where(table.c.last_name == name)).one()
                assert row.sort_key == sort_key(name, "", row.number)
            person = connection.execute(select(PEOPLE).where(PEOPLE.c.last_name == name)).one()
            words = connection.execute(select(WORDS).where(WORDS.c.participant_id == person.id)).all()
            assert sorted(row.word for row in words) == sorted(person_words(name, "", person.number))
            assert {row.tenant_id for row in words} == {before}
        assert connection.execute(select(WORDS).where(WORDS.c.word == "adam")).all() == plain
        assert len(plain) == PLAIN
