"""Fill an empty database: tenants, then everything of each, then the indexes. Cut off, it is to be thrown away."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from sqlalchemy import Table, func, select, text

from benchmarks.data.filling import Filling
from benchmarks.data.houses import House, Wanted, found
from demo.logins import PASSWORD
from portal.accounts.service import create_account
from portal.bare import create_bare_app
from portal.core.database import EVERY_TENANT, Base, commit, db, scope_to, utcnow
from portal.core.settings import Settings, current_settings
from portal.domain.accounts import Role
from portal.domain.tenants import Tenant

T = TypeVar("T")
Say = Callable[[str, int, float], None]
"""Takes what was written, of how many, in how many seconds."""
_NAMES = {
    Role.CASEWORKER: "Sabine Brückner",
    Role.SUPERVISOR: "Holger Petersen",
    Role.ADMINISTRATOR: "Anja Østergård",
    Role.SUPPORT: "Support Jobbrücke",
    Role.SUPPORT_READER: "Lesende Unterstützung",
}
_EXPLICIT = ("mediator", "orders", "participant", "release", "registration", "delivery", "protocol_entry")
"""Tables whose rows get their numbers here: their sequences go on behind them."""

_LARGE = (
    *("participant", "participant_word", "profile", "participant_state", "release", "registration"),
    *("delivery_person", "protocol_entry", "seal"),
)


def is_in_use() -> bool:
    """Return whether the database holds any tenant."""
    scope_to(EVERY_TENANT)
    return db.session.scalar(select(Tenant.id).limit(1)) is not None


def may_copy() -> bool:
    """Return whether rows can be copied into tables: on PostgreSQL for their owner, whom no policy holds."""
    if db.engine.dialect.name != "postgresql":
        return True
    return not db.session.scalar(text("SELECT row_security_active('participant')"))


def fill(wanted: Wanted, processes: int, say: Say) -> list[House]:
    """Fill the database of the current application; `processes` work side by side, on SQLite always one."""
    began = time.perf_counter()
    houses = found(wanted, utcnow())
    _write_accounts(houses[0])
    say("tenants", len(houses), time.perf_counter() - began)
    if db.engine.dialect.name == "sqlite":
        processes = 1
    began = time.perf_counter()
    indexes = _drop_indexes()
    _for_each(_fill, houses, processes)
    say("participants", wanted.people, time.perf_counter() - began)
    began = time.perf_counter()
    _for_each(_create_index, indexes, processes)
    _settle()
    say("indexes", len(indexes), time.perf_counter() - began)
    return houses


def logins() -> dict[Role, str]:
    """Return who may sign in, by role: at the largest tenant, and for all tenants."""
    return {role: f"{role.value}@bench.example" for role in _NAMES}


def _write_accounts(house: House) -> None:
    for role, email in logins().items():
        tenant_id = None if role.for_all_tenants else house.tenant_id
        create_account(
            tenant_id=tenant_id,
            email=email,
            name=_NAMES[role],
            initials=f"B{role.value[:2].upper()}{role.value[-1].upper()}",
            role=role,
            password=PASSWORD,
            now=utcnow(),
        )
    commit()


def _fill(house: House) -> None:
    """Write all of a tenant in one transaction."""
    scope_to(EVERY_TENANT)
    Filling(house, utcnow()).fill()
    db.session.commit()


def _drop_indexes() -> list[tuple[str, str]]:
    """Drop the indexes of the large tables: to build them once is quicker than to keep them; table and name of each."""
    found = [index for name in _LARGE for index in Base.metadata.tables[name].indexes]
    with db.engine.begin() as connection:
        for index in found:
            index.drop(connection)
    return sorted((index.table.name, str(index.name)) for index in found if index.table is not None)


def _create_index(place: tuple[str, str]) -> None:
    table, name = place
    index = next(it for it in Base.metadata.tables[table].indexes if it.name == name)
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL maintenance_work_mem = '256MB'"))
        index.create(connection)


def _for_each(action: Callable[[T], None], things: Sequence[T], processes: int) -> None:
    """Call `action` with each, in this process or in several."""
    if processes == 1:
        for thing in things:
            action(thing)
        return
    db.session.remove()
    db.engine.dispose()
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, _start, (current_settings(),)) as pool:
        for _ in pool.imap_unordered(partial(_call, action), things):
            pass


def _start(settings: Settings) -> None:
    """Enter an application in this process, until it ends."""
    create_bare_app(settings).app_context().push()


def _call(action: Callable[[T], None], thing: T) -> None:
    action(thing)
    db.session.remove()


def _settle() -> None:
    """Let sequences go on behind the rows, and the planner of PostgreSQL know the tables, as autovacuum would."""
    if db.engine.dialect.name != "postgresql":
        return
    scope_to(EVERY_TENANT)
    for name in _EXPLICIT:
        table: Table = Base.metadata.tables[name]
        newest = select(func.coalesce(func.max(table.c.id), 0) + 1).scalar_subquery()
        db.session.execute(select(func.setval(func.pg_get_serial_sequence(name, "id"), newest, False)))
    db.session.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def default_processes() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))
