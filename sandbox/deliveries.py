"""Deliveries: opened, filled with parts, committed or abandoned. Only the commit makes one count."""

import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from sandbox.clock import as_text
from sandbox.messages import NewDelivery
from sandbox.parts import PartRecord
from sandbox.problems import Problem, invalid_request, not_found
from sandbox.providers import Provider
from sandbox.words import Mode, ProblemType, RecordType

LIST_LIMIT = 1000


@dataclass(frozen=True)
class Delivery:
    """A delivery as the network keeps it; `state` is open or committed, abandoned ones are not found."""

    delivery_id: str
    provider_id: str
    sequence: int
    mode: Mode
    base_sequence: int | None
    state: str
    receipt_id: str | None
    committed_at: str | None


def last_sequence(db: sqlite3.Connection, provider_id: str) -> int:
    """Give the number of the newest committed delivery, 0 before the first."""
    row = db.execute(
        "SELECT MAX(sequence) FROM delivery WHERE provider_id = ? AND state = 'committed'", (provider_id,)
    ).fetchone()
    return int(row[0] or 0)


def open_delivery(
    db: sqlite3.Connection, provider: Provider, key: str, message: NewDelivery, now: datetime
) -> tuple[Delivery, bool]:
    """Open a delivery, or give the one opened under this key; the second value says whether it is new."""
    row = db.execute(
        "SELECT * FROM delivery WHERE provider_id = ? AND idempotency_key = ?", (provider.provider_id, key)
    ).fetchone()
    if row is not None:
        return _opened_before(row, message), False
    _check_opening(db, provider, message, now)
    delivery_id = f"d_{secrets.token_hex(12)}"
    db.execute(
        "INSERT INTO delivery (delivery_id, provider_id, idempotency_key, sequence, mode, base_sequence,"
        " created_at, opened_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            delivery_id,
            provider.provider_id,
            key,
            message.sequence,
            message.mode,
            message.base_sequence,
            message.created_at,
            as_text(now),
        ),
    )
    return get_delivery(db, provider.provider_id, delivery_id), True


def _opened_before(row: sqlite3.Row, message: NewDelivery) -> Delivery:
    if row["state"] == "abandoned":
        raise not_found("Die Lieferung mit diesem Idempotency-Key wurde aufgegeben.")
    if not message.is_same_as(row["sequence"], row["mode"], row["base_sequence"]):
        raise invalid_request("Unter diesem Idempotency-Key wurde eine andere Lieferung eröffnet.")
    return _from_row(row)


def _check_opening(db: sqlite3.Connection, provider: Provider, message: NewDelivery, now: datetime) -> None:
    if Mode(message.mode) is Mode.FULL and message.base_sequence is not None:
        raise invalid_request("base_sequence gehört nur zu Änderungen (delta).")
    # Whether a delta consists of withdrawals alone, which need no licence, is seen only at its commit.
    if Mode(message.mode) is Mode.FULL and not provider.is_licensed(now.date()):
        raise Problem(403, ProblemType.LICENCE_EXPIRED, f"Lizenz bis {provider.licensed_until}.")
    last = last_sequence(db, provider.provider_id)
    check_sequence(message.sequence, last)
    if message.base_sequence is not None:
        check_base(message.base_sequence, last)


def check_sequence(sequence: int, last: int) -> None:
    """Refuse a number that is not above the newest committed one."""
    if sequence <= last:
        raise Problem(
            409, ProblemType.SEQUENCE_CONFLICT, f"{sequence} ist nicht größer als {last}.", last_sequence=last
        )


def check_base(base_sequence: int | None, last: int) -> None:
    """Refuse changes that are not based on the newest committed delivery."""
    if base_sequence != last:
        detail = f"Grundlage {base_sequence}, zuletzt {last}; eine vollständige Lieferung ist fällig."
        raise Problem(409, ProblemType.BASE_MISMATCH, detail, last_sequence=last)


def get_delivery(db: sqlite3.Connection, provider_id: str, delivery_id: str) -> Delivery:
    """Give a delivery of this provider. Raises Problem 404 for unknown, foreign and abandoned ones."""
    row = db.execute(
        "SELECT * FROM delivery WHERE provider_id = ? AND delivery_id = ? AND state <> 'abandoned'",
        (provider_id, delivery_id),
    ).fetchone()
    if row is None:
        raise not_found("Diese Lieferung gibt es nicht.")
    return _from_row(row)


def get_open_delivery(db: sqlite3.Connection, provider_id: str, delivery_id: str) -> Delivery:
    """Give a delivery that still takes parts. Raises Problem 409 already-committed."""
    delivery = get_delivery(db, provider_id, delivery_id)
    if delivery.state != "open":
        raise already_committed()
    return delivery


