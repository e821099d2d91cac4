"""Mediators and orders come before the participants that name them: looked at as a part arrives."""

import sqlite3
from collections.abc import Iterable

from sandbox.parts import PartRecord
from sandbox.problems import Problem
from sandbox.words import ProblemType, RecordType


def check_references(
    db: sqlite3.Connection, delivery_id: str, number: int, records: list[PartRecord]
) -> None:
    """Refuse the first participant whose mediator or order does not come before it.

    Parts may arrive in any order. While an earlier one is missing nothing can be said, and the commit checks.
    """
    arrived = db.execute(
        "SELECT COUNT(*) FROM part WHERE delivery_id = ? AND number < ?", (delivery_id, number)
    ).fetchone()[0]
    if arrived < number - 1:
        return
    open_references = list(_open_references(records))
    for line, kind, subject_id in open_references:
        found = db.execute(
            "SELECT 1 FROM part_record WHERE delivery_id = ? AND type = ? AND subject_id = ? AND number < ?",
            (delivery_id, kind, subject_id, number),
        ).fetchone()
        if found is None:
            detail = f"Zeile {line}: {kind}_id verweist auf nichts, was vorher in der Lieferung steht"
            raise Problem(422, ProblemType.INVALID_RECORD, detail, line=line)


def _open_references(records: Iterable[PartRecord]) -> Iterable[tuple[int, RecordType, str]]:
    """Give each reference that the part itself does not satisfy, once, with the first line that has it."""
    seen: set[tuple[str, str]] = set()
    for record in records:
        if record.type in (RecordType.MEDIATOR, RecordType.ORDER):
            seen.add((record.type, record.subject_id))
        for kind, subject_id in (
            (RecordType.MEDIATOR, record.mediator_id),
            (RecordType.ORDER, record.order_id),
        ):
            if subject_id is not None and (kind, subject_id) not in seen:
                seen.add((kind, subject_id))
                yield record.line, kind, subject_id
