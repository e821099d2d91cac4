"""Engine, session, tenant scope, and enqueue-after-commit: the one place that touches all of them."""

from __future__ import annotations

import datetime as dt
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import lru_cache
from typing import Any, ClassVar, Final

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    Connection,
    Engine,
    Enum,
    ForeignKey,
    event,
    false,
    inspect,
)
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.sql.base import ExecutableOption

from portal.core.columns import NAMES, BigKey, UtcDateTime
from portal.core.row_level_security import (
    EVERY,
    bypassed_row_level_security,
    enable_row_level_security,
    set_row_level_scope,
)


class Base(DeclarativeBase):
    """What every table has: a number, and names of constraints that migrations can rely on."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        dt.datetime: UtcDateTime(),
        StrEnum: Enum(
            StrEnum,
            native_enum=False,
            create_constraint=False,
            length=30,
            values_callable=lambda members: [member.value for member in members],
        ),
    }
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)


Base.metadata.naming_convention = NAMES
event.listen(Base.metadata, "after_create", lambda _, connection, **__: enable_row_level_security(connection))
db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})


class TenantOwned:
    """A row that belongs to a tenant, and says so. Queries for it see one tenant, by `scope`."""

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))


# --- which tenant a session may see ------------------------------------------------------------------------

EVERY_TENANT: Final = EVERY


def scope_to(tenant_id: int | str | None) -> None:
    """Let the current session see the rows of this tenant alone; None means no rows, EVERY_TENANT all.

    Objects loaded before are let go, since the identity map would hand them out unasked.
    """
    session = db.session()
    if session.info.get("tenant_id") != tenant_id:
        session.expunge_all()
    _set_scope(session, tenant_id)


@contextmanager
def scoped_to(tenant_id: int | str | None) -> Iterator[None]:
    """`scope_to` for a while; afterwards what was before."""
    before = db.session().info.get("tenant_id")
    scope_to(tenant_id)
    try:
        yield
    finally:
        scope_to(before)


@contextmanager
def counting_for_every_tenant() -> Iterator[None]:
    """`scoped_to(EVERY_TENANT)` for queries that load no objects, so that loaded ones need not be expunged."""
    session = db.session()
    before = session.info.get("tenant_id")
    _set_scope(session, EVERY_TENANT)
    try:
        yield
    finally:
        _set_scope(session, before)


@contextmanager
def reading_columns_of(tenant_id: int) -> Iterator[None]:
    """`scoped_to` one tenant for who reads columns alone: nothing is loaded, so what was loaded before stays."""
    session = db.session()
    before = session.info.get("tenant_id")
    if before in (tenant_id, EVERY_TENANT):
        yield
        return
    _set_scope(session, tenant_id)
    try:
        yield
    finally:
        _set_scope(session, before)


def _set_scope(session: Session, tenant_id: int | str | None) -> None:
    session.info["tenant_id"] = tenant_id
    set_row_level_scope(session)


@contextmanager
def for_every_tenant() -> Iterator[None]:
    """What goes past the scope on purpose, table by table, gets past the database's own wall, too; else as before."""
    with bypassed_row_level_security(db.session()):
        yield


def current_scope() -> int | str | None:
    return db.session().info.get("tenant_id")


@event.listens_for(Session, "do_orm_execute")
def _see_one_tenant(state: ORMExecuteState) -> None:
    if state.is_column_load or state.is_relationship_load:
        return
    tenant_id = state.session.info.get("tenant_id")
    if tenant_id == EVERY_TENANT:
        return
    if state.is_insert:
        _insert_for_one_tenant(state, tenant_id)
    if not (state.is_select or state.is_update or state.is_delete):
        return
    state.statement = state.statement.options(_rows_of(tenant_id))


@lru_cache(maxsize=1000)
def _rows_of(tenant_id: int | None) -> ExecutableOption:
    """Narrow a statement to the rows of a tenant."""
    if tenant_id is None:  # no tenant was set: no rows, rather than those of all tenants
        return with_loader_criteria(TenantOwned, lambda _: false(), include_aliases=True)
    return with_loader_criteria(TenantOwned, lambda cls: cls.tenant_id == tenant_id, include_aliases=True)


