"""Reject lines and files of an import; no one leaves because of a line that cannot be read. Never commits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Table as SqlTable
from sqlalchemy import insert, update

from portal.core.database import db
from portal.domain.import_kinds import Kind
from portal.domain.imports import DOOR_HTTP, ImportMode, ImportRejection, ImportRun
from portal.imports.codes import Fault, FileRefused, Notice
from portal.imports.columns import TABLES, Table
from portal.imports.noting import count, notice
from portal.imports.parsing import Rejection
from portal.imports.windows import LINES

Rejectable = list[tuple[int, int]]
"""Ids and lines of staged lines."""
REJECTIONS: SqlTable = ImportRejection.__table__  # type: ignore[assignment]


def keep_everyone(run: ImportRun, table: Table, line: int) -> None:
    """Let no one leave by this import: the identifier of one line could not be read, or is not clear."""
    if not run.everyone_stays and run.mode is ImportMode.FULL:
        notice(run, Notice.EVERYONE_STAYS, file=file_of(run, table), line=line)
    run.everyone_stays = True


def keep_profiles(run: ImportRun, line: int) -> None:
    """Keep all profiles in this import: the participant of one line could not be identified."""
    if not run.profiles_stay and run.mode is ImportMode.FULL:
        notice(run, Notice.PROFILES_STAY, file=TABLES[Kind.PROFILE].file, line=line)
    run.profiles_stay = True


def write_rejections(run: ImportRun, table: Table, rejected: Sequence[tuple[int, Rejection]]) -> None:
    """Note rejected lines, with the columns that they were rejected for."""
    if not rejected:
        return
    rows = [
        {
            "tenant_id": run.tenant_id,
            "import_id": run.id,
            "file": file_of(run, table),
            "line": line,
            "column": rejection.column,
            "code": rejection.fault.value,
        }
        for line, rejection in rejected
    ]
    db.session.execute(insert(REJECTIONS), rows)


def write_refusal(run: ImportRun, refused: FileRefused) -> None:
    """Note that a whole file is refused, beside the rejected lines."""
    db.session.add(
        ImportRejection(
            tenant_id=run.tenant_id,
            import_id=run.id,
            file=refused.file,
            line=refused.line,
            column=refused.column,
            code=refused.fault.value,
        )
    )


def reject(run: ImportRun, kind: Kind, rows: Rejectable, column: str | None, fault: Fault) -> None:
    """Reject lines that are staged as good."""
    if not rows:
        return
    spoil(run, [row_id for row_id, _ in rows])
    count(run, kind, "rejected", len(rows))
    write_rejections(run, TABLES[kind], [(line, Rejection(column, fault)) for _, line in rows])


def spoil(run: ImportRun, ids: Sequence[int]) -> None:
    """Staged lines stay, without their values, as proof that the participant is not missing."""
    db.session.execute(
        update(LINES)
        .where(LINES.c.id.in_(ids), LINES.c.import_id == run.id)
        .values(good=False, values={}, secret=None)
    )


def file_of(run: ImportRun, table: Table) -> str:
    """What the lines of a table are called in the report, by the door through which they came."""
    return table.lines_file if run.door == DOOR_HTTP else table.file
