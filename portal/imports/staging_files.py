"""Stage the files of an import, in transactions of its own."""

from __future__ import annotations

import datetime as dt
import time
from itertools import islice

from portal.core.crypto import current_keyring
from portal.core.database import db, utcnow
from portal.core.leases import Lease
from portal.domain.import_kinds import Kind
from portal.domain.imports import DOOR_HTTP, ImportRun
from portal.domain.tenants import Tenant
from portal.imports.archive import Export, absent
from portal.imports.codes import Notice
from portal.imports.lines import LinesFile
from portal.imports.noting import note_export_time, notice
from portal.imports.reading import CsvFile
from portal.imports.staging import stage
from portal.tenants.queries import today_of


def stage_files(held: Lease[ImportRun], export: Export, batch: int) -> None:
    keep_alive = _KeepAlive(held)
    shapes = {
        kind: found.inspect(keep_alive) for kind, found in export.files.items()
    }  # all headers before the first line
    with held.step() as run:
        _note_files(run, export)
        run.total = sum(shape.lines for shape in shapes.values())
        today = today_of(db.session.get_one(Tenant, run.tenant_id), utcnow())
    for kind in run.kinds:
        _stage_file(held, export.files[Kind(kind)], today, batch)
    with held.step() as run:
        _note_the_rest(run, export)


def _note_the_rest(run: ImportRun, export: Export) -> None:
    """Note what is known only now: the keys of lines of JSON, which have no header, and times that no line told."""
    zone = db.session.get_one(Tenant, run.tenant_id).time_zone
    for kind, moment in export.written_at.items():
        if kind.value not in run.exported_at:
            note_export_time(run, kind, zone, moment)
    for found in export.files.values():
        if isinstance(found, LinesFile) and found.unknown_columns:
            notice(run, Notice.UNKNOWN_COLUMNS, file=found.name, columns=found.unknown_columns)


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
        with held.step() as run:
            stage(run, file.table, some, current_keyring())


class _KeepAlive:
    """Renews the lease during long reading, every third of it."""

    def __init__(self, held: Lease[ImportRun]) -> None:
        self._held = held
        self._next = time.monotonic() + held.seconds / 3

    def __call__(self) -> None:
        if time.monotonic() >= self._next:
            with self._held.step():
                pass
            self._next = time.monotonic() + self._held.seconds / 3
