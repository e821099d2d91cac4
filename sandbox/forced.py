"""Outcomes forced by hand, for demo data and tests: what becomes of one participant, come what may."""

import sqlite3
from collections.abc import Sequence
from enum import StrEnum

from sandbox.decisions import Decision
from sandbox.words import Outcome


class ForcedOutcome(StrEnum):
    """What may be forced; `refused` makes the part with this person's record fail as invalid-record."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    REJECTED = "rejected"
    REFUSED = "refused"


def force_outcome(
    db: sqlite3.Connection,
    provider_id: str,
    participant_id: str,
    outcome: ForcedOutcome | None,
    *,
    reason: str | None = None,
    detail: str | None = None,
) -> None:
    """Force what becomes of a participant from now on; None ends it. The reason may be any word."""
    db.execute(
        "DELETE FROM forced_outcome WHERE provider_id = ? AND participant_id = ?",
        (provider_id, participant_id),
    )
    if outcome is not None:
        db.execute(
            "INSERT INTO forced_outcome VALUES (?, ?, ?, ?, ?)",
            (provider_id, participant_id, outcome, reason, detail),
        )


def decisions_by_force(db: sqlite3.Connection, provider_id: str) -> dict[str, Decision]:
    """Give the forced decisions of a provider by participant."""
    rows = db.execute(
        "SELECT * FROM forced_outcome WHERE provider_id = ? AND outcome <> 'refused'", (provider_id,)
    )
    return {
        row["participant_id"]: Decision(Outcome(row["outcome"]), row["reason"], row["detail"]) for row in rows
    }


def refused_participants(db: sqlite3.Connection, provider_id: str) -> dict[str, str | None]:
    """Give those whose record is refused as invalid, with the detail."""
    rows = db.execute(
        "SELECT participant_id, detail FROM forced_outcome WHERE provider_id = ? AND outcome = 'refused'",
        (provider_id,),
    )
    return {row["participant_id"]: row["detail"] for row in rows}


def list_forced(db: sqlite3.Connection, provider_id: str) -> Sequence[sqlite3.Row]:
    """Give all forced outcomes of a provider."""
    return db.execute(
        "SELECT participant_id, outcome, reason, detail FROM forced_outcome WHERE provider_id = ?"
        " ORDER BY participant_id",
        (provider_id,),
    ).fetchall()
