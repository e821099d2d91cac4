"""Whose data a request may see, decided once before its view (docs/domain.md#users)."""

from __future__ import annotations

from flask import Flask, g, request, session
from flask_login import current_user
from sqlalchemy import select

from portal.core.database import EVERY_TENANT, db, scope_to, scoped_to, set_reading
from portal.domain.tenants import Tenant, TenantVersion
from portal.webkit.sessions import current_session

TENANT_KEY = "tenant_id"
"""Where the session keeps the tenant that support chose."""


def current_tenant_id() -> int:
    """The tenant whose data this request sees; views that ask require a permission that wants one."""
    found: int = g.tenant_id
    return found


def init_app(app: Flask) -> None:
    app.before_request(_scope)
    app.teardown_request(lambda _: set_reading(False))  # the thread goes on to other requests


def _scope() -> None:
    g.tenant_id = g.version = None
    if request.endpoint == "static":
        return
    scope_to(None)
    if not current_user.is_authenticated or current_user.must_set_up:
        return
    tenant_id, zone, version = current_user.tenant_id, current_user.time_zone, current_session().version
    if current_user.role.for_all_tenants:
        tenant_id = session.get(TENANT_KEY)
        zone, version = _chosen(tenant_id)
    if zone is None:
        return
    g.tenant_id, g.time_zone, g.version = tenant_id, zone, version
    scope_to(tenant_id)


def _chosen(tenant_id: int | None) -> tuple[str | None, int | None]:
    """Time zone and version of the tenant that support chose; None where there is none."""
    query = (
        select(Tenant.time_zone, TenantVersion.number)
        .outerjoin(TenantVersion, TenantVersion.tenant_id == Tenant.id)
        .where(Tenant.id == tenant_id)
    )
    with scoped_to(EVERY_TENANT):
        row = db.session.execute(query).one_or_none()
    return (row.time_zone, row.number) if row else (None, None)
