"""Running an import, resumable from what is in the database (docs/domain.md#import).

The worker does it, and the HTTP door with a short one. Like a job it commits by itself, piece after piece.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import BadZipFile

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal.core.crypto import DecryptionError, current_keyring
from portal.core.database import EVERY_TENANT, commit, db, rollback, scope_to, utcnow
from portal.core.db_errors import TRANSIENT_ERRORS, put_off
from portal.core.leases import Lease, LeaseLost
from portal.core.refusal import Refusal
from portal.core.settings import current_settings
from portal.domain.imports import DOOR_HTTP, ENDED, ImportRun, ImportState
from portal.imports.archive import open_export, open_lines
from portal.imports.checks import check
from portal.imports.codes import FileRefused, ImportProblem
from portal.imports.leases import acquire, release_lease
from portal.imports.noting import note_newest
from portal.imports.rejections import write_refusal
from portal.imports.service import replace_held
from portal.imports.staging import begin_again, delete_lines
from portal.imports.staging_files import stage_files
from portal.imports.taking_over import take_over_some
from portal.imports.uploads import forget, open_upload
from portal.imports.windows import Work

BATCH = 1000
"""Lines in one transaction."""
CRASHES = 3
"""After so many claims in a row that ended without a word an import that has changed nothing yet has failed."""

log = structlog.get_logger()


class ImportInterrupted(Exception):
    """An import stopped in the middle and will be resumed. Names the kind of error; its text might hold names."""


def run_import(import_id: int, batch: int = BATCH) -> None:
    """Read, check and take over an import until it has ended or is held.

    Harmless when run twice, at the same time, or killed anywhere: the sweep runs it again.
    """
    scope_to(EVERY_TENANT)
    try:
        held = acquire(import_id, utcnow(), current_settings().lease_seconds)
        if held is not None:
            scope_to(held.tenant_id)
        commit()
        if held is not None:
            _work_unhindered(held, batch)
        _empty(import_id, batch)
    except LeaseLost:
        log.info("claim_lost", import_run=import_id)
    except SQLAlchemyError as error:
        rollback()
        raise ImportInterrupted(type(error).__name__) from None


def _work_unhindered(held: Lease[ImportRun], batch: int) -> None:
    try:
        _work(held, batch)
    except TRANSIENT_ERRORS as error:
        put_off(held, error)
        raise


def _work(held: Lease[ImportRun], batch: int) -> None:
    with held.step() as run:
        crashed, state = run.crashes > CRASHES, run.state
    if state is ImportState.STAGING:
        if crashed:
            _fail(held, ImportProblem.CRASHED.value)
            return
        if not _stage(held, run, batch):
            return
    elif crashed:
        log.error("crashed_too_often", import_run=held.row_id)  # half taken over: it has to be finished
    _take_over(held, batch)
    _end(held, ImportState.DONE)


# --- staging: reading, checking; the people stay as they are -----------------------------------------------


def _stage(held: Lease[ImportRun], run: ImportRun, batch: int) -> bool:
    """Stage and check everything; whether it is to be taken over (or, in a dry run, counted) now."""
    _drive(held, begin_again, batch)
    try:
        with open_upload(run.upload or "", _data_folder(), current_keyring()) as file:
            export = open_lines(file) if run.door == DOOR_HTTP else open_export(file)
            stage_files(held, export, batch)
    except FileRefused as refused:
        _fail(held, refused.fault.value, refused)
        return False
    except Refusal as refusal:
        _fail(held, refusal.code)
        return False
    except FileNotFoundError:
        _fail(held, ImportProblem.UPLOAD_MISSING.value)
        return False
    except (DecryptionError, BadZipFile, zlib.error, EOFError):
        _fail(held, ImportProblem.UPLOAD_UNREADABLE.value)
        return False
    return _check(held, batch)


def _check(held: Lease[ImportRun], batch: int) -> bool:
    """Check what needs all lines. Only then the import is `applying`, which means that it will be finished."""
    _refresh_statistics(held)
    _drive(held, check, batch)
    with held.step() as run:
        run.progress = 0
        if run.problem is not None:
            run.state = ImportState.HELD
            release_lease(run)
        elif not run.dry_run:
            run.state = ImportState.APPLYING
    forget(run.upload, _data_folder())  # all of it is staged
    return run.problem is None


def _refresh_statistics(held: Lease[ImportRun]) -> None:
    """PostgreSQL plans by its last look at a table, which was before a million lines came in."""
    with held.step():
        if db.engine.dialect.name == "postgresql":
            db.session.execute(text("ANALYZE import_line"))


def _drive(held: Lease[ImportRun], begin: Callable[[ImportRun, int], Iterator[None]], batch: int) -> None:
    """Do one piece of work after the other, each in a transaction of its own, until there is none."""
    pieces, more = None, True
    while more:
        with held.step() as run:
            pieces = pieces or begin(run, batch)
            more = next(pieces, False) is None


# --- taking over -------------------------------------------------------------------------------------------


def _take_over(held: Lease[ImportRun], batch: int) -> None:
    more = True
    while more:
        with held.step() as run:
            more = take_over_some(Work(run, utcnow(), batch, current_keyring()))


# --- the end -----------------------------------------------------------------------------------------------


def _fail(held: Lease[ImportRun], problem: str, refused: FileRefused | None = None) -> None:
    with held.step() as run:
        run.problem = problem
        if refused:
            place = {"file": refused.file, "line": refused.line, "column": refused.column}
            run.problem_values = place | refused.values
            write_refusal(run, refused)
    _end(held, ImportState.FAILED)


def _end(held: Lease[ImportRun], state: ImportState) -> None:
    with held.step() as run:
        run.state = state
        run.finished_at = utcnow()
        if state is ImportState.DONE and not run.dry_run:
            replace_held(run, utcnow())
            note_newest(run, utcnow())
        release_lease(run)
    log.info("import_ended", import_run=held.row_id, state=state.value, problem=run.problem)


def _empty(import_id: int, batch: int) -> None:
    """Delete the staged lines and the upload of an import that has ended; harmless when done twice."""
    scope_to(EVERY_TENANT)
    run = db.session.get(ImportRun, import_id)
    if run is None or run.state not in ENDED or run.emptied_at is not None:
        commit()
        return
    forget(run.upload, _data_folder())
    for _ in delete_lines(run, batch):
        commit()
    run.upload = None
    run.emptied_at = utcnow()
    commit()


def _data_folder() -> Path:
    return Path(current_settings().data_folder)
