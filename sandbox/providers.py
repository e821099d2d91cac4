"""Providers (Träger) and what this network holds about them: token, licence, limits."""

import hashlib
import json
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import date

from sandbox.clock import as_text, now_at
from sandbox.words import Network

DEFAULT_MAX_PART_BYTES = 5_000_000
DEFAULT_LICENSED_UNTIL = "2099-12-31"


@dataclass(frozen=True)
class Provider:
    """A provider as the network knows it. `licensed_until` None: without end."""

    provider_id: str
    name: str
    network: Network
    licensed_until: str | None = DEFAULT_LICENSED_UNTIL
    max_part_bytes: int = DEFAULT_MAX_PART_BYTES
    encodings: tuple[str, ...] = ("gzip", "zstd")
    mediators_known: bool = True
    answer_delay_seconds: float | None = None

    def is_licensed(self, today: date) -> bool:
        """Say whether the licence still runs; its last day counts."""
        return self.licensed_until is None or today.isoformat() <= self.licensed_until


class ProviderExists(Exception):
    """There is a provider with this id, or with this token, already."""


def hash_token(token: str) -> str:
    """Give what is kept of a token. It is random and long, so that one round suffices."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    """Give a fresh token."""
    return secrets.token_urlsafe(32)


def create_provider(db: sqlite3.Connection, provider: Provider, token: str | None = None) -> str:
    """Create a provider and give its token, which is not kept. Raises ProviderExists."""
    token = token or new_token()
    try:
        db.execute(
            "INSERT INTO provider VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                provider.provider_id,
                provider.name,
                provider.network,
                hash_token(token),
                provider.licensed_until,
                provider.max_part_bytes,
                json.dumps(provider.encodings),
                provider.mediators_known,
                provider.answer_delay_seconds,
                as_text(now_at()),
            ),
        )
    except sqlite3.IntegrityError as error:
        raise ProviderExists(provider.provider_id) from error
    return token


def update_provider(db: sqlite3.Connection, provider_id: str, changes: dict[str, object]) -> None:
    """Change some of a provider's columns; `token` is hashed. Raises ProviderExists for one in use."""
    columns = dict(changes)
    if "token" in columns:
        columns["token_hash"] = hash_token(str(columns.pop("token")))
    if "encodings" in columns:
        columns["encodings"] = json.dumps(columns["encodings"])
    for column, value in columns.items():
        try:
            db.execute(_CHANGES[column], (value, provider_id))
        except sqlite3.IntegrityError as error:
            raise ProviderExists(provider_id) from error


# The names of columns come from this list alone.
_CHANGES = {
    column: f"UPDATE provider SET {column} = ? WHERE provider_id = ?"  # noqa: S608
    for column in (
        "name",
        "token_hash",
        "licensed_until",
        "max_part_bytes",
        "encodings",
        "mediators_known",
        "answer_delay_seconds",
    )
}


def find_by_token(db: sqlite3.Connection, token: str) -> Provider | None:
    """Give the provider behind a token, or None."""
    row = db.execute("SELECT * FROM provider WHERE token_hash = ?", (hash_token(token),)).fetchone()
    return _from_row(row) if row else None


def find_provider(db: sqlite3.Connection, provider_id: str) -> Provider | None:
    """Give a provider by its id, or None."""
    row = db.execute("SELECT * FROM provider WHERE provider_id = ?", (provider_id,)).fetchone()
    return _from_row(row) if row else None


def list_providers(db: sqlite3.Connection) -> list[Provider]:
    """Give all providers by id."""
    return [_from_row(row) for row in db.execute("SELECT * FROM provider ORDER BY provider_id")]


def _from_row(row: sqlite3.Row) -> Provider:
    return Provider(
        provider_id=row["provider_id"],
        name=row["name"],
        network=Network(row["network"]),
        licensed_until=row["licensed_until"],
        max_part_bytes=row["max_part_bytes"],
        encodings=tuple(json.loads(row["encodings"])),
        mediators_known=bool(row["mediators_known"]),
        answer_delay_seconds=row["answer_delay_seconds"],
    )