def abandon_delivery(db: sqlite3.Connection, provider_id: str, delivery_id: str) -> None:
    """Give up an open delivery and forget what arrived of it; repeating it is harmless."""
    row = db.execute(
        "SELECT state FROM delivery WHERE provider_id = ? AND delivery_id = ?", (provider_id, delivery_id)
    ).fetchone()
    if row is None:
        raise not_found("Diese Lieferung gibt es nicht.")
    if row["state"] == "committed":
        raise already_committed()
    db.execute("UPDATE delivery SET state = 'abandoned' WHERE delivery_id = ?", (delivery_id,))
    db.execute("DELETE FROM part WHERE delivery_id = ?", (delivery_id,))


def forget_commit(db: sqlite3.Connection, delivery_id: str, entirely: bool) -> None:
    """Be as if the delivery had not been committed, or had never been; only misbehaviour asks for it."""
    db.execute(
        "UPDATE delivery SET state = ?, receipt_id = NULL, committed_at = NULL"
        " WHERE delivery_id = ? AND state = 'committed' AND processed_at IS NULL",
        ("abandoned" if entirely else "open", delivery_id),
    )


def already_committed() -> Problem:
    """Give the refusal of a change to what is committed."""
    return Problem(409, ProblemType.ALREADY_COMMITTED, "Die Lieferung ist schon abgeschlossen.")


def list_deliveries(db: sqlite3.Connection, provider_id: str, after_sequence: int) -> list[Delivery]:
    """Give committed deliveries after a number, oldest first, at most 1000."""
    rows = db.execute(
        "SELECT * FROM delivery WHERE provider_id = ? AND state = 'committed' AND sequence > ?"
        " ORDER BY sequence LIMIT ?",
        (provider_id, after_sequence, LIST_LIMIT),
    )
    return [_from_row(row) for row in rows]


def part_numbers(db: sqlite3.Connection, delivery_id: str) -> list[int]:
    """Give the numbers of the parts that have arrived."""
    rows = db.execute("SELECT number FROM part WHERE delivery_id = ? ORDER BY number", (delivery_id,))
    return [row["number"] for row in rows]


def store_part(
    db: sqlite3.Connection,
    delivery_id: str,
    number: int,
    *,
    digest: str,
    size_bytes: int,
    records: list[PartRecord],
    now: datetime,
) -> None:
    """Store a part; other bytes replace what was there under this number."""
    db.execute("DELETE FROM part WHERE delivery_id = ? AND number = ?", (delivery_id, number))
    db.execute(
        "INSERT INTO part VALUES (?, ?, ?, ?, ?)", (delivery_id, number, digest, size_bytes, as_text(now))
    )
    db.executemany(
        "INSERT INTO part_record VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (delivery_id, number, r.line, r.type, r.subject_id, r.mediator_id, r.order_id, r.json)
            for r in records
        ),
    )


def list_everything(db: sqlite3.Connection, provider_id: str) -> list[sqlite3.Row]:
    """Give all deliveries of a provider in the order of their opening, abandoned ones too."""
    return db.execute(
        "SELECT delivery_id, sequence, mode, base_sequence, state, receipt_id, opened_at, committed_at,"
        " processed_at FROM delivery WHERE provider_id = ? ORDER BY rowid",
        (provider_id,),
    ).fetchall()


def count_records(db: sqlite3.Connection, delivery_id: str) -> dict[str, int]:
    """Give how many records of each kind have arrived."""
    rows = db.execute(
        "SELECT type, COUNT(*) AS n FROM part_record WHERE delivery_id = ? GROUP BY type", (delivery_id,)
    )
    arrived = {row["type"]: row["n"] for row in rows}
    return {kind: arrived.get(kind, 0) for kind in RecordType}


def list_records(db: sqlite3.Connection, delivery_id: str) -> list[str]:
    """Give the records of a delivery as JSON, in the order of parts and lines."""
    rows = db.execute(
        "SELECT record FROM part_record WHERE delivery_id = ? ORDER BY number, line", (delivery_id,)
    )
    return [row["record"] for row in rows]


def _from_row(row: sqlite3.Row) -> Delivery:
    return Delivery(
        delivery_id=row["delivery_id"],
        provider_id=row["provider_id"],
        sequence=row["sequence"],
        mode=Mode(row["mode"]),
        base_sequence=row["base_sequence"],
        state=row["state"],
        receipt_id=row["receipt_id"],
        committed_at=row["committed_at"],
    )
