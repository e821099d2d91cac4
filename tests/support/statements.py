"""What the database is asked during a block of a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from portal.core.database import db

SETTING_UP = ("BEGIN", "SET ", "SELECT set_config", "SAVEPOINT", "RELEASE")
"""How statements begin that open a transaction, and say whose it is."""


@contextmanager
def statements() -> Iterator[list[tuple[str, object]]]:
    """The statements of the block with their values, in order."""
    said: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, values: object, *_: object) -> None:
        said.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@contextmanager
def questions() -> Iterator[list[str]]:
    """The statements of the block, but for those that set a transaction up; complete when it is over."""
    asked: list[str] = []
    with statements() as said:
        yield asked
    asked += [statement for statement, _ in said if not statement.startswith(SETTING_UP)]
