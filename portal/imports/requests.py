"""Imports through the HTTP door: a request's lines are kept, and started as an import. Never commits."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.core.crypto import current_keyring
from portal.core.database import db
from portal.core.settings import current_settings
from portal.domain.actors import QUALLI
from portal.domain.import_kinds import Kind
from portal.domain.imports import DOOR_HTTP, ImportMode, ImportRun
from portal.domain.tenants import Tenant
from portal.domain.tokens import ApiToken
from portal.imports.columns import TABLES
from portal.imports.errors import ImportBodyEmpty, ImportKeyReused, ImportRunning, ImportUnknown
from portal.imports.export_times import Moment
from portal.imports.noting import note_export_time
from portal.imports.service import refuse_beside_another, start_import
from portal.imports.uploads import Upload, forget, take_in_lines


@dataclass(frozen=True)
class Body:
    """The lines of a request, kept; what was sent, and how much."""

    kind: Kind
    mode: ImportMode
    upload: Upload
    lines: int
    digest: bytes
    """Keyed: a plain digest of a short body would let the social insurance number in it be guessed."""


class _Counted:
    """Passes chunks on, and counts lines that are not blank on the way."""

    def __init__(self, kind: Kind, mode: ImportMode) -> None:
        key = current_settings().secret_key.get_secret_value().encode()
        self.digest = hmac.new(key, f"{kind.value}\n{mode.value}\n".encode(), hashlib.sha256)
        self.lines = 0
        self._filled = False
        """Whether the line that goes on has anything in it."""

    def each(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.digest.update(chunk)
            first, *others = chunk.split(b"\n")
            self._filled = self._filled or bool(first.strip())
            for other in others:
                self.lines += self._filled
                self._filled = bool(other.strip())
            yield chunk
        self.lines += self._filled


def keep_body(chunks: Iterable[bytes], kind: Kind, mode: ImportMode) -> Body:
    """Keep a request's lines, encrypted. Raises Refusal `import-body-empty` if there are none."""
    counted = _Counted(kind, mode)
    upload = take_in_lines(counted.each(chunks), TABLES[kind].lines_file, _data_folder(), current_keyring())
    if not counted.lines:
        forget(upload.name, _data_folder())
        raise ImportBodyEmpty
    return Body(kind, mode, upload, counted.lines, counted.digest.digest())


def find_repeated(tenant_id: int, key: str) -> ImportRun | None:
    """Return the import that an earlier request with this Idempotency-Key started."""
    query = select(ImportRun).where(ImportRun.tenant_id == tenant_id, ImportRun.request_key == _hash(key))
    return db.session.scalar(query)


def start_from(
    body: Body,
    tenant: Tenant,
    token: ApiToken,
    key: str | None,
    now: dt.datetime,
    exported_at: Moment | None = None,
) -> tuple[ImportRun, bool]:
    """Return the import of these lines, and whether it is new: the same key with the same lines starts no second one.

    `exported_at` is when Qualli.life put the lines together, where the request says so.

    Refusal `import-running`; `import-key-reused` for the same key with other lines. A refused body is not kept.
    """
    try:
        earlier = find_repeated(tenant.id, key) if key is not None else None
        if earlier is not None:
            forget(body.upload.name, _data_folder())
            return _same(earlier, body), False
        refuse_beside_another(tenant.id)
        run = _start(body, tenant, token, key, now)
        if exported_at is not None:
            note_export_time(run, body.kind, tenant.time_zone, exported_at)
        return run, True
    except BaseException:
        forget(body.upload.name, _data_folder())
        raise


def _start(body: Body, tenant: Tenant, token: ApiToken, key: str | None, now: dt.datetime) -> ImportRun:
    run = start_import(tenant, body.upload, body.mode, QUALLI, now)
    run.door, run.token_id = DOOR_HTTP, token.id
    if key is not None:
        run.request_key, run.request_digest = _hash(key), body.digest
    try:
        db.session.flush()
    except IntegrityError:  # the same key came at this very moment
        raise ImportRunning(number=run.id) from None
    return run


def _same(earlier: ImportRun, body: Body) -> ImportRun:
    if not hmac.compare_digest(earlier.request_digest or b"", body.digest):
        raise ImportKeyReused
    return earlier


def get_request_import(import_id: int) -> ImportRun:
    """An import of the session's tenant that came through this door; NotFound otherwise."""
    query = select(ImportRun).where(ImportRun.id == import_id, ImportRun.door == DOOR_HTTP)
    run = db.session.scalar(query.execution_options(populate_existing=True))
    if run is None:
        raise ImportUnknown(number=import_id)
    return run


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _data_folder() -> Path:
    return Path(current_settings().data_folder)
