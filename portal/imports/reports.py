"""The report of an import, and what a held one would take away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import select

from portal.core.database import db
from portal.domain.import_kinds import Kind
from portal.domain.imports import ImportMode, ImportRejection, ImportRun, ImportState
from portal.imports.absence import SHRINKING, Absent, list_absent
from portal.imports.codes import Notice


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
