"""Staging: lines into `import_line` and `import_rejection`, batch by batch. Nothing of it touches the people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Table as SqlTable
from sqlalchemy import delete, insert, select

from portal.core.crypto import Keyring
from portal.core.database import db
from portal.domain.import_kinds import Kind
from portal.domain.imports import DOOR_HTTP, ImportRun, Step
from portal.domain.participants import social_insurance_place
from portal.domain.rules.identifiers import lookup_key
from portal.domain.tenants import Tenant
from portal.imports.codes import Notice
from portal.imports.columns import Table
from portal.imports.matching import OWNERS, Spellings, find_spellings
from portal.imports.noting import count, note_export_time, notice
from portal.imports.parsing import Rejection
from portal.imports.reading import Line
from portal.imports.rejections import REJECTIONS, file_of, keep_everyone, keep_profiles, write_rejections
from portal.imports.repeats import find_staged, is_staged, reject_alike, repeats
from portal.imports.windows import LINES, ORDERS

_REFERS_TO = {Kind.MEDIATOR: "initials", Kind.PARTICIPANT: "order_number"}


def begin_again(run: ImportRun, batch: int) -> Iterator[None]:
    """Forget whatever an earlier, interrupted staging left; in pieces, each for a transaction of its own."""
    run.counts, run.notices, run.kinds = {}, [], []
    run.progress, run.total, run.step, run.cursor = 0, None, Step.MEDIATORS, ""
    run.everyone_stays = run.profiles_stay = False
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
    staged = find_staged(run, table, lines)
    new: list[dict[str, Any]] = []
    rejected: list[tuple[int, Rejection]] = []
    for line in lines:
        _note_unreadable(run, table, line)
        if repeats(run, table, line, staged, keyring):
            count(run, table.kind, "identical")
            continue
        rejected += reject_alike(run, table, line, staged, spellings)
        rejected += [(line.at, rejection) for rejection in line.parsed.rejections]
        if not line.parsed.good:
            count(run, table.kind, "rejected")
        if line.parsed.number is not None and not is_staged(table, line, staged):
            row = _row(run, table.kind, line, keyring)
            staged.setdefault(row["lookup_key"], []).append(row)
            new.append(row)
    write_rejections(run, table, rejected)
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


def _note_unreadable(run: ImportRun, table: Table, line: Line) -> None:
    if line.parsed.number is not None:
        return
    if table.owns_identifier:
        keep_everyone(run, table, line.at)
    else:
        keep_profiles(run, line.at)


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
