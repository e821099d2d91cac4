"""Signed checkpoints of the chains, kept outside the database: what shows that the end of a chain was cut off.

Each line of `audit-heads.ndjson` in the data folder names chain, number and digest of a chain's newest seal, and is
signed with Ed25519. The signing key is derived from SECRET_KEY, which the database does not hold.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import func, select

from portal.core.database import db, for_every_tenant
from portal.core.settings import Settings
from portal.domain.audit import Seal

FILE = "audit-heads.ndjson"
EXPORT_EVERY = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Checkpoint:
    """The newest seal of a chain, at some time."""

    chain: int
    number: int
    digest: str
    """In hexadecimal."""
    at: str

    def said(self) -> bytes:
        """What is signed."""
        return json.dumps([self.chain, self.number, self.digest, self.at], separators=(",", ":")).encode()


class CheckpointError(Exception):
    """A line of the file is not one that we signed."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} of {FILE} is not signed by us")
        self.line = line


def newest_checkpoints(now: dt.datetime) -> list[Checkpoint]:
    """Return the newest seal of each chain."""
    newest = select(Seal.chain, func.max(Seal.number).label("number")).group_by(Seal.chain).subquery()
    query = (
        select(Seal.chain, Seal.number, Seal.digest)
        .join(newest, (newest.c.chain == Seal.chain) & (newest.c.number == Seal.number))
        .order_by(Seal.chain)
    )
    with for_every_tenant():
        rows = db.session.execute(query).all()
    return [Checkpoint(row.chain, row.number, row.digest.hex(), now.isoformat()) for row in rows]


def checkpoints_file(settings: Settings) -> Path:
    return Path(settings.data_folder) / FILE


def is_due(settings: Settings, now: dt.datetime) -> bool:
    """Return whether the last export is an hour ago, by the file's own time."""
    try:
        written = dt.datetime.fromtimestamp(checkpoints_file(settings).stat().st_mtime, dt.UTC)
    except FileNotFoundError:
        return True
    return now - written >= EXPORT_EVERY


def export_checkpoints(settings: Settings, checkpoints: list[Checkpoint]) -> None:
    """Append the checkpoints to the file, each signed. Raises OSError."""
    key, path = _signing_key(settings), checkpoints_file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps(vars(head) | {"signature": key.sign(head.said()).hex()}) + "\n" for head in checkpoints
    ]
    with path.open("a", encoding="ascii") as file:
        file.write("".join(lines))
    path.touch()


def read_checkpoints(settings: Settings) -> Iterator[Checkpoint]:
    """What was exported, oldest first; nothing where nothing was. Raises CheckpointError, OSError."""
    path, key = checkpoints_file(settings), _signing_key(settings).public_key()
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for line, written in enumerate(file, 1):
            try:
                values = json.loads(written)
                signature = bytes.fromhex(values.pop("signature"))
                head = Checkpoint(**values)
                key.verify(signature, head.said())
            except (ValueError, KeyError, TypeError, AttributeError, InvalidSignature):
                raise CheckpointError(line) from None
            yield head


def _signing_key(settings: Settings) -> Ed25519PrivateKey:
    secret = settings.secret_key.get_secret_value().encode()
    seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"jobbruecke audit heads").derive(secret)
    return Ed25519PrivateKey.from_private_bytes(seed)
