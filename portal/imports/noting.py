"""What the report of an import says: counts, notices, why it is held, and of what time it is."""

from __future__ import annotations

import datetime as dt

from portal.core.database import db
from portal.domain.import_kinds import Kind
from portal.domain.imports import ImportRun
from portal.domain.tenants import Tenant
from portal.imports.codes import ImportProblem, Notice
from portal.imports.export_times import Moment, as_kept, newest_of, oldest

_COUNTS = ("read", "applied", "unchanged", "identical", "rejected", "left")


def count(run: ImportRun, kind: Kind, what: str, by: int = 1) -> None:
    """Add to a count of the report."""
    counts = dict(run.counts)
    counts[kind.value] = {name: counts.get(kind.value, {}).get(name, 0) for name in _COUNTS}
    counts[kind.value][what] += by
    run.counts = counts


def hold(run: ImportRun, problem: ImportProblem, **values: object) -> None:
    """Hold an import for a person; the first reason is its problem, the report notes the others."""
    if run.dry_run or run.problem is not None:
        code = Notice.WOULD_BE_HELD if run.dry_run else Notice.ALSO_HELD
        notice(run, code, problem=problem.value, **values)
    else:
        run.problem, run.problem_values = problem.value, values


def notice_people(run: ImportRun, code: Notice, people: int) -> None:
    """Note of how many people something holds; batch after batch, the same notice counts up."""
    known = sum(found["people"] for found in run.notices if found["code"] == code.value)
    others = [found for found in run.notices if found["code"] != code.value]
    if known + people:
        run.notices = [*others, {"code": code.value, "people": known + people}]


def notice(run: ImportRun, code: Notice, **values: object) -> None:
    """Add to the notices of the report."""
    run.notices = [*run.notices, {"code": code.value, **values}]


def note_export_time(run: ImportRun, kind: Kind, zone: str, *moments: Moment) -> None:
    """Note when lines of a kind were exported; they are as old as the oldest of them."""
    known = [run.exported_at[kind.value]] if kind.value in run.exported_at else []
    found = oldest([*known, *(as_kept(moment, zone) for moment in moments)], zone)
    if found is not None:
        run.exported_at = {**run.exported_at, kind.value: found}


def note_newest(run: ImportRun, now: dt.datetime) -> None:
    """Remember of what time the newest export is, now that this one was taken over."""
    tenant = db.session.get_one(Tenant, run.tenant_id)
    newest = newest_of(tenant.newest_exports, run.exported_at, now, tenant.time_zone)
    if newest != tenant.newest_exports:
        tenant.newest_exports = newest
