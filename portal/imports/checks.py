"""What can be checked only once all lines are staged. Each function works in pieces, one transaction each."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence

from sqlalchemy import RowMapping, func, select

from portal.core.database import db
from portal.domain.import_kinds import Kind
from portal.domain.imports import ImportRun
from portal.domain.rules.brake import Limits
from portal.domain.tenants import Tenant
from portal.imports.absence import count_absence, mediators_go_idle
from portal.imports.codes import Fault, ImportProblem, Notice
from portal.imports.columns import TABLES
from portal.imports.export_times import find_older
from portal.imports.identities import find_other_people, reject_other_people, released_among
from portal.imports.matching import find_reformatted
from portal.imports.noting import hold, notice
from portal.imports.profile_checks import check_profiles
from portal.imports.rejections import Rejectable, keep_everyone, reject
from portal.imports.windows import (
    LINES,
    MEDIATORS,
    ORDERS,
    PARTICIPANTS,
    good_lines,
    staged_numbers,
    stored_ids,
)


def check(run: ImportRun, batch: int) -> Iterator[None]:
    """Everything that needs the whole import; yields at the end of each transaction."""
    for kind in (Kind.MEDIATOR, Kind.PARTICIPANT):
        column = TABLES[kind].identifier.name
        yield from _reject_lines(run, kind, column, Fault.IDENTIFIER_ALTERED, _reformatted(kind), batch)
    yield from _reject_repeated_initials(run)
    while (yield from _reject_lines(run, Kind.MEDIATOR, "kuerzel", Fault.REPEATED, _initials_taken, batch)):
        pass  # a rejected mediator keeps their initials, which may cause the rejection of another
    yield from _reject_lines(run, Kind.PARTICIPANT, "auftrag_id", Fault.ORDER_UNKNOWN, _order_unknown, batch)
    yield from _check_identities(run, batch)
    yield from check_profiles(run, batch)
    yield from _check_absence(run)
    _check_age(run)
    yield


def _reject_lines(
    run: ImportRun,
    kind: Kind,
    column: str,
    fault: Fault,
    find: Callable[[ImportRun, Sequence[RowMapping]], Rejectable],
    batch: int,
) -> Generator[None, None, int]:
    """Reject whatever `find` finds among the good lines; how many."""
    after, rejected = "", 0
    while lines := good_lines(run, kind, after, batch):
        bad = find(run, lines)
        reject(run, kind, bad, column, fault)
        rejected += len(bad)
        after = lines[-1]["number"]
        yield
    return rejected


def _reformatted(kind: Kind) -> Callable[[ImportRun, Sequence[RowMapping]], Rejectable]:
    def find(run: ImportRun, lines: Sequence[RowMapping]) -> Rejectable:
        found = find_reformatted(run, kind, lines)
        if found:
            keep_everyone(run, TABLES[kind], found[0][1])
        return found

    return find


def _reject_repeated_initials(run: ImportRun) -> Iterator[None]:
    while True:
        twice = db.session.scalars(
            select(LINES.c.refers_to)
            .where(LINES.c.import_id == run.id, LINES.c.kind == Kind.MEDIATOR, LINES.c.good)
            .group_by(LINES.c.refers_to)
            .having(func.count() > 1)
            .limit(100)
        ).all()
        if not twice:
            return
        query = select(LINES.c.id, LINES.c.line).where(
            LINES.c.import_id == run.id,
            LINES.c.kind == Kind.MEDIATOR,
            LINES.c.good,
            LINES.c.refers_to.in_(twice),
        )
        rows = [(row_id, line) for row_id, line in db.session.execute(query)]
        reject(run, Kind.MEDIATOR, rows, "kuerzel", Fault.REPEATED)
        yield


def _initials_taken(run: ImportRun, lines: Sequence[RowMapping]) -> Rejectable:
    """Lines with the initials of an active mediator who keeps them after this import.

    Initials of an inactive mediator are free: Qualli.life gives them to the next person.
    """
    query = select(MEDIATORS.c.number, MEDIATORS.c.initials).where(
        MEDIATORS.c.tenant_id == run.tenant_id,
        MEDIATORS.c.initials.in_([line["refers_to"] for line in lines]),
        MEDIATORS.c.active,
    )
    holders = db.session.execute(query).all()
    staged = staged_numbers(run, Kind.MEDIATOR, [number for number, _ in holders])
    goes_idle = mediators_go_idle(run)
    kept = {
        initials
        for number, initials in holders
        if not staged.get(number, False) and not (goes_idle and number not in staged)
    }
    return [(line["id"], line["line"]) for line in lines if line["refers_to"] in kept]


def _order_unknown(run: ImportRun, lines: Sequence[RowMapping]) -> Rejectable:
    wanted = {line["refers_to"] for line in lines if line["refers_to"]}
    staged = staged_numbers(run, Kind.ORDER, wanted)
    known = {number for number, good in staged.items() if good} | set(
        stored_ids(ORDERS, run.tenant_id, wanted)
    )
    return [
        (line["id"], line["line"]) for line in lines if line["refers_to"] and line["refers_to"] not in known
    ]


def _check_age(run: ImportRun) -> None:
    """Hold an import of which a newer export was taken: it would bring back what has changed since."""
    tenant = db.session.get_one(Tenant, run.tenant_id)
    older = find_older(run.exported_at, tenant.newest_exports, run.created_at, tenant.time_zone)
    for kind, (exported, newest) in older.items():
        hold(run, ImportProblem.STALE, kind=kind, exported=exported, newest=newest)


def _check_identities(run: ImportRun, batch: int) -> Iterator[None]:
    """Reject lines that give an identifier to another person; hold an import in which that is true of many.

    Columns that slipped against each other look like that, and would end the release of everybody.
    """
    after, known, others = "", 0, 0
    while lines := good_lines(run, Kind.PARTICIPANT, after, batch):
        found = find_other_people(run, lines)
        reject_other_people(run, released_among(found))
        known += len(stored_ids(PARTICIPANTS, run.tenant_id, [line["number"] for line in lines]))
        others += len(found)
        after = lines[-1]["number"]
        yield
    tenant = db.session.get_one(Tenant, run.tenant_id)
    if others > Limits(tenant.brake_minimum, tenant.brake_percent).unexplained(known):
        hold(run, ImportProblem.IDENTITIES, people=others, before=known)
    yield


def _check_absence(run: ImportRun) -> Iterator[None]:
    """Note what a full import takes away by not naming it, and hold it where that is more than half of a kind."""
    for absence in count_absence(run):
        if absence.gone:
            values = {"kind": absence.kind.value, "before": absence.before, "leaving": absence.gone}
            notice(run, Notice.ABSENT, **values)
        if absence.problem:
            hold(run, absence.problem, before=absence.before, leaving=absence.gone)
        yield
