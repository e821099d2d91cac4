"""A tenant for JSON and as lines."""

from __future__ import annotations

from typing import Any

from portal.cli.output import coded, named
from portal.domain.tenants import Connection
from portal.tenants.context import TenantContext
from portal.webkit.labels import label_of
from portal.webkit.languages import gettext as _

BRAKE = ("brake_minimum", "brake_percent", "brake_days", "brake_order_minimum")


def tenant_values(context: TenantContext) -> dict[str, Any]:
    """A tenant for JSON; never its token."""
    found, connection = context.tenant, context.connection
    return {
        "tenant": found.slug,
        "name": found.name,
        "federal_state": found.federal_state,
        "time_zone": found.time_zone,
        "transfer_time": found.transfer_time.strftime("%H:%M"),
        "next_transfer_at": context.next_transfer_at,
        "licence_from": found.licence_from,
        "licence_until": found.licence_until,
        "sends_social_insurance_number": found.sends_social_insurance_number,
        **{name: getattr(found, name) for name in BRAKE},
        **coded("network", connection.network if connection else None),
        "connection": _connection_values(connection) if connection else None,
        "findings": [named(finding) for finding in context.findings],
        "uncommitted_delivery": context.uncommitted.sequence if context.uncommitted else None,
    }


def _connection_values(connection: Connection) -> dict[str, Any]:
    return {
        "id": connection.id,
        **coded("state", connection.state),
        "has_token": connection.token_encrypted is not None,
        "opened_at": connection.opened_at,
        "provider_id": connection.provider_id,
        "network_name": connection.network_name,
        "network_licensed_until": connection.network_licensed_until,
        "checked_at": connection.checked_at,
        "last_sequence": connection.last_sequence,
        "committed_sequence": connection.committed_sequence,
        "failures": connection.failures,
        "problem": connection.problem,
        "paused_until": connection.paused_until,
        "quarantined_at": connection.quarantined_at,
        "reconcile_since": connection.reconcile_since,
        "account_doubt": connection.account_doubt,
    }


def tenant_lines(context: TenantContext) -> list[tuple[str, Any]]:
    found, connection = context.tenant, context.connection
    until = found.licence_until.isoformat() if found.licence_until else _("unbefristet")
    token = _("hinterlegt") if connection and connection.token_encrypted else _("fehlt")
    brake = [str(getattr(found, name)) for name in BRAKE]
    return [
        (_("Mandant"), f"{found.slug} – {found.name}"),
        (_("Bundesland"), found.federal_state),
        (_("Lizenz"), f"{found.licence_from} – {until}" if found.licence_from else _("keine")),
        (_("Jobportal"), label_of(connection.network).text if connection else _("nicht gewählt")),
        (_("Zugangsdaten"), token if connection else ""),
        (_("Übertragung täglich um"), found.transfer_time.strftime("%H:%M")),
        (_("Nächste Übertragung"), context.next_transfer_at),
        (
            _("Sozialversicherungsnummer"),
            _("wird gesendet") if found.sends_social_insurance_number else _("wird nicht gesendet"),
        ),
        (
            _("Bremse"),
            _(
                "mindestens %(a)s, %(b)s %%, %(c)s Tage, Auftrag ab %(d)s",
                a=brake[0],
                b=brake[1],
                c=brake[2],
                d=brake[3],
            ),
        ),
        *((_("Es fehlt"), label_of(finding).text) for finding in context.findings),
    ]
