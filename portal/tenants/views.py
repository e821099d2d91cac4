"""Support chooses whose data it sees; administrators set what is set of their tenant."""

from __future__ import annotations

from typing import Any

from flask import (
    Blueprint,
    Response,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from sqlalchemy import select

from portal.audit.acts import audited
from portal.audit.recording import describe
from portal.core.database import commit, db, utcnow
from portal.core.refusal import Refusal
from portal.domain.audit import AuditEvent
from portal.domain.permissions import Permission
from portal.domain.rules.preflight import Finding
from portal.domain.rules.workdays import STATES
from portal.domain.tenants import Connection, Tenant
from portal.networks.registry import Network
from portal.tenants import service
from portal.tenants.errors import TenantUnknown
from portal.tenants.forms import read_transfer_settings
from portal.tenants.labels import problem_text
from portal.tenants.queries import find_connection
from portal.webkit.access import requires
from portal.webkit.federal_states import STATE_NAMES
from portal.webkit.fragments import done, live, live_answer, relative_path, see_other
from portal.webkit.scope import TENANT_KEY, current_tenant_id

tenants = Blueprint("tenants", __name__)
_LIMIT = 500
_ASKING_SECONDS, _RESTING_SECONDS = 1, 20


@tenants.get("/tenants")
@requires(Permission.CHOOSE_TENANT)
def choose() -> str:
    """All tenants, to choose one."""
    found = db.session.scalars(select(Tenant).order_by(Tenant.slug).limit(_LIMIT)).all()
    return render_template("tenants/choose.html", tenants=found)


@tenants.post("/tenants/<slug>")
@requires(Permission.CHOOSE_TENANT)
@audited(AuditEvent.TENANT_OPENED)
def chosen(slug: str) -> Response:
    """See this tenant's data from now on."""
    tenant = db.session.scalar(select(Tenant).where(Tenant.slug == slug))
    if tenant is None:
        raise TenantUnknown(slug=slug)
    session[TENANT_KEY] = tenant.id
    describe(tenant_id=tenant.id)
    commit()
    kept = session.pop("next", None)
    where = relative_path(request.form.get("next")) or relative_path(kept) or url_for("people.list_page")
    return see_other(where)


@tenants.get("/settings")
@requires(Permission.CONFIGURE)
@live
def settings() -> Response:
    """What is set of the tenant, and how its connection stands."""
    return live_answer("tenants/settings.html", "tenants/_connection.html", **_settings())


@tenants.post("/settings")
@requires(Permission.CONFIGURE)
@audited(AuditEvent.SETTINGS_CHANGED)
def set_transfers() -> Response:
    """Set time, federal state, limits, and whether social insurance numbers are sent."""
    wanted, tenant = read_transfer_settings(request.form), current_tenant()
    if wanted.transfer_time != tenant.transfer_time:
        service.set_transfer_time(tenant, wanted.transfer_time, utcnow())
    service.set_federal_state(tenant, wanted.federal_state)
    service.set_limits(tenant, wanted.limits)
    tenant.sends_social_insurance_number = wanted.sends_social_insurance_number
    return done(_("Gespeichert."), ".settings")


@tenants.post("/settings/token")
@requires(Permission.CONFIGURE)
@audited(AuditEvent.TOKEN_SET)
def set_token() -> Response:
    """Set the network's token; it is never shown again."""
    connection = _connection()
    service.set_token(connection, request.form.get("token", ""))
    service.ask_for_test(connection, utcnow())
    return done(_("Die Zugangsdaten sind hinterlegt und werden geprüft."), ".settings")


@tenants.post("/settings/test")
@requires(Permission.CONFIGURE)
@audited(AuditEvent.CONNECTION_TESTED)
def check_connection() -> Response:
    """Ask the network whether it knows us."""
    service.ask_for_test(_connection(), utcnow())
    return done(_("Das Jobportal wird gefragt; die Antwort erscheint gleich hier."), ".settings")


def _settings() -> dict[str, Any]:
    tenant, connection = current_tenant(), find_connection(current_tenant_id())
    asking = bool(connection and connection.probe_at and connection.probe_at <= utcnow())
    return {
        "tenant": tenant,
        "connection": connection,
        "asking": asking,
        "seconds": _ASKING_SECONDS if asking else _RESTING_SECONDS,
        "problem": problem_text(connection.account_doubt or connection.problem) if connection else "",
        "states": {state: STATE_NAMES.get(state, state) for state in STATES},
        "bounds": service.BOUNDS,
        "networks": list(Network),
    }


def current_tenant() -> Tenant:
    return db.session.get_one(Tenant, current_tenant_id())


def _connection() -> Connection:
    connection = find_connection(current_tenant_id())
    if connection is None:
        raise Refusal(Finding.NETWORK_NOT_CHOSEN.value)
    return connection
