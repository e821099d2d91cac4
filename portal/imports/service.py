"""Starting an import, deciding about a held one, and its report."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import IO, Any

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError

from portal.accounts.second_person import Starter, require_second
from portal.core.crypto import current_keyring
from portal.core.database import db
from portal.core.refusal import Refusal
from portal.core.settings import current_settings
from portal.domain.actors import Actor
from portal.domain.imports import DOOR_FILE, UNFINISHED, ImportMode, ImportRun, ImportState
from portal.domain.tenants import Tenant
from portal.imports.codes import ImportProblem
from portal.imports.errors import ImportNotHeld, ImportRunning, ImportUnknown
from portal.imports.uploads import Upload, forget, take_in


def keep_export(source: Path | IO[bytes], limit_mb: int | None = None) -> Upload:
    """Take in a folder, a ZIP or a stream, before any transaction: copying may take long, and SQLite has one writer.

    Refusal where there is nothing, or nothing that may be imported. `limit_mb` bounds what comes from a browser.
    """
    limit = {} if limit_mb is None else {"limit": limit_mb * 1024**2}
    return take_in(source, Path(current_settings().data_folder), current_keyring(), **limit)


def start_import(
    tenant: Tenant,
    source: Path | IO[bytes] | Upload,
    mode: ImportMode,
    by: Actor,
    now: dt.datetime,
    dry_run: bool = False,
) -> ImportRun:
    """Queue an import; commit, then enqueue `run_import` with its id. Refusal `import-running`, or as `keep_export`.

    A caller with an open transaction calls `keep_export` before it and passes the result.
    """
    try:
        refuse_beside_another(tenant.id)
    except Refusal:
        if isinstance(source, Upload):
            forget(source.name, Path(current_settings().data_folder))
        raise
    upload = source if isinstance(source, Upload) else keep_export(source)
    run = ImportRun(
        tenant_id=tenant.id,
        mode=mode,
        door=DOOR_FILE,
        dry_run=dry_run,
        state=ImportState.WAITING,
        started_by=by.initials,
        started_by_account_id=by.account_id,
        created_at=now,
        upload=upload.name,
    )
    db.session.add(run)
    db.session.flush()
    return run


def refuse_beside_another(tenant_id: int) -> None:
    """Refusal `import-running` while an import of the tenant is not finished."""
    running = db.session.scalar(
        select(ImportRun.id).where(ImportRun.tenant_id == tenant_id, ImportRun.state.in_(UNFINISHED)).limit(1)
    )
    if running is not None:
        raise ImportRunning(number=running)


def get_import(tenant_id: int, import_id: int) -> ImportRun:
    """An import of this tenant; NotFound otherwise."""
    run = db.session.scalar(
        select(ImportRun).where(ImportRun.id == import_id, ImportRun.tenant_id == tenant_id)
    )
    if run is None:
        raise ImportUnknown(number=import_id)
    return run


def approve(run: ImportRun, by: Actor) -> None:
    """Approve a held import, of which nothing can have changed since it was shown. Enqueue `run_import` after commit.

    Raises Refusal `import-running`, `import-not-held`, `import-same-person`, `import-link-seen`.
    """
    running = db.session.scalar(
        select(ImportRun.id).where(
            ImportRun.tenant_id == run.tenant_id, ImportRun.id != run.id, ImportRun.state.in_(UNFINISHED)
        )
    )
    if running is not None:
        raise ImportRunning(number=running)
    try:
        with db.session.begin_nested():
            _decide(run, by, state=ImportState.APPLYING, progress=0)
    except IntegrityError:
        raise ImportRunning(number=run.id) from None


def discard(run: ImportRun, by: Actor, now: dt.datetime) -> None:
    """Discard a held import: the people stay as they are. Raises Refusal as `approve`."""
    _decide(run, by, state=ImportState.DISCARDED, finished_at=now, problem=ImportProblem.BY_PERSON.value)


def starter_of(run: ImportRun) -> Starter:
    """Who has started it."""
    return Starter(run.started_by, run.started_by_account_id)


def _decide(run: ImportRun, by: Actor, **values: Any) -> None:
    require_second(starter_of(run), by, "import-")
    result = db.session.execute(
        update(ImportRun)
        .where(ImportRun.id == run.id, ImportRun.state == ImportState.HELD)
        .values(decided_by=by.initials, **values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    if not result.rowcount:
        raise ImportNotHeld(number=run.id)
    db.session.refresh(run)


def replace_held(run: ImportRun, now: dt.datetime) -> None:
    """Discard older held imports of the tenant: letting one go later would bring back what was newer."""
    db.session.execute(
        update(ImportRun)
        .where(
            ImportRun.tenant_id == run.tenant_id, ImportRun.state == ImportState.HELD, ImportRun.id < run.id
        )
        .values(state=ImportState.DISCARDED, problem=ImportProblem.REPLACED.value, finished_at=now)
        .execution_options(synchronize_session=False)
    )
