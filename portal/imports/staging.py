"""Staging: lines into `import_line` and `import_rejection`, batch by batch. Nothing of it touches the people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Table as SqlTable
from sqlalchemy import delete, insert, select, update

from portal.core.crypto import Keyring
from portal.core.database import db
from portal.domain.import_kinds import Kind
from portal.domain.imports import DOOR_HTTP, ImportMode, ImportRejection, ImportRun, Step
from portal.domain.participants import social_insurance_place
from portal.domain.rules.identifiers import lookup_key, twin_key
from portal.domain.tenants import Tenant
from portal.imports.codes import Fault, FileRefused, Notice
from portal.imports.columns import TABLES, Table
from portal.imports.matching import OWNERS, Spellings, find_spellings
from portal.imports.noting import count, note_export_time, notice
from portal.imports.parsing import Rejection
from portal.imports.reading import Line
from portal.imports.windows import LINES, ORDERS

REJECTIONS: SqlTable = ImportRejection.__table__  # type: ignore[assignment]
_REFERS_TO = {Kind.MEDIATOR: "initials", Kind.PARTICIPANT: "order_number"}
Staged = dict[str, list[dict[str, Any]]]
"""Lines by lookup key."""


def begin_again(run: ImportRun, batch: int) -> Iterator[None]:
    """Forget whatever an earlier, interrupted staging left; in pieces, each for a transaction of its own."""
    run.counts, run.notices, run.kinds = {}, [], []
    run.progress, run.total, run.step, run.cursor = 0, None, Step.MEDIATORS, ""
    run.nobody_leaves = run.profiles_stay = False
    run.problem, run.problem_values = None, {}
    if run.door != DOOR_HTTP:  # there the request itself may have said it
        run.exported_at = {}
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


def stage(run: ImportRun, table: Table, lines: Sequence[Line], keyring: Keyring) -> None:
    """Stage one batch of lines of a file.

    An identifier that comes twice, or in two spellings, rejects every line that has it, unless all say the same: which
    of them is meant, only Qualli.life can say, and either might be the data of another person. No one leaves by it.
    """
    count(run, table.kind, "read", len(lines))
    run.progress += len(lines)
    spellings = _use_stored_spellings(run, table, lines)
    staged = _find_staged(run, table, lines)
    new: list[dict[str, Any]] = []
    rejected: list[tuple[int, Rejection]] = []
    for line in lines:
        _note_unreadable(run, table, line)
        if _repeats(run, table, line, staged, keyring):
            count(run, table.kind, "identical")
            continue
        rejected += _reject_alike(run, table, line, staged, spellings)
        rejected += [(line.at, rejection) for rejection in line.parsed.rejections]
        if not line.parsed.good:
            count(run, table.kind, "rejected")
        if line.parsed.number is not None and not _is_staged(table, line, staged):
            row = _row(run, table.kind, line, keyring)
            staged.setdefault(row["lookup_key"], []).append(row)
            new.append(row)
    _write_rejections(run, table, rejected)
    _note_export_times(run, table, lines)
    if new:
        db.session.execute(insert(LINES), new)


def _note_export_times(run: ImportRun, table: Table, lines: Sequence[Line]) -> None:
    for line in lines:
        if line.parsed.export_time_unreadable:
            if not any(it["code"] == Notice.EXPORT_TIME_UNREADABLE.value for it in run.notices):
                notice(run, Notice.EXPORT_TIME_UNREADABLE, file=file_of(run, table), line=line.at)
            break
    announced = {line.parsed.exported_at for line in lines} - {None}
    if announced:
        zone = db.session.get_one(Tenant, run.tenant_id).time_zone
        note_export_time(run, table.kind, zone, *(moment for moment in announced if moment is not None))


def _use_stored_spellings(run: ImportRun, table: Table, lines: Sequence[Line]) -> Spellings:
    """Give identifiers and references the spelling of what is stored; what is stored of the lines' own."""
    own = find_spellings(OWNERS[table.kind], run.tenant_id, [line.parsed.number for line in lines])
    for line in lines:
        if line.parsed.number is not None:
            line.parsed.number = own.stored(line.parsed.number)
    if table.kind is Kind.PARTICIPANT:
        meant = [line.parsed.values for line in lines if line.parsed.values.get("order_number")]
        orders = find_spellings(ORDERS, run.tenant_id, [values["order_number"] for values in meant])
        for values in meant:
            values["order_number"] = orders.stored(values["order_number"])
    return own


def _find_staged(run: ImportRun, table: Table, lines: Sequence[Line]) -> Staged:
    """Look up the lines staged before that these may repeat or resemble."""
    numbers = [line.parsed.number for line in lines if line.parsed.number is not None]
    if not table.owns_identifier or not numbers:
        return {}
    columns = (LINES.c.id, LINES.c.number, LINES.c.line, LINES.c.good, LINES.c["values"], LINES.c.secret)
    query = select(*columns, LINES.c.lookup_key).where(
        LINES.c.import_id == run.id,
        LINES.c.kind == table.kind,
        LINES.c.lookup_key.in_({lookup_key(number) for number in numbers}),
    )
    staged: Staged = {}
    for row in db.session.execute(query).mappings():
        staged.setdefault(row["lookup_key"], []).append(dict(row))
    return staged


