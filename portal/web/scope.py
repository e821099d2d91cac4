"""Whose data a request may see, decided once before its view (design §1)."""

from __future__ import annotations

from flask import Flask, g, request, session
from flask_login import current_user

from portal.database import commit, db, scope_to, set_reading, utcnow
from portal.releases.view import View, load_view
from portal.tenants.models import Tenant

TENANT_KEY = "tenant_id"
"""Where the session keeps the tenant that support chose."""


def init_app(app: Flask) -> None:
    app.before_request(_scope)
    app.teardown_request(lambda _: set_reading(False))  # the thread goes on to other requests


def _scope() -> None:
    g.tenant_id = None
    if request.endpoint == "static":
        return
    scope_to(None)
    if not current_user.is_authenticated or current_user.must_set_up:
        return
    chosen = session.get(TENANT_KEY) if current_user.role.for_all_tenants else current_user.tenant_id
    tenant = db.session.get(Tenant, chosen) if chosen is not None else None
    if tenant is None:
        return
    g.tenant_id, g.time_zone = tenant.id, tenant.time_zone
    scope_to(tenant.id)


def current_tenant_id() -> int:
    """The tenant whose data this request sees; views that ask require a permission that wants one."""
    found: int = g.tenant_id
    return found


def current_view() -> View:
    """The tenant as it is now, loaded once per request."""
    if "view" not in g:
        g.view = load_view(current_tenant_id(), utcnow())
    found: View = g.view
    return found


def save(step: str | None = None) -> None:
    """Commit, and go on reading: what follows only shows what has become of it. `step` as in `commit`."""
    commit(step)
    set_reading(True)
    g.pop("view", None)
