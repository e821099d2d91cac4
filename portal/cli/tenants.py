"""`jobbruecke tenant`: create, set, show."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click
from sqlalchemy import func, select

from portal.cli.accounts import read_secret
from portal.cli.context import record_audit, resolve_actor, use_tenant, with_app
from portal.cli.errors import NetworkChangeToConfirm, TenantNameWrong
from portal.cli.options import json_option
from portal.cli.output import print_json, print_lines
from portal.cli.tenant_options import setting_options
from portal.cli.tenant_values import BRAKE, tenant_lines, tenant_values
from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.deliveries.network_change import choose_network
from portal.domain.actors import Actor
from portal.domain.audit import AuditEvent
from portal.domain.permissions import Permission
from portal.domain.releases import Registration
from portal.domain.tenants import Connection, Tenant
from portal.networks.registry import Network
from portal.releases.errors import NetworkNotChosen
from portal.tenants.context import load_tenant_context
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


@click.group()
def tenant() -> None:
    """Tenants: providers that use the system."""


@tenant.command()
@click.argument("slug")
@click.option("--name", required=True, help="Name as pages show it.")
@setting_options
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
@setting_options
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
    for name in BRAKE:
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


def _show(tenant_id: int, as_json: bool) -> None:
    context = load_tenant_context(tenant_id, utcnow())
    if as_json:
        print_json(tenant_values(context))
    else:
        print_lines(tenant_lines(context))
