"""The commit: everything that must be true before a delivery counts, then one atomic step."""

import secrets
import sqlite3
from datetime import datetime

from sandbox.clock import as_text
from sandbox.deliveries import (
    Delivery,
    already_committed,
    check_base,
    check_sequence,
    count_records,
    get_delivery,
    last_sequence,
)
from sandbox.messages import Manifest
from sandbox.problems import Problem, invalid_request
from sandbox.providers import Provider
from sandbox.words import Mode, ProblemType, RecordType


def commit_delivery(
    db: sqlite3.Connection, provider: Provider, delivery: Delivery, manifest: Manifest, now: datetime
) -> Delivery:
    """Take the delivery in, or give it as it was taken in before. Must run inside a write transaction."""
    if delivery.state == "committed":
        return _repeated(db, delivery, manifest)
    last = last_sequence(db, provider.provider_id)
    check_sequence(delivery.sequence, last)
    _check_manifest(db, delivery, manifest)
    _check_named_once(db, delivery)
    _check_references(db, delivery)
    if not _is_withdrawals_alone(delivery, manifest):
        if delivery.mode is Mode.DELTA:
            check_base(delivery.base_sequence, last)
        _check_licence(provider, now)
    elif delivery.base_sequence is not None:
        check_base(delivery.base_sequence, last)
    db.execute(
        "UPDATE delivery SET state = 'committed', receipt_id = ?, committed_at = ? WHERE delivery_id = ?",
        (f"r_{secrets.token_hex(12)}", as_text(now), delivery.delivery_id),
    )
    return get_delivery(db, provider.provider_id, delivery.delivery_id)


def _repeated(db: sqlite3.Connection, delivery: Delivery, manifest: Manifest) -> Delivery:
    try:
        _check_manifest(db, delivery, manifest)
    except Problem:
        raise already_committed() from None
    return delivery


def _is_withdrawals_alone(delivery: Delivery, manifest: Manifest) -> bool:
    counts = manifest.counts
    return delivery.mode is Mode.DELTA and not (counts.mediator or counts.order or counts.participant)


def _check_licence(provider: Provider, now: datetime) -> None:
    # The contract has no 403 for a commit. A full delivery was refused with 403 at opening; what gets here
    # is a delta that is more than withdrawals, or a licence that ended in between.
    if not provider.is_licensed(now.date()):
        raise Problem(422, ProblemType.LICENCE_EXPIRED, f"Lizenz bis {provider.licensed_until}.")


def _incomplete(detail: str) -> Problem:
    return Problem(422, ProblemType.INCOMPLETE_DELIVERY, detail)


def _check_manifest(db: sqlite3.Connection, delivery: Delivery, manifest: Manifest) -> None:
    """Compare what arrived with what the provider says: parts, digests, counts."""
    rows = db.execute("SELECT number, digest FROM part WHERE delivery_id = ?", (delivery.delivery_id,))
    arrived = {row["number"]: row["digest"] for row in rows}
    declared = dict(enumerate(manifest.parts, start=1))
    missing = sorted(declared.keys() - arrived.keys())
    if missing:
        raise _incomplete(f"Es fehlen {len(missing)} Teile, der erste ist Teil {missing[0]}.")
    extra = sorted(arrived.keys() - declared.keys())
    if extra:
        raise _incomplete(f"Teil {extra[0]} ist angekommen, steht aber nicht im Verzeichnis.")
    for number, digest in declared.items():
        if arrived[number] != digest:
            raise Problem(
                422, ProblemType.DIGEST_MISMATCH, f"Teil {number} ist mit anderem Inhalt angekommen."
            )
    _check_counts(db, delivery, manifest)


def _check_counts(db: sqlite3.Connection, delivery: Delivery, manifest: Manifest) -> None:
    for kind, arrived in count_records(db, delivery.delivery_id).items():
        declared = getattr(manifest.counts, kind)
        if arrived != declared:
            raise _incomplete(f"{kind}: {declared} angekündigt, {arrived} angekommen.")


def _check_named_once(db: sqlite3.Connection, delivery: Delivery) -> None:
    """Refuse two records about one participant: the network would have to guess which one counts."""
    row = db.execute(
        "SELECT MAX(number) AS number, MAX(line) AS line FROM part_record"
        " WHERE delivery_id = ? AND type IN ('participant', 'withdrawal')"
        " GROUP BY subject_id HAVING COUNT(*) > 1 LIMIT 1",
        (delivery.delivery_id,),
    ).fetchone()
    if row is not None:
        raise invalid_request(f"Eine Person aus Teil {row['number']} ist in der Lieferung zweimal genannt.")


def _check_references(db: sqlite3.Connection, delivery: Delivery) -> None:
    """Refuse participants whose mediator or order is missing, or comes only after them."""
    for kind, column in ((RecordType.MEDIATOR, "mediator_id"), (RecordType.ORDER, "order_id")):
        row = db.execute(
            _DANGLING.format(column=column), {"delivery": delivery.delivery_id, "kind": kind}
        ).fetchone()
        if row is not None:
            where = f"Teil {row['number']}, Zeile {row['line']}"
            raise _incomplete(f"{where}: {column} verweist auf nichts, was vorher in der Lieferung steht.")


_DANGLING = """
    SELECT p.number, p.line FROM part_record p
    WHERE p.delivery_id = :delivery AND p.type = 'participant' AND p.{column} IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM part_record r WHERE r.delivery_id = :delivery AND r.type = :kind
        AND r.subject_id = p.{column} AND (r.number, r.line) < (p.number, p.line))
    ORDER BY p.number, p.line LIMIT 1
"""
