"""Every request to the contract's paths that was seen; never a body, a token or a query."""

import sqlite3
from datetime import datetime

from sandbox.clock import as_text

KEEP = 50_000
_TIDY_EVERY = 1_000


def note_request(
    db: sqlite3.Connection,
    *,
    at: datetime,
    method: str,
    path: str,
    operation: str | None,
    provider_id: str | None,
    sequence: int | None,
) -> int:
    """Note that a request has come in, before anything is done with it; gives its number."""
    cursor = db.execute(
        "INSERT INTO request_seen (at, method, path, operation, provider_id, sequence)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (as_text(at), method, path, operation, provider_id, sequence),
    )
    request_id = int(cursor.lastrowid or 0)
    if request_id % _TIDY_EVERY == 0:
        db.execute("DELETE FROM request_seen WHERE request_id <= ?", (request_id - KEEP,))
    return request_id


def note_answer(
    db: sqlite3.Connection, request_id: int, *, status: int | None, sequence: int | None, duration_ms: int
) -> None:
    """Note how it was answered; no status means that the connection was dropped."""
    db.execute(
        "UPDATE request_seen SET status = ?, sequence = COALESCE(?, sequence), duration_ms = ?"
        " WHERE request_id = ?",
        (status, sequence, duration_ms, request_id),
    )


def list_requests(
    db: sqlite3.Connection, *, provider_id: str | None = None, after: int = 0, limit: int = 10_000
) -> list[sqlite3.Row]:
    """Give requests in the order in which they came."""
    return db.execute(
        "SELECT * FROM request_seen WHERE request_id > :after"
        " AND (:provider IS NULL OR provider_id = :provider) ORDER BY request_id LIMIT :limit",
        {"after": after, "provider": provider_id, "limit": limit},
    ).fetchall()


def forget_requests(db: sqlite3.Connection) -> None:
    """Forget all requests seen."""
    db.execute("DELETE FROM request_seen")


def newest_requests(db: sqlite3.Connection, limit: int) -> list[sqlite3.Row]:
    """Give the newest requests, the newest first."""
    return db.execute("SELECT * FROM request_seen ORDER BY request_id DESC LIMIT ?", (limit,)).fetchall()
