"""Running an import, resumable from what is in the database (docs/domain.md#import).

The worker does it, and the HTTP door with a short one. Like a job it commits by itself, piece after piece.
"""

from __future__ import annotations

import datetime as dt
import time
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO
from zipfile import BadZipFile

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal.core.crypto import VaultError, current_vault
from portal.core.database import EVERY_TENANT, commit, db, rollback, scope_to, utcnow
from portal.core.db_errors import TRANSIENT_ERRORS, put_off_claim
from portal.core.leases import Lease, LeaseLost, defer, renew
from portal.core.refusal import Refusal
from portal.core.settings import current_settings
from portal.domain.import_kinds import Kind
from portal.domain.imports import DOOR_HTTP, ENDED, ImportRun, ImportState
from portal.domain.tenants import Tenant
from portal.imports.archive import Export, absent, open_export, open_lines
from portal.imports.checks import check
from portal.imports.codes import FileRefused, ImportProblem, Notice
from portal.imports.leases import acquire, release_lease
from portal.imports.lines import LinesFile
from portal.imports.noting import note_export_time, note_newest, notice
from portal.imports.reading import CsvFile
from portal.imports.service import replace_held
from portal.imports.staging import begin_again, delete_lines, stage, write_refusal
from portal.imports.taking_over import Work, take_over_some
from portal.imports.uploads import forget, open_upload
from portal.tenants.queries import today_of

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
        commit("import.claimed")
        if held is not None:
            _work_unhindered(held, batch)
        _empty(import_id, batch)
    except LeaseLost:
        rollback()
        log.info("claim_lost", import_run=import_id)
    except SQLAlchemyError as error:
        rollback()
        raise ImportInterrupted(type(error).__name__) from None


def _work_unhindered(held: Lease[ImportRun], batch: int) -> None:
    try:
        _work(held, batch)
    except TRANSIENT_ERRORS as error:
        put_off_claim(partial(defer, held), error)
        raise


def _work(held: Lease[ImportRun], batch: int) -> None:
    run = renew(held, utcnow())
    crashed = run.crashes > CRASHES
    state = run.state
    commit("import.begun")
    if state is ImportState.STAGING:
        if crashed:
            _fail(held, ImportProblem.CRASHED.value)
            return
        if not _stage(held, batch):
            return
    elif crashed:
        log.error("crashed_too_often", import_run=held.row_id)  # half taken over: it has to be finished
    _take_over(held, batch)
    _end(held, ImportState.DONE)


# --- staging: reading, checking; the people stay as they are -----------------------------------------------


def _stage(held: Lease[ImportRun], batch: int) -> bool:
    """Stage and check everything; whether it is to be taken over (or, in a dry run, counted) now."""
    run = renew(held, utcnow())
    pieces = begin_again(run, batch)
    _drive(held, lambda _run: next(pieces, False) is None)
    try:
        with open_upload(run.upload or "", _data_folder(), current_vault()) as file:
            _stage_files(held, file, batch)
    except FileRefused as refused:
        _fail(held, refused.fault.value, refused)
        return False
    except Refusal as refusal:
        _fail(held, refusal.code)
        return False
    except FileNotFoundError:
        _fail(held, ImportProblem.UPLOAD_MISSING.value)
        return False
    except (VaultError, BadZipFile, zlib.error, EOFError):
        _fail(held, ImportProblem.UPLOAD_UNREADABLE.value)
        return False
    return _check(held, batch)


def _stage_files(held: Lease[ImportRun], file: IO[bytes], batch: int) -> None:
    export = open_lines(file) if _came_by_http(held) else open_export(file)
    keep_alive = _KeepAlive(held)
    shapes = {
        kind: found.inspect(keep_alive) for kind, found in export.files.items()
    }  # all headers before the first line
    run = renew(held, utcnow())
    _note_files(run, export)
    run.total = sum(shape.lines for shape in shapes.values())
    tenant = db.session.get_one(Tenant, held.tenant_id)
    today = today_of(tenant, utcnow())
    commit("import.staging")
    for kind in run.kinds:
        _stage_file(held, export.files[Kind(kind)], today, batch)
    _note_the_rest(held, export)


def _came_by_http(held: Lease[ImportRun]) -> bool:
    by_http = renew(held, utcnow()).door == DOOR_HTTP
    commit("import.door")
    return by_http


