"""Which mediators a network knows: decided by hand, or else by the provider's default."""

import sqlite3
from dataclasses import dataclass

from sandbox.providers import Provider


@dataclass(frozen=True)
class Mediator:
    """A mediator as named by a provider, or created by hand; `by_hand` tells the two apart."""

    mediator_id: str
    is_known: bool
    by_hand: bool
    last_name: str | None
    first_name: str | None


def is_known(db: sqlite3.Connection, provider: Provider, mediator_id: str) -> bool:
    """Say whether the network knows this mediator."""
    row = db.execute(
        "SELECT known FROM mediator WHERE provider_id = ? AND mediator_id = ?",
        (provider.provider_id, mediator_id),
    ).fetchone()
    if row is None or row["known"] is None:
        return provider.mediators_known
    return bool(row["known"])


def set_known(db: sqlite3.Connection, provider_id: str, mediator_id: str, known: bool | None) -> None:
    """Decide by hand, for deliveries processed from now on; None goes back to the provider's default."""
    db.execute(
        "INSERT INTO mediator (provider_id, mediator_id, known) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET known = excluded.known",
        (provider_id, mediator_id, known),
    )


def keep_names(
    db: sqlite3.Connection, provider_id: str, mediator_id: str, last_name: str, first_name: str
) -> None:
    """Remember how a delivery called a mediator."""
    db.execute(
        "INSERT INTO mediator (provider_id, mediator_id, last_name, first_name) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET last_name = excluded.last_name, first_name = excluded.first_name",
        (provider_id, mediator_id, last_name, first_name),
    )


def list_mediators(db: sqlite3.Connection, provider: Provider) -> list[Mediator]:
    """Give all mediators ever named or created, by id."""
    rows = db.execute(
        "SELECT * FROM mediator WHERE provider_id = ? ORDER BY mediator_id", (provider.provider_id,)
    )
    return [
        Mediator(
            mediator_id=row["mediator_id"],
            is_known=provider.mediators_known if row["known"] is None else bool(row["known"]),
            by_hand=row["known"] is not None,
            last_name=row["last_name"],
            first_name=row["first_name"],
        )
        for row in rows
    ]
