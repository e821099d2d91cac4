"""Acknowledgements: written once when a delivery is processed, then read page by page."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sandbox.deliveries import Delivery
from sandbox.problems import Problem, invalid_request
from sandbox.words import ProblemType


class Fate(StrEnum):
    """What becomes of an answer on its way to the provider."""

    GIVEN = "given"
    HELD = "held"
    LOST = "lost"


@dataclass(frozen=True)
class Answer:
    """One acknowledgement of the contract; `at` is UTC text."""

    subject: str
    subject_id: str
    outcome: str
    at: str
    applicant_id: str | None = None
    reason: str | None = None
    detail: str | None = None
    fate: Fate = Fate.GIVEN
    rule_id: int | None = None

    def as_json(self) -> dict[str, str]:
        """Give the answer as the contract writes it: what is not there is left out."""
        values = {
            "subject": self.subject,
            "id": self.subject_id,
            "outcome": self.outcome,
            "applicant_id": self.applicant_id,
            "reason": self.reason,
            "detail": self.detail,
            "at": self.at,
        }
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Page:
    """One page of answers; `state` is processing or complete."""

    state: str
    items: list[Answer]
    next: str


def write_answers(db: sqlite3.Connection, delivery_id: str, answers: Iterable[Answer]) -> None:
    """Write the answers to a delivery in the order in which they are given."""
    rows = []
    position = 0
    for answer in answers:
        if answer.fate is Fate.GIVEN:
            position += 1
        rows.append(
            (
                delivery_id,
                position if answer.fate is Fate.GIVEN else None,
                answer.fate,
                answer.rule_id,
                answer.subject,
                answer.subject_id,
                answer.outcome,
                answer.applicant_id,
                answer.reason,
                answer.detail,
                answer.at,
            )
        )
    db.executemany(
        "INSERT INTO acknowledgement (delivery_id, position, fate, rule_id, subject, subject_id, outcome,"
        " applicant_id, reason, detail, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def release_held(db: sqlite3.Connection, rule_id: int | None = None) -> None:
    """Give the answers that a rule (or any rule) holds back, behind those already given."""
    held = db.execute(
        "SELECT acknowledgement_id, delivery_id FROM acknowledgement WHERE fate = 'held'"
        " AND (:rule IS NULL OR rule_id = :rule) ORDER BY acknowledgement_id",
        {"rule": rule_id},
    ).fetchall()
    for row in held:
        db.execute(
            "UPDATE acknowledgement SET fate = 'given', position = ("
            "   SELECT COALESCE(MAX(position), 0) + 1 FROM acknowledgement WHERE delivery_id = ?)"
            " WHERE acknowledgement_id = ?",
            (row["delivery_id"], row["acknowledgement_id"]),
        )


def is_complete(db: sqlite3.Connection, delivery_id: str) -> bool:
    """Say whether no more answers will come, or whether the sandbox was told to claim so."""
    row = db.execute(
        "SELECT processed_at IS NOT NULL AND (complete_early OR NOT EXISTS ("
        "   SELECT 1 FROM acknowledgement WHERE delivery_id = d.delivery_id AND fate <> 'given'))"
        " FROM delivery d WHERE delivery_id = ?",
        (delivery_id,),
    ).fetchone()
    return bool(row[0])


def read_page(db: sqlite3.Connection, delivery: Delivery, after: str | None, limit: int) -> Page:
    """Give the answers behind a cursor. Raises Problem 409 before the commit and 422 for a foreign cursor."""
    if delivery.state != "committed":
        raise Problem(409, ProblemType.INCOMPLETE_DELIVERY, "Die Lieferung ist noch nicht abgeschlossen.")
    position = _position(db, delivery, after)
    rows = db.execute(
        "SELECT * FROM acknowledgement WHERE delivery_id = ? AND position > ? ORDER BY position LIMIT ?",
        (delivery.delivery_id, position, limit),
    ).fetchall()
    reached = rows[-1]["position"] if rows else position
    more = db.execute(
        "SELECT 1 FROM acknowledgement WHERE delivery_id = ? AND position > ?",
        (delivery.delivery_id, reached),
    ).fetchone()
    complete = is_complete(db, delivery.delivery_id) and more is None
    items = [_from_row(row) for row in rows]
    return Page("complete" if complete else "processing", items, f"{delivery.delivery_id}.{reached}")


def list_answers(db: sqlite3.Connection, delivery_id: str) -> list[Answer]:
    """Give all answers to a delivery, also held and lost ones; for the control door and the pages."""
    rows = db.execute(
        "SELECT * FROM acknowledgement WHERE delivery_id = ? ORDER BY position IS NULL, position,"
        " acknowledgement_id",
        (delivery_id,),
    )
    return [_from_row(row) for row in rows]


def _position(db: sqlite3.Connection, delivery: Delivery, after: str | None) -> int:
    if after is None:
        return 0
    delivery_id, _, number = after.rpartition(".")
    if (
        delivery_id != delivery.delivery_id
        or not (number.isascii() and number.isdecimal())
        or len(number) > 15
    ):
        raise invalid_request("after: keine Fortsetzung aus einer Antwort zu dieser Lieferung.")
    given = db.execute(
        "SELECT COALESCE(MAX(position), 0) FROM acknowledgement WHERE delivery_id = ?",
        (delivery.delivery_id,),
    ).fetchone()[0]
    if int(number) > given:
        raise invalid_request("after: so weit sind die Antworten noch nicht.")
    return int(number)


def _from_row(row: sqlite3.Row) -> Answer:
    return Answer(
        subject=row["subject"],
        subject_id=row["subject_id"],
        outcome=row["outcome"],
        at=row["at"],
        applicant_id=row["applicant_id"],
        reason=row["reason"],
        detail=row["detail"],
        fate=Fate(row["fate"]),
        rule_id=row["rule_id"],
    )
