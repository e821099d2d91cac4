"""Staging: lines into `import_line` and `import_rejection`, batch by batch. Nothing of it touches the people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Table as SqlTable
from sqlalchemy import delete, insert, select, update

from portal.database import db
from portal.people.models import social_insurance_place
from portal.qualli.codes import Fault, FileRefused, Notice
from portal.qualli.columns import TABLES, Kind, Table
from portal.qualli.models import DOOR_HTTP, ImportLine, ImportMode, ImportRejection, ImportRun, Step
from portal.qualli.parsing import Rejection
from portal.qualli.reading import Line
from portal.vault import Vault

LINES: SqlTable = ImportLine.__table__  # type: ignore[assignment]
REJECTIONS: SqlTable = ImportRejection.__table__  # type: ignore[assignment]
_REFERS_TO = {Kind.MEDIATOR: "initials", Kind.PARTICIPANT: "order_number"}
_COUNTS = ("read", "applied", "unchanged", "identical", "rejected", "left")


def begin_again(run: ImportRun, batch: int) -> Iterator[None]:
    """Forget whatever an earlier, interrupted staging left; in pieces, each for a transaction of its own."""
    run.counts, run.notices, run.kinds = {}, [], []
    run.progress, run.total, run.step, run.cursor = 0, None, Step.MEDIATORS, ""
    run.nobody_leaves = run.profiles_stay = False
    yield
    yield from _delete_all(REJECTIONS, run.id, batch)
    yield from delete_lines(run, batch)


def delete_lines(run: ImportRun, batch: int) -> Iterator[None]:
    """Delete the staged lines, in pieces, each for a transaction of its own."""
    yield from _delete_all(LINES, run.id, batch)


def _delete_all(table: SqlTable, import_id: int, batch: int) -> Iterator[None]:
    """In pieces, since one statement for a million rows would keep everybody else waiting."""
    while True:
        ids = db.session.scalars(select(table.c.id).where(table.c.import_id == import_id).limit(batch)).all()
        if not ids:
            return
        db.session.execute(delete(table).where(table.c.id.in_(ids)))
        yield


def stage(run: ImportRun, table: Table, lines: Sequence[Line], vault: Vault) -> None:
    """Stage one batch of lines of a file.

    A number that comes twice rejects every line that has it, unless all say the same: which of them is meant, only
    Qualli.life can say, and either might be the data of another person. Nobody leaves by such an import.
    """
    count(run, table.kind, "read", len(lines))
    run.progress += len(lines)
    rows = (
        {} if not table.owns_identifier else _staged(run, table.kind, [line.parsed.number for line in lines])
    )
    new: list[dict[str, Any]] = []
    rejected: list[tuple[int, Rejection]] = []
    for line in lines:
        _note_unreadable(run, table, line)
        earlier = rows.get(line.parsed.number or "")
        if earlier is not None and _is_same(run, earlier, line, vault):
            count(run, table.kind, "identical")
            continue
        if earlier is not None:
            rejected += _reject_repeated(run, table, earlier, line)
        rejected += [(line.at, rejection) for rejection in line.parsed.rejections]
        if not line.parsed.good:
            count(run, table.kind, "rejected")
        if line.parsed.number is not None and earlier is None:
            row = _row(run, table.kind, line, vault)
            rows[row["number"]] = row
            new.append(row)
    _write_rejections(run, table, rejected)
    if new:
        db.session.execute(insert(LINES), new)


def _staged(run: ImportRun, kind: Kind, numbers: Iterable[str | None]) -> dict[str, dict[str, Any]]:
    """The lines staged before that have one of these numbers."""
    columns = (LINES.c.id, LINES.c.number, LINES.c.line, LINES.c.good, LINES.c["values"], LINES.c.secret)
    query = select(*columns).where(
        LINES.c.import_id == run.id,
        LINES.c.kind == kind,
        LINES.c.number.in_([number for number in numbers if number]),
    )
    return {row["number"]: dict(row) for row in db.session.execute(query).mappings()}


def _is_same(run: ImportRun, earlier: dict[str, Any], line: Line, vault: Vault) -> bool:
    """Whether a line says of its number what an earlier one said."""
    parsed = line.parsed
    if not (earlier["good"] and parsed.good) or earlier["values"] != parsed.values:
        return False
    if earlier["secret"] is None or parsed.secret is None:
        return earlier["secret"] is parsed.secret
    place = social_insurance_place(run.tenant_id, earlier["number"])
    return vault.open(earlier["secret"], place) == parsed.secret.encode()


def _reject_repeated(
    run: ImportRun, table: Table, earlier: dict[str, Any], line: Line
) -> list[tuple[int, Rejection]]:
    """Reject `line`, and the line before it that has the same number; what is to be written of the latter."""
    rejection = Rejection(table.identifier.name, Fault.REPEATED)
    line.parsed.rejections.append(rejection)
    _let_nobody_leave(run, table, line.at)
    if not earlier["good"]:
        return []
    earlier.update(good=False, values={}, secret=None)
    count(run, table.kind, "rejected")
    if "id" in earlier:
        spoil(run, [earlier["id"]])
    return [(earlier["line"], rejection)]


def _note_unreadable(run: ImportRun, table: Table, line: Line) -> None:
    if line.parsed.number is not None:
        return
    if table.owns_identifier:
        _let_nobody_leave(run, table, line.at)
    else:
        keep_profiles(run, line.at)


def _let_nobody_leave(run: ImportRun, table: Table, line: int) -> None:
    if not run.nobody_leaves and run.mode is ImportMode.FULL:
        notice(run, Notice.NOBODY_LEAVES, file=file_of(run, table), line=line)
    run.nobody_leaves = True


def keep_profiles(run: ImportRun, line: int) -> None:
    """Nobody loses a profile by this import for having no lines: one line could not be told whose it is."""
    if not run.profiles_stay and run.mode is ImportMode.FULL:
        notice(run, Notice.PROFILES_STAY, file=TABLES[Kind.PROFILE].file, line=line)
    run.profiles_stay = True


def _row(run: ImportRun, kind: Kind, line: Line, vault: Vault) -> dict[str, Any]:
    parsed = line.parsed
    assert parsed.number is not None
    secret = None
    if parsed.good and parsed.secret is not None:
        secret = vault.seal(parsed.secret.encode(), social_insurance_place(run.tenant_id, parsed.number))
    is_profile = kind is Kind.PROFILE
    return {
        "tenant_id": run.tenant_id,
        "import_id": run.id,
        "kind": kind,
        "number": str(line.at) if is_profile else parsed.number,
        "refers_to": parsed.number if is_profile else parsed.values.get(_REFERS_TO.get(kind, "")),
        "line": line.at,
        "good": parsed.good,
        "values": parsed.values if parsed.good else {},
        "secret": secret,
    }


def _write_rejections(run: ImportRun, table: Table, rejected: Sequence[tuple[int, Rejection]]) -> None:
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


def reject(
    run: ImportRun, kind: Kind, rows: Sequence[tuple[int, int]], column: str | None, fault: Fault
) -> None:
    """Reject lines that are staged as good: `rows` are their ids and lines."""
    if not rows:
        return
    spoil(run, [row_id for row_id, _ in rows])
    count(run, kind, "rejected", len(rows))
    _write_rejections(run, TABLES[kind], [(line, Rejection(column, fault)) for _, line in rows])


def spoil(run: ImportRun, ids: Sequence[int]) -> None:
    """Staged lines stay, without their values, to say that somebody is not missing."""
    db.session.execute(
        update(LINES)
        .where(LINES.c.id.in_(ids), LINES.c.import_id == run.id)
        .values(good=False, values={}, secret=None)
    )


def file_of(run: ImportRun, table: Table) -> str:
    """What the lines of a table are called in the report, by the door through which they came."""
    return table.lines_file if run.door == DOOR_HTTP else table.file


def count(run: ImportRun, kind: Kind, what: str, by: int = 1) -> None:
    """Add to a count of the report."""
    counts = dict(run.counts)
    counts[kind.value] = {name: counts.get(kind.value, {}).get(name, 0) for name in _COUNTS}
    counts[kind.value][what] += by
    run.counts = counts


def notice(run: ImportRun, code: Notice, **values: object) -> None:
    """Add to the notices of the report."""
    run.notices = [*run.notices, {"code": code.value, **values}]