def _is_staged(table: Table, line: Line, staged: Staged) -> bool:
    """Return whether a line with the same identifier is staged already; profile lines have none of their own."""
    number = line.parsed.number
    return (
        number is not None
        and table.owns_identifier
        and any(row["number"] == number for row in staged.get(lookup_key(number), ()))
    )


def _repeats(run: ImportRun, table: Table, line: Line, staged: Staged, keyring: Keyring) -> bool:
    """Return whether a line says of its identifier what an earlier one said."""
    number = line.parsed.number
    if number is None or not table.owns_identifier:
        return False
    earlier = next((row for row in staged.get(lookup_key(number), ()) if row["number"] == number), None)
    return earlier is not None and _is_same(run, earlier, line, keyring)


def _is_same(run: ImportRun, earlier: dict[str, Any], line: Line, keyring: Keyring) -> bool:
    parsed = line.parsed
    if not (earlier["good"] and parsed.good) or earlier["values"] != parsed.values:
        return False
    if earlier["secret"] is None or parsed.secret is None:
        return earlier["secret"] is parsed.secret
    place = social_insurance_place(run.tenant_id, earlier["number"])
    return keyring.decrypt(earlier["secret"], place) == parsed.secret.encode()


def _reject_alike(
    run: ImportRun, table: Table, line: Line, staged: Staged, spellings: Spellings
) -> list[tuple[int, Rejection]]:
    """Reject a line whose identifier is repeated or resembles another; what is to be written of the earlier lines.

    Two that are both stored are known to be two people.
    """
    number = line.parsed.number
    if number is None or not table.owns_identifier:
        return []
    fault = Fault.IDENTIFIER_TWIN if spellings.has_twin(number) else None
    announced: list[tuple[int, Rejection]] = []
    for earlier in staged.get(lookup_key(number), ()):
        found = _likeness(earlier["number"], number, spellings)
        if found:
            announced += _reject_earlier(run, table, earlier, found)
            fault = found
    if fault:
        line.parsed.rejections.append(Rejection(table.identifier.name, fault))
        let_nobody_leave(run, table, line.at)
    return announced


def _likeness(earlier: str, number: str, spellings: Spellings) -> Fault | None:
    """Return why two identifiers of one file cannot both be taken."""
    if earlier == number:
        return Fault.REPEATED
    if twin_key(earlier) != twin_key(number) or (spellings.is_known(number) and spellings.is_known(earlier)):
        return None
    return Fault.IDENTIFIER_TWIN


def _reject_earlier(
    run: ImportRun, table: Table, earlier: dict[str, Any], fault: Fault
) -> list[tuple[int, Rejection]]:
    if not earlier["good"]:
        return []
    earlier.update(good=False, values={}, secret=None)
    count(run, table.kind, "rejected")
    if "id" in earlier:
        spoil(run, [earlier["id"]])
    return [(earlier["line"], Rejection(table.identifier.name, fault))]


def _note_unreadable(run: ImportRun, table: Table, line: Line) -> None:
    if line.parsed.number is not None:
        return
    if table.owns_identifier:
        let_nobody_leave(run, table, line.at)
    else:
        keep_profiles(run, line.at)


def let_nobody_leave(run: ImportRun, table: Table, line: int) -> None:
    if not run.nobody_leaves and run.mode is ImportMode.FULL:
        notice(run, Notice.NOBODY_LEAVES, file=file_of(run, table), line=line)
    run.nobody_leaves = True


def keep_profiles(run: ImportRun, line: int) -> None:
    """Keep all profiles in this import: the participant of one line could not be identified."""
    if not run.profiles_stay and run.mode is ImportMode.FULL:
        notice(run, Notice.PROFILES_STAY, file=TABLES[Kind.PROFILE].file, line=line)
    run.profiles_stay = True


def _row(run: ImportRun, kind: Kind, line: Line, keyring: Keyring) -> dict[str, Any]:
    parsed = line.parsed
    assert parsed.number is not None
    secret = None
    if parsed.good and parsed.secret is not None:
        secret = keyring.encrypt(parsed.secret.encode(), social_insurance_place(run.tenant_id, parsed.number))
    is_profile = kind is Kind.PROFILE
    return {
        "tenant_id": run.tenant_id,
        "import_id": run.id,
        "kind": kind,
        "number": str(line.at) if is_profile else parsed.number,
        "lookup_key": "" if is_profile else lookup_key(parsed.number),
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
    """Staged lines stay, without their values, as proof that the participant is not missing."""
    db.session.execute(
        update(LINES)
        .where(LINES.c.id.in_(ids), LINES.c.import_id == run.id)
        .values(good=False, values={}, secret=None)
    )


def file_of(run: ImportRun, table: Table) -> str:
    """What the lines of a table are called in the report, by the door through which they came."""
    return table.lines_file if run.door == DOOR_HTTP else table.file
