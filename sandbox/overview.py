"""What the pages show beyond the contract: counts, newest first, found by number."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from sandbox.applicants import Applicant, find_applicant, find_by_number
from sandbox.providers import Provider, list_providers

PAGE_SIZE = 50
_MASKED = {"social_insurance_number"}


@dataclass(frozen=True)
class ProviderLine:
    """A provider with how many applicants are in which state."""

    provider: Provider
    active: int
    archived: int
    last_sequence: int
    waiting: int


def provider_lines(db: sqlite3.Connection) -> list[ProviderLine]:
    """Give one line for each provider."""
    return [_line(db, provider) for provider in list_providers(db)]


def _line(db: sqlite3.Connection, provider: Provider) -> ProviderLine:
    states = dict(
        db.execute(
            "SELECT state, COUNT(*) FROM applicant WHERE provider_id = ? GROUP BY state",
            (provider.provider_id,),
        ).fetchall()
    )
    last, waiting = db.execute(
        "SELECT COALESCE(MAX(sequence), 0), COUNT(*) - COUNT(processed_at) FROM delivery"
        " WHERE provider_id = ? AND state = 'committed'",
        (provider.provider_id,),
    ).fetchone()
    return ProviderLine(provider, states.get("active", 0), states.get("archived", 0), last, waiting)


def newest_deliveries(db: sqlite3.Connection, provider_id: str) -> list[sqlite3.Row]:
    """Give the deliveries opened last, newest first, with their counts."""
    return db.execute(
        "SELECT d.*, (SELECT COUNT(*) FROM part_record r WHERE r.delivery_id = d.delivery_id"
        "   AND type = 'participant') AS participants,"
        " (SELECT COUNT(*) FROM part_record r WHERE r.delivery_id = d.delivery_id"
        "   AND type = 'withdrawal') AS withdrawals,"
        " (SELECT COUNT(*) FROM acknowledgement a WHERE a.delivery_id = d.delivery_id"
        "   AND fate = 'given') AS answers"
        " FROM delivery d WHERE provider_id = ? ORDER BY d.rowid DESC LIMIT ?",
        (provider_id, PAGE_SIZE),
    ).fetchall()


def find_applicants(db: sqlite3.Connection, number: str) -> list[Applicant]:
    """Give the applicants with this Bewerber-ID, or else with this participant number at any provider."""
    by_number = find_by_number(db, number.upper())
    if by_number is not None:
        return [by_number]
    found = (find_applicant(db, provider.provider_id, number) for provider in list_providers(db))
    return [applicant for applicant in found if applicant is not None]


def history(db: sqlite3.Connection, applicant: Applicant) -> list[sqlite3.Row]:
    """Give what the network answered about a person, newest first."""
    return db.execute(
        "SELECT a.*, d.sequence FROM acknowledgement a JOIN delivery d USING (delivery_id)"
        " WHERE a.subject_id = ? AND a.subject = 'participant' AND d.provider_id = ?"
        " ORDER BY d.sequence DESC, a.acknowledgement_id DESC LIMIT ?",
        (applicant.participant_id, applicant.provider_id, PAGE_SIZE),
    ).fetchall()


def record_fields(applicant: Applicant) -> list[tuple[str, str]]:
    """Give the fields of a record for a person to read; the social insurance number only by its end."""
    record: dict[str, Any] = json.loads(applicant.record)
    return [(name, _shown(name, value)) for name, value in record.items() if value not in (None, "", [], {})]


def _shown(name: str, value: Any) -> str:
    if name in _MASKED:
        return f"•••{str(value)[-2:]}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
