"""`jobbruecke tenant`: create, set, show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import click
from sqlalchemy import func, select

from portal.cli.accounts import read_secret
from portal.cli.context import record_audit, resolve_actor, use_tenant, with_app
from portal.cli.errors import NetworkChangeToConfirm, TenantNameWrong
from portal.cli.options import by_option, json_option
from portal.cli.output import coded, named, print_json, print_lines
from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.deliveries.network_change import choose_network
from portal.domain.actors import Actor
from portal.domain.audit import AuditEvent
from portal.domain.permissions import Permission
from portal.domain.releases import Registration
from portal.domain.tenants import Connection, Tenant
from portal.networks.registry import Network
from portal.releases.errors import NetworkNotChosen
from portal.tenants.context import TenantContext, load_tenant_context
from portal.tenants.queries import find_connection
from portal.tenants.service import (
    ask_for_test,
    create_tenant,
    set_federal_state,
    set_licence,
    set_token,
    set_transfer_time,
)
from portal.webkit.labels import label_of
from portal.webkit.languages import gettext as _

P = ParamSpec("P")
R = TypeVar("R")
_DAY = click.DateTime(["%Y-%m-%d", "%d.%m.%Y"])
_MINUTE = click.DateTime(["%H:%M"])
_BRAKE = ("brake_minimum", "brake_percent", "brake_days", "brake_order_minimum")


@click.group()
def tenant() -> None:
    """Tenants: providers that use the system."""


_SETTINGS = (
    click.option("--licence-from", type=_DAY, help="First day of the licence."),
    click.option("--licence-until", type=_DAY, help="Last day of the licence; none given: without end."),
    click.option("--no-licence", is_flag=True, help="Take the licence away."),
    click.option("--network", type=click.Choice([item.value for item in Network]), help="Job network."),
    click.option(
        "--confirm-network-change",
        is_flag=True,
        help="Withdraw everybody from the network used so far, and end all releases.",
    ),
    click.option(
        "--token",
        "wants_token",
        is_flag=True,
        help="Set the network's token: asked for, or the first line of standard input.",
    ),
    click.option("--federal-state", metavar="XX", help="Decides the working days: BE, BY, NW, …"),
    click.option(
        "--transfer-time", type=_MINUTE, metavar="HH:MM", help="Local time of the nightly transfer."
    ),
    click.option("--svnr/--no-svnr", "svnr", default=None, help="Send social insurance numbers, or not."),
    click.option("--brake-minimum", type=click.IntRange(0), help="Unexplained leavers that always pass."),
    click.option("--brake-percent", type=click.IntRange(0, 100), help="Or this share of those told."),
    click.option("--brake-days", type=click.IntRange(1, 366), help="Days over which leavers are summed."),
    click.option(
        "--brake-order-minimum", type=click.IntRange(1), help="From how many people on an order counts."
    ),
    by_option(required=False),
    json_option,
)
"""What can be set of a tenant, at once when it is created or later."""


def _settings(command: Callable[P, R]) -> Callable[P, R]:
    for option in reversed(_SETTINGS):
        command = option(command)
    return command


@tenant.command()
@click.argument("slug")
@click.option("--name", required=True, help="Name as pages show it.")
@_settings
@with_app
def create(slug: str, name: str, by: str | None, as_json: bool, **settings: Any) -> None:
    """Create a tenant. SLUG is its short name: letters, digits and hyphens."""
    secret = _read_token(settings)
    scope_to(EVERY_TENANT)
    created = create_tenant(slug, _checked_name(name), utcnow())
    db.session.flush()  # the scope lets go of what is loaded, changes included
    scope_to(created.id)
    created = db.session.get_one(Tenant, created.id)
    actor = resolve_actor(by, Permission.CONFIGURE)
    _apply(created, settings, secret, actor, utcnow())
    record_audit(AuditEvent.SETTINGS_CHANGED, actor)
    commit()
    _show(created.id, as_json)


@tenant.command("set")
@click.argument("slug")
@click.option("--name", help="Name as pages show it.")
@_settings
@with_app
def set_(slug: str, name: str | None, by: str | None, as_json: bool, **settings: Any) -> None:
    """Change what is set of a tenant; what is not named stays as it is."""
    if (
        name is None
        and all(value in (None, False) for value in settings.values())
        and settings["svnr"] is None
    ):
        raise click.UsageError("Nothing to set. See --help for what can be set.")
    use_tenant(slug)
    commit()  # no transaction stays open while a token is typed
    secret = _read_token(settings)
    found = use_tenant(slug)
    actor = resolve_actor(by, Permission.CONFIGURE)
    if name is not None:
        found.name = _checked_name(name)
    _apply(found, settings, secret, actor, utcnow())
    record_audit(AuditEvent.SETTINGS_CHANGED, actor)
    commit()
    _show(found.id, as_json)


@tenant.command()
@click.argument("slug")
@json_option
@with_app
def show(slug: str, as_json: bool) -> None:
    """Show what is set of a tenant, and how its connection stands."""
    _show(use_tenant(slug).id, as_json)


def _read_token(settings: dict[str, Any]) -> str | None:
    return read_secret(_("Token")) if settings.pop("wants_token") else None


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise TenantNameWrong
    return name


def _apply(
    found: Tenant, settings: dict[str, Any], secret: str | None, actor: Actor, now: dt.datetime
) -> None:
    _apply_licence(found, settings)
    if settings["federal_state"] is not None:
        set_federal_state(found, settings["federal_state"].upper())
    if settings["transfer_time"] is not None:
        set_transfer_time(found, settings["transfer_time"].time(), now)
    if settings["svnr"] is not None:
        found.sends_social_insurance_number = settings["svnr"]
    for name in _BRAKE:
        if settings[name] is not None:
            setattr(found, name, settings[name])
    if settings["network"] is not None:
        _apply_network(found, Network(settings["network"]), settings["confirm_network_change"], actor, now)
    if secret is not None:
        connection = find_connection(found.id)
        if connection is None:
            raise NetworkNotChosen
        set_token(connection, secret)
        ask_for_test(connection, now)


def _apply_licence(found: Tenant, settings: dict[str, Any]) -> None:
    starts, ends = settings["licence_from"], settings["licence_until"]
    if settings["no_licence"]:
        if starts or ends:
            raise click.UsageError("--no-licence goes without --licence-from and --licence-until.")
        set_licence(found, None, None)
    elif starts:
        set_licence(found, starts.date(), ends.date() if ends else None)
    elif ends:
        set_licence(found, found.licence_from, ends.date())


def _apply_network(found: Tenant, network: Network, confirmed: bool, actor: Actor, now: dt.datetime) -> None:
    """Choose the network; leaving one where people are released or known wants to be confirmed."""
    current = find_connection(found.id)
    if current is not None and current.network is not network and not confirmed:
        people = _number_concerned(current)
        if people:
            raise NetworkChangeToConfirm(people=people, network=label_of(current.network).text)
    choose_network(found, network, actor, now)


def _number_concerned(connection: Connection) -> int:
    query = (
        select(func.count())
        .select_from(Registration)
        .where(Registration.connection_id == connection.id, Registration.announced | Registration.released)
    )
    return db.session.scalar(query) or 0


# --- showing ------------------------------------------------------------------------------------------------


def _show(tenant_id: int, as_json: bool) -> None:
    context = load_tenant_context(tenant_id, utcnow())
    if as_json:
        print_json(tenant_values(context))
    else:
        print_lines(_lines(context))


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
        **{name: getattr(found, name) for name in _BRAKE},
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


def _lines(context: TenantContext) -> list[tuple[str, Any]]:
    found, connection = context.tenant, context.connection
    until = found.licence_until.isoformat() if found.licence_until else _("unbefristet")
    token = _("hinterlegt") if connection and connection.token_encrypted else _("fehlt")
    brake = [str(getattr(found, name)) for name in _BRAKE]
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
