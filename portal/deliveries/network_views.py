"""Choosing and changing the network of a tenant."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _

from portal.accounts.users import current_actor
from portal.audit.acts import audited
from portal.core.database import utcnow
from portal.deliveries import network_change
from portal.domain.audit import AuditEvent
from portal.domain.permissions import Permission
from portal.tenants.forms import read_network
from portal.tenants.queries import find_connection
from portal.tenants.views import current_tenant
from portal.webkit.access import requires
from portal.webkit.fragments import done

network_choice = Blueprint("network_choice", __name__)


@network_choice.post("/settings/network")
@requires(Permission.CONFIGURE)
@audited(AuditEvent.NETWORK_CHOSEN)
def choose_network() -> Response:
    """Choose the network; leaving one where people are known is first shown with what it means."""
    network, tenant = read_network(request.form), current_tenant()
    current = find_connection(tenant.id)
    if current is not None and current.network is not network:
        change = network_change.foresee_network_change(tenant)
        if (change.announced or change.released) and request.form.get("confirmed") != _named(change):
            page = render_template(
                "tenants/network.html", network=network, current=current, change=change, named=_named(change)
            )
            return make_response(page)
    network_change.choose_network(tenant, network, current_actor(), utcnow())
    return done(_("Das Jobportal ist gewählt. Jetzt braucht es noch seine Zugangsdaten."), "tenants.settings")


def _named(change: network_change.NetworkChange) -> str:
    """Digest of what was shown, so that nothing else is confirmed."""
    return f"{change.announced}-{change.released}"
