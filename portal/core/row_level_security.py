"""The second wall: on PostgreSQL the database itself shows a transaction the rows of one tenant (row-level security).

The first wall is the scope of `portal.core.database`, which narrows what SQLAlchemy asks. This one also stands where a
statement goes past it. Each transaction is told its tenant by a setting that ends with it, so that a pooled
connection never carries it on; a transaction that was told nothing sees no row. The owner of the tables, and a
superuser, see past it: the application works as another role (portal.core.grants).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session, SessionTransaction

EVERY: Final = "every tenant"
"""The scope of a session that sees the rows of all."""
SETTING = "jobbruecke.tenant"
"""Number of the tenant, `every tenant`, or empty: no rows."""
POLICY = "wall"
_PLACE, _LIFTED = "wall_connection", "wall_lifted"
_OWNED = """
SELECT c.relname, a.attname FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
AND (a.attname = 'tenant_id' OR (c.relname = 'seal' AND a.attname = 'chain'))
ORDER BY c.relname
"""
_STANDING = "SELECT tablename FROM pg_policies WHERE schemaname = current_schema() AND policyname = :policy"


# --- building it -------------------------------------------------------------------------------------------


def enable_row_level_security(connection: Connection) -> None:
    """Put the policy on every table whose rows say whose they are and that has none yet; for the owner of the tables.

    Rows of no tenant (support's accounts, the operator's audit) are seen by who sees every tenant alone.
    """
    if connection.dialect.name != "postgresql":
        return
    standing = set(connection.execute(text(_STANDING), {"policy": POLICY}).scalars())
    for table, column in connection.execute(text(_OWNED)).all():
        if table not in standing:
            for statement in _raising(table, column):
                connection.execute(text(statement))


def _raising(table: str, column: str) -> list[str]:
    """The setting is read once a statement (sub-selects), and CASE keeps the planner from multiplying guesses."""
    told = f"(SELECT current_setting('{SETTING}', true))"
    number = f"(SELECT nullif(nullif(current_setting('{SETTING}', true), '{EVERY}'), '')::bigint)"
    sees = f"CASE WHEN {told} = '{EVERY}' THEN true ELSE {column} = {number} END"
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY {POLICY} ON {table} USING ({sees}) WITH CHECK ({sees})",
    ]


# --- living behind it --------------------------------------------------------------------------------------


def set_row_level_scope(session: Session) -> None:
    """Tell the transaction that `session` is in, if any, which tenant the session is now for."""
    connection = session.info.get(_PLACE)
    if connection is not None and _takes_orders(connection):
        _tell(connection, session)


@contextmanager
def bypassed_row_level_security(session: Session) -> Iterator[None]:
    """For a while the database shows every tenant's rows: for the audit and its seals, which are kept for all."""
    before = session.info.get(_LIFTED, False)
    session.info[_LIFTED] = True
    set_row_level_scope(session)
    try:
        yield
    finally:
        session.info[_LIFTED] = before
        set_row_level_scope(session)


@event.listens_for(Session, "after_begin")
def _begin(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if connection.dialect.name != "postgresql" or transaction.nested:
        return
    session.info[_PLACE] = connection
    if _told(session):  # otherwise the transaction knows of none by itself
        _tell(connection, session)


@event.listens_for(Session, "after_soft_rollback")
def _after_savepoint(session: Session, ended: SessionTransaction) -> None:
    """Going back to a savepoint takes the setting back with it."""
    if ended.nested:
        set_row_level_scope(session)


@event.listens_for(Session, "after_transaction_end")
def _end(session: Session, ended: SessionTransaction) -> None:
    if ended.parent is None:
        session.info.pop(_PLACE, None)


def _told(session: Session) -> str:
    if session.info.get(_LIFTED):
        return EVERY
    tenant_id = session.info.get("tenant_id")
    return "" if tenant_id is None else str(tenant_id)


def _tell(connection: Connection, session: Session) -> None:
    connection.exec_driver_sql(f"SELECT set_config('{SETTING}', %s, true)", (_told(session),))


def _takes_orders(connection: Connection) -> bool:
    """A failed transaction only takes its end, after which the next one is told anew."""
    if connection.closed or connection.invalidated:
        return False
    driver: Any = connection.connection.dbapi_connection
    return bool(driver is not None and driver.info.transaction_status.name != "INERROR")
