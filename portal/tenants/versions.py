"""The version of a tenant: a number that is raised by whatever writes a row of it, in the same transaction.

A page that is open asks every few seconds whether it still holds; as long as the version is the same, nothing else is
loaded. It is raised last before the commit, so that its row is locked for no longer than that.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Result, event, select, text
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

from portal.core.database import TenantOwned, db
from portal.core.leases import UNSHOWN
from portal.domain.audit import AuditEntry
from portal.domain.tenants import Tenant, TenantVersion

_KEY = "versions_to_raise"
_UNSHOWN_ROWS: Final = (AuditEntry, TenantVersion)
"""What no page shows that asks by itself."""
_UNSHOWN: Final = frozenset(model.__table__ for model in _UNSHOWN_ROWS)
_RAISE = text(
    "INSERT INTO tenant_version (tenant_id, number) VALUES (:tenant_id, 1)"
    " ON CONFLICT (tenant_id) DO UPDATE SET number = tenant_version.number + 1"
)


def raise_versions() -> None:
    """Raise the versions of the tenants whose rows this transaction has written; called right before each commit."""
    session = db.session()
    session.flush()
    tenants: set[int | str] = session.info.pop(_KEY, set())
    if any(isinstance(it, str) for it in tenants):  # written for every tenant: nobody knows whose rows
        tenants = set(session.scalars(select(Tenant.id)))
    for tenant_id in sorted(tenants):  # in one order, so that no two wait for each other
        session.execute(_RAISE, {"tenant_id": tenant_id})


def _notice(session: Session, tenant_id: int | str | None) -> None:
    if tenant_id is not None:
        session.info.setdefault(_KEY, set()).add(tenant_id)


@event.listens_for(Session, "after_flush")
def _notice_rows(session: Session, _context: object) -> None:
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, TenantOwned) and not isinstance(row, _UNSHOWN_ROWS):
            _notice(session, row.tenant_id)
        elif isinstance(row, Tenant):
            _notice(session, row.id)


@event.listens_for(Session, "do_orm_execute")
def _notice_statement(state: ORMExecuteState) -> Result[Any] | None:
    """Statements write rows of the session's tenant, whichever these are; those that find none are no change."""
    if not (state.is_update or state.is_delete or state.is_insert) or state.execution_options.get(UNSHOWN):
        return None
    table = getattr(state.statement, "table", None)
    if table is None or "tenant_id" not in table.c or table in _UNSHOWN:
        return None
    result = state.invoke_statement()
    if getattr(result, "rowcount", -1) != 0:  # -1: it is not known
        _notice(state.session, state.session.info.get("tenant_id"))
    return result


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, previous: SessionTransaction) -> None:
    if not previous.nested:
        session.info.pop(_KEY, None)