def _insert_for_one_tenant(state: ORMExecuteState, tenant_id: object) -> None:
    """Rows inserted many at a time; what is inserted from a select was seen, and so is of the tenant."""
    mapper = state.bind_mapper
    if mapper is None or not issubclass(mapper.class_, TenantOwned) or not state.parameters:
        return
    rows = [state.parameters] if isinstance(state.parameters, Mapping) else state.parameters
    if any(row.get("tenant_id") != tenant_id for row in rows):
        raise PermissionError(f"a {mapper.class_.__name__} of another tenant than the session's")


@event.listens_for(Session, "before_flush")
def _write_one_tenant(session: Session, *_: object) -> None:
    tenant_id = session.info.get("tenant_id")
    if tenant_id == EVERY_TENANT:
        return
    moved = (row for row in session.dirty if isinstance(row, TenantOwned) and _is_moved(row))
    for row in (*session.new, *moved):
        if isinstance(row, TenantOwned) and row.tenant_id != tenant_id:
            raise PermissionError(f"a {type(row).__name__} of another tenant than the session's")


def _is_moved(row: TenantOwned) -> bool:
    return bool(inspect(row).attrs.tenant_id.history.has_changes())


# --- SQLite: who writes says so at BEGIN -------------------------------------------------------------------

_reading: ContextVar[bool] = ContextVar("reading", default=False)


@contextmanager
def reading() -> Iterator[None]:
    """Transactions begun inside only read: on SQLite they take no lock, on PostgreSQL they may not write."""
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


def set_reading(value: bool) -> None:
    """`reading` without an end, for a web request whose context ends with it."""
    _reading.set(value)


PATIENCE_MS = 30_000
"""So long a transaction on SQLite waits for another writer."""


@contextmanager
def writing_soon(seconds: float) -> Iterator[Connection]:
    """A write transaction for what may as well be left: it waits for another writer of SQLite only so long."""
    with db.engine.connect() as connection:
        driver = connection.connection.driver_connection
        _be_patient(driver, int(seconds * 1000))
        try:
            with connection.begin():
                yield connection
        finally:
            _be_patient(driver, PATIENCE_MS)


def _be_patient(driver: Any, milliseconds: int) -> None:
    if isinstance(driver, sqlite3.Connection):
        driver.execute(f"PRAGMA busy_timeout={milliseconds}")


@event.listens_for(Engine, "connect")
def _open_sqlite(connection: Any, _record: object) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # we say BEGIN ourselves, below
    patience = f"busy_timeout={PATIENCE_MS}"
    # FULL: what was committed outlives a power cut as well. With NORMAL, a part that was sent could be frozen anew
    # with other bytes afterwards, and the network would refuse it under the same key.
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", patience, "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Any) -> None:
    """Plain BEGIN fails when a read turns into a write beside another writer; BEGIN IMMEDIATE waits."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN" if _reading.get() else "BEGIN IMMEDIATE")
    elif _reading.get():
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


# --- before and after commit -------------------------------------------------------------------------------

_BEFORE_COMMIT = "jobbruecke_before_commit"


def after_commit(action: Callable[[], object]) -> None:
    """Do `action` once the current transaction is committed; never if it is rolled back."""
    db.session().info.setdefault("after_commit", []).append(action)


def before_commit(app: Flask, prepare: Callable[[], object]) -> None:
    """Have `prepare` called in each transaction of `app` right before it is committed; it may still write."""
    app.extensions.setdefault(_BEFORE_COMMIT, []).append(prepare)


def transaction_key() -> int:
    """A random number that the rows of the current transaction have in common."""
    key: int = db.session().info.setdefault("transaction_key", secrets.randbits(62) + 1)
    return key


def commit() -> None:
    """Commit the current session, then do what waits for it. The only commit of views, jobs and commands.

    Not done by the session's own events: they fire for savepoints too.
    """
    session = db.session()
    for prepare in current_app.extensions.get(_BEFORE_COMMIT, ()):
        prepare()
    session.info.pop("transaction_key", None)
    actions = session.info.pop("after_commit", [])
    session.commit()
    for action in actions:
        action()


def rollback() -> None:
    """Undo the current transaction, and forget what waited for its commit."""
    info = db.session().info
    info.pop("after_commit", None)
    info.pop("transaction_key", None)
    db.session.rollback()


def utcnow() -> dt.datetime:
    """Return the time now, aware, in UTC; services take it as an argument, only edges call this."""
    return dt.datetime.now(dt.UTC)