def _note_the_rest(held: Lease[ImportRun], export: Export) -> None:
    """Note what is known only now: the keys of lines of JSON, which have no header, and times that no line told."""
    run = renew(held, utcnow())
    zone = db.session.get_one(Tenant, run.tenant_id).time_zone
    for kind, moment in export.written_at.items():
        if kind.value not in run.exported_at:
            note_export_time(run, kind, zone, moment)
    for found in export.files.values():
        if isinstance(found, LinesFile) and found.unknown_columns:
            notice(run, Notice.UNKNOWN_COLUMNS, file=found.name, columns=found.unknown_columns)
    commit("import.keys")


def _note_files(run: ImportRun, export: Export) -> None:
    run.kinds = [kind.value for kind in Kind if kind in export.files]
    for found in export.files.values():
        if found.unknown_columns:
            notice(run, Notice.UNKNOWN_COLUMNS, file=found.name, columns=found.unknown_columns)
    if export.unknown:
        notice(run, Notice.UNKNOWN_FILES, files=export.unknown[:100])
    if run.door != DOOR_HTTP:
        for name in absent(export.files):
            notice(run, Notice.FILE_ABSENT, file=name)


def _stage_file(held: Lease[ImportRun], file: CsvFile | LinesFile, today: dt.date, batch: int) -> None:
    lines = file.lines(today)
    while some := list(islice(lines, batch)):
        run = renew(held, utcnow())
        stage(run, file.table, some, current_vault())
        commit("import.staged")


def _check(held: Lease[ImportRun], batch: int) -> bool:
    """Check what needs all lines. Only then the import is `applying`, which means that it will be finished."""
    _refresh_statistics(held)
    run = renew(held, utcnow())
    pieces: Iterator[None] = check(run, batch)
    _drive(held, lambda _run: next(pieces, False) is None)
    run = renew(held, utcnow())
    run.progress = 0
    go_on = run.problem is None
    if not go_on:
        run.state = ImportState.HELD
        release_lease(run)
    elif not run.dry_run:
        run.state = ImportState.APPLYING
    commit("import.checked")
    forget(run.upload, _data_folder())  # all of it is staged
    return go_on


def _refresh_statistics(held: Lease[ImportRun]) -> None:
    """PostgreSQL plans by its last look at a table, which was before a million lines came in."""
    renew(held, utcnow())
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("ANALYZE import_line"))
    commit("import.analysed")


# --- taking over -------------------------------------------------------------------------------------------


def _take_over(held: Lease[ImportRun], batch: int) -> None:
    def some(run: ImportRun) -> bool:
        return take_over_some(Work(run, utcnow(), batch, current_vault()))

    _drive(held, some)


def _drive(held: Lease[ImportRun], piece: Callable[[ImportRun], bool]) -> None:
    """Do one piece of work after the other, each in a transaction of its own, until there is none."""
    more = True
    while more:
        run = renew(held, utcnow())
        more = piece(run)
        commit("import.piece")


# --- the end -----------------------------------------------------------------------------------------------


def _fail(held: Lease[ImportRun], problem: str, refused: FileRefused | None = None) -> None:
    rollback()
    run = renew(held, utcnow())
    run.problem = problem
    if refused:
        place = {"file": refused.file, "line": refused.line, "column": refused.column}
        run.problem_values = place | refused.values
        write_refusal(run, refused)
    commit("import.explained")
    _end(held, ImportState.FAILED)


def _end(held: Lease[ImportRun], state: ImportState) -> None:
    run = renew(held, utcnow())
    run.state = state
    run.finished_at = utcnow()
    if state is ImportState.DONE and not run.dry_run:
        replace_held(run, utcnow())
        note_newest(run, utcnow())
    release_lease(run)
    commit("import.ended")
    log.info("import_ended", import_run=held.row_id, state=state.value, problem=run.problem)


def _empty(import_id: int, batch: int) -> None:
    """Delete the staged lines and the upload of an import that has ended; harmless when done twice."""
    scope_to(EVERY_TENANT)
    run = db.session.get(ImportRun, import_id)
    if run is None or run.state not in ENDED or run.emptied_at is not None:
        commit("import.nothing-to-empty")
        return
    forget(run.upload, _data_folder())
    for _ in delete_lines(run, batch):
        commit("import.lines-deleted")
    run.upload = None
    run.emptied_at = utcnow()
    commit("import.emptied")


def _data_folder() -> Path:
    return Path(current_settings().data_folder)


class _KeepAlive:
    """Renews the lease during long reading, every third of it."""

    def __init__(self, held: Lease[ImportRun]) -> None:
        self._held = held
        self._next = time.monotonic() + held.lease_seconds / 3

    def __call__(self) -> None:
        if time.monotonic() >= self._next:
            renew(self._held, utcnow())
            commit("import.beat")
            self._next = time.monotonic() + self._held.lease_seconds / 3
