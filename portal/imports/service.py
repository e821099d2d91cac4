"""Starting an import, deciding about a held one, and its report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
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
from portal.domain.import_kinds import Kind
from portal.domain.imports import (
    DOOR_FILE,
    UNFINISHED,
    ImportMode,
    ImportRejection,
    ImportRun,
    ImportState,
)
from portal.domain.tenants import Tenant
from portal.imports.absence import SHRINKING, Absent, list_absent
from portal.imports.codes import ImportProblem, Notice
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


@dataclass(frozen=True)
class Rejected:
    """A line that was not taken, or a file (line 0 where it is the file as a whole)."""

    file: str
    line: int
    column: str | None
    code: str


@dataclass(frozen=True)
class Report:
    """What became of an import."""

    import_id: int
    state: ImportState
    mode: ImportMode
    dry_run: bool
    read: int
    applied: int
    unchanged: int
    identical: int
    """Lines that say once more what another one says."""
    rejected_lines: int
    left: int
    """Participants who left by it."""
    counts: dict[str, dict[str, int]]
    notices: list[dict[str, Any]]
    problem: str | None
    problem_values: dict[str, Any]
    rejected: list[Rejected] = field(default_factory=list)
    more: bool = False
    """There are more rejections than are listed here; `each_rejection` gives all."""

    def as_json(self) -> dict[str, Any]:
        """For `--json` and the HTTP door."""
        return asdict(self)


def report(run: ImportRun, limit: int = 10_000) -> Report:
    """Return the report of an import, with at most `limit` rejections in the order of the files' lines."""
    rejected = [*each_rejection(run, limit + 1)]
    counted = totals(run)
    return Report(
        import_id=run.id,
        state=run.state,
        mode=run.mode,
        dry_run=run.dry_run,
        read=counted["read"],
        applied=counted["applied"],
        unchanged=counted["unchanged"],
        identical=counted["identical"],
        rejected_lines=counted["rejected"],
        left=counted["left"],
        counts=run.counts,
        notices=run.notices,
        problem=run.problem,
        problem_values=run.problem_values,
        rejected=rejected[:limit],
        more=len(rejected) > limit,
    )


def totals(run: ImportRun) -> dict[str, int]:
    """Lines of all kinds read, applied, unchanged, identical and rejected, and participants who left."""
    names = ("read", "applied", "unchanged", "identical", "rejected")
    found = {name: sum(counts.get(name, 0) for counts in run.counts.values()) for name in names}
    return found | {"left": run.counts.get(Kind.PARTICIPANT.value, {}).get("left", 0)}


def each_rejection(run: ImportRun, limit: int | None = None) -> Iterator[Rejected]:
    """Every rejected line by file, line and column; streamed."""
    query = (
        select(ImportRejection.file, ImportRejection.line, ImportRejection.column, ImportRejection.code)
        .where(ImportRejection.import_id == run.id, ImportRejection.tenant_id == run.tenant_id)
        .order_by(ImportRejection.file, ImportRejection.line, ImportRejection.id)
        .limit(limit)
        .execution_options(yield_per=1000)
    )
    for file, line, column, code in db.session.execute(query):
        yield Rejected(file, line, column, code)


def taken_away(run: ImportRun) -> list[Kind]:
    """Return the kinds of which a held import would take something away."""
    if run.state is not ImportState.HELD:
        return []
    noted = {notice.get("kind") for notice in run.notices if notice["code"] == Notice.ABSENT.value}
    return [kind for kind in SHRINKING if kind.value in noted]


def leaving(run: ImportRun, kind: Kind = Kind.PARTICIPANT, limit: int = 100) -> Sequence[Absent]:
    """List what a held import would take away of a kind; shown before a person decides."""
    return list_absent(run, kind, limit)
