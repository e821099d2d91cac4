"""Measure what must stay cheap with very many people: `make bench PEOPLE=1000000`.

Prints one line a measurement: the middle of several runs in milliseconds, or the seconds and memory of a long one.
Compare within one run only: machines differ, and so does what else they do.
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import exists, func, insert, select, update

from benchmarks.data.database import fill
from benchmarks.data.houses import Wanted
from portal.core.database import Base, commit, db, reading, rollback, scope_to, utcnow
from portal.deliveries.braking import ask_brake
from portal.deliveries.building import build_parts
from portal.deliveries.jobs import acquire
from portal.deliveries.service import Plan, plan
from portal.domain.deliveries import DeliveryPart
from portal.domain.delivery_states import Mode, Trigger
from portal.domain.erasures import ErasureRun
from portal.domain.participants import Participant
from portal.domain.releases import Event, ProtocolEntry, Registration
from portal.domain.rules.phase import Phase
from portal.domain.rules.status import Status
from portal.domain.tenants import Tenant
from portal.privacy.jobs import run_erasure
from portal.privacy.queries import due_ids
from portal.releases.filters import Filters
from portal.releases.queries import count_all, list_participants
from portal.releases.states import refresh_tenant
from portal.tenants.context import TenantContext, load_tenant_context
from portal.tenants.queries import find_connection
from tests.support.database import make_settings, running_app


def main() -> None:
    """Fill a database and measure; with --database an empty one of yours, otherwise SQLite in a new folder."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--database", help="SQLAlchemy address of an empty database")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{folder}/bench.db"
        with running_app(make_settings(url, Path(folder))):
            Base.metadata.create_all(db.engine)
            print(f"on {db.engine.dialect.name}")
            wanted = Wanted(options.people, tenants=1, today=utcnow().date())
            (house,) = fill(wanted, 1, _say)
            tenant_id = house.tenant_id
            scope_to(tenant_id)
            started = time.perf_counter()
            refresh_tenant(tenant_id, utcnow())
            commit()
            print(f"{'states decided':32} {options.people / (time.perf_counter() - started):8.0f} /s")
            measure_lists(tenant_id, options.people)
            measure_build(tenant_id)
            measure_erasure(tenant_id)


def measure_lists(tenant_id: int, people: int) -> None:
    """Pages of the list, counters, search."""
    context = load_tenant_context(tenant_id, utcnow())
    deep = db.session.scalars(
        select(Participant.id).order_by(Participant.sort_key).offset(people * 9 // 10).limit(1)
    ).one()
    applicant = db.session.scalars(
        select(Registration.applicant_id).where(Registration.applicant_id.is_not(None)).limit(1)
    ).first()
    assert applicant is not None
    commit()
    pages: dict[str, Filters] = {
        "first page": Filters(),
        "Online": Filters(statuses=frozenset({Status.ONLINE})),
        "Offline - archiviert (nobody)": Filters(statuses=frozenset({Status.OFFLINE_ARCHIVED})),
        "blocked": Filters(phases=frozenset({Phase.BLOCKED})),
        "needs action": Filters(needs_action=True),
        "one order": Filters(order_id=7),
        "two words": Filters(words=("schm", "mar")),
        "Bewerber-ID": Filters(words=("job", applicant.lower()), number=applicant),
    }
    for name, filters in pages.items():
        _time(name, lambda filters=filters: list_participants(context, filters))  # type: ignore[misc]
    _time("page at nine tenths", lambda: list_participants(context, Filters(), after=deep))
    _time("page before it", lambda: list_participants(context, Filters(), before=deep))
    _time("counters", lambda: count_all(context))


def measure_build(tenant_id: int) -> None:
    """The nightly delivery, from plan to frozen parts."""
    now = utcnow()
    connection = find_connection(tenant_id)
    assert connection is not None
    delivery = plan(connection, Plan(Mode.FULL, Trigger.NIGHTLY), now)
    commit()
    held = acquire(delivery.id, utcnow(), 50)
    commit()
    assert held is not None
    context: TenantContext = load_tenant_context(tenant_id, now)
    commit()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    frozen = build_parts(held, context)
    seconds = time.perf_counter() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    started = time.perf_counter()
    ask_brake(context, frozen.counts["unexplained"])
    brake = time.perf_counter() - started
    size = db.session.scalar(select(func.sum(DeliveryPart.size))) or 0
    commit()
    people = frozen.counts["participant"]
    print(f"{'nightly build':32} {seconds:8.1f} s  {people} people, {frozen.part} parts, {size / 1e6:.1f} MB")
    print(f"{'  grown memory':32} {grown:8.0f} MB")
    print(f"{'  brake':32} {brake * 1000:8.1f} ms")


def measure_erasure(tenant_id: int, lines: int = 10) -> None:
    """A night with nobody to erase, and one with the last fiftieth of all people, ten lines of protocol each."""
    long_ago = utcnow() - dt.timedelta(days=5 * 365)
    people = db.session.scalar(select(func.count()).select_from(Participant)) or 0
    unreleased = ~exists().where(Registration.participant_id == Participant.id)
    those = (
        select(Participant.id).where(unreleased).order_by(Participant.id.desc()).limit(max(1, people // 50))
    )
    gone = db.session.scalars(those).all()
    line = {
        "tenant_id": tenant_id,
        "event": Event.RELEASED,
        "by": "SB",
        "at": long_ago,
        "data": {},
        "seal_key": 0,
    }
    db.session.execute(
        insert(ProtocolEntry), [line | {"participant_id": row} for row in gone for _ in range(lines)]
    )
    commit()
    _time("erasure finds nobody", lambda: due_ids(db.session.get_one(Tenant, tenant_id), utcnow(), 25))
    db.session.execute(
        update(Participant).where(Participant.id.in_(gone)).values(left_at=long_ago, changed_at=long_ago)
    )
    run = ErasureRun(tenant_id=tenant_id, local_date=utcnow().date(), created_at=utcnow())
    db.session.add(run)
    db.session.flush()
    number = run.id
    commit()
    started = time.perf_counter()
    run_erasure(number)
    seconds = time.perf_counter() - started
    scope_to(tenant_id)
    erased = db.session.get_one(ErasureRun, number, populate_existing=True).people
    commit()
    assert erased == len(gone), (erased, len(gone))
    print(f"{'nightly erasure':32} {seconds:8.1f} s  {erased} people of {people}, {erased * lines} lines")


def _say(what: str, number: int, seconds: float) -> None:
    print(f"{what:32} {seconds:8.1f} s  {number}", flush=True)


def _time(name: str, action: Callable[[], object], runs: int = 5) -> None:
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        with reading():
            action()
            rollback()
        taken.append((time.perf_counter() - started) * 1000)
    print(f"{name:32} {statistics.median(taken):8.1f} ms", flush=True)


if __name__ == "__main__":
    main()
