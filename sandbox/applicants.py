"""Applicants (Bewerber/innen): what the network holds about each participant."""

import sqlite3
from dataclasses import dataclass

from sandbox.decisions import Decision
from sandbox.providers import Provider
from sandbox.words import Outcome, Reason


@dataclass(frozen=True)
class Applicant:
    """A person as the network holds them; `record` is the JSON of the newest record that it took over."""

    applicant_id: str
    provider_id: str
    participant_id: str
    state: str
    reason: str | None
    detail: str | None
    record: str
    sequence: int
    changed_at: str


def find_applicant(db: sqlite3.Connection, provider_id: str, participant_id: str) -> Applicant | None:
    """Give what the network holds about a participant, or None."""
    row = db.execute(
        "SELECT * FROM applicant WHERE provider_id = ? AND participant_id = ?", (provider_id, participant_id)
    ).fetchone()
    return _from_row(row) if row else None


def find_by_number(db: sqlite3.Connection, applicant_id: str) -> Applicant | None:
    """Give the applicant with this Bewerber-ID, or None."""
    row = db.execute("SELECT * FROM applicant WHERE applicant_id = ?", (applicant_id,)).fetchone()
    return _from_row(row) if row else None


def list_applicants(
    db: sqlite3.Connection, provider_id: str, *, after: str = "", limit: int = -1
) -> list[Applicant]:
    """Give applicants by Bewerber-ID, those after `after`; all of them without a limit."""
    rows = db.execute(
        "SELECT * FROM applicant WHERE provider_id = ? AND applicant_id > ? ORDER BY applicant_id LIMIT ?",
        (provider_id, after, limit),
    )
    return [_from_row(row) for row in rows]


def take_over(
    db: sqlite3.Connection,
    provider: Provider,
    participant_id: str,
    *,
    decision: Decision,
    record: str,
    sequence: int,
    at: str,
) -> str:
    """Keep a record that was not rejected, and give the Bewerber-ID: theirs from before, or a new one."""
    before = find_applicant(db, provider.provider_id, participant_id)
    applicant_id = before.applicant_id if before else _next_number(db, provider)
    db.execute(
        "INSERT INTO applicant VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (provider_id, participant_id)"
        " DO UPDATE SET state = excluded.state, reason = excluded.reason, detail = excluded.detail,"
        " record = excluded.record, sequence = excluded.sequence, changed_at = excluded.changed_at",
        (
            provider.provider_id,
            participant_id,
            applicant_id,
            decision.outcome,
            decision.reason,
            decision.detail,
            record,
            sequence,
            at,
        ),
    )
    return applicant_id


def withdraw(
    db: sqlite3.Connection, provider_id: str, participant_id: str, *, sequence: int, at: str
) -> str | None:
    """Archive an applicant as withdrawn and give the Bewerber-ID, or None where the network does not know them."""
    db.execute(
        "UPDATE applicant SET state = ?, reason = ?, detail = NULL, sequence = ?, changed_at = ?"
        " WHERE provider_id = ? AND participant_id = ?",
        (Outcome.ARCHIVED, Reason.WITHDRAWN, sequence, at, provider_id, participant_id),
    )
    applicant = find_applicant(db, provider_id, participant_id)
    return applicant.applicant_id if applicant else None


def list_unnamed(db: sqlite3.Connection, provider_id: str, delivery_id: str) -> list[str]:
    """Give the participants whom a full delivery archives by not naming them.

    Everybody not archived as withdrawn already, also those archived as mediator-unknown before.
    """
    rows = db.execute(
        "SELECT participant_id FROM applicant a WHERE provider_id = ?"
        " AND NOT (state = ? AND reason IS ?) AND NOT EXISTS ("
        "   SELECT 1 FROM part_record r WHERE r.delivery_id = ? AND r.type = 'participant'"
        "   AND r.subject_id = a.participant_id)"
        " ORDER BY applicant_id",
        (provider_id, Outcome.ARCHIVED, Reason.WITHDRAWN, delivery_id),
    )
    return [row["participant_id"] for row in rows]


def _next_number(db: sqlite3.Connection, provider: Provider) -> str:
    row = db.execute(
        "INSERT INTO applicant_number VALUES (?, 1) ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last",
        (provider.network,),
    ).fetchone()
    return f"{provider.network.applicant_prefix}{row['last']:07d}"


def _from_row(row: sqlite3.Row) -> Applicant:
    return Applicant(
        applicant_id=row["applicant_id"],
        provider_id=row["provider_id"],
        participant_id=row["participant_id"],
        state=row["state"],
        reason=row["reason"],
        detail=row["detail"],
        record=row["record"],
        sequence=row["sequence"],
        changed_at=row["changed_at"],
    )
