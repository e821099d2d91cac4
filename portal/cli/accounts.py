"""`jobbruecke account`: who may sign in, with what role."""

from __future__ import annotations

import sys
from typing import Any

import click

from portal.accounts.invitations import mail_link
from portal.accounts.links import link_to, make_link
from portal.accounts.queries import get_account_by_email
from portal.accounts.second_factor import reset
from portal.accounts.service import change_account, create_account, disable_account, enable_account
from portal.cli.context import OPERATOR, record_audit, use_tenant, with_app
from portal.cli.options import json_option
from portal.cli.output import coded, print_json
from portal.core.database import EVERY_TENANT, commit, scope_to, utcnow
from portal.domain.accounts import Account, Role
from portal.domain.audit import AuditEvent
from portal.webkit.languages import gettext as _


def read_secret(prompt: str, *, confirm: bool = False) -> str:
    """A secret, asked for on a terminal, else the first line of standard input. Never an argument: others see those."""
    if sys.stdin.isatty():
        return str(click.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True))
    return sys.stdin.readline().rstrip("\r\n")


_ROLES = click.Choice([role.value for role in Role])


@click.group()
def account() -> None:
    """Accounts: who may sign in."""


@account.command()
@click.option("--tenant", "slug", metavar="SLUG", help="Short name of the tenant; none for support.")
@click.option("--email", required=True, help="What the person signs in with.")
@click.option("--name", required=True, help="Name as pages show it.")
@click.option("--initials", metavar="KUERZEL", required=True, help="Kürzel, unique within the tenant.")
@click.option(
    "--role",
    type=_ROLES,
    default=Role.CASEWORKER.value,
    show_default=True,
    help="What the person may do.",
)
@click.option(
    "--mediator", "mediator_number", metavar="VERMITTLER_ID", help="The mediator that the person is."
)
@json_option
@with_app
def create(
    slug: str | None,
    email: str,
    name: str,
    initials: str,
    role: str,
    mediator_number: str | None,
    as_json: bool,
) -> None:
    """Create an account. The password is asked for, or read from the first line of standard input."""
    tenant_id = _use_tenant_or_none(slug)
    commit()  # no transaction stays open while a password is typed
    password = read_secret(_("Passwort"), confirm=True)
    created = create_account(
        tenant_id=tenant_id,
        email=email,
        name=name,
        initials=initials,
        role=Role(role),
        password=password,
        mediator_number=mediator_number,
        now=utcnow(),
    )
    values = _values(created, slug, mediator_number)
    record_audit(AuditEvent.ACCOUNT_CREATED, OPERATOR, subject="account", subject_id=created.id)
    commit()
    if as_json:
        print_json(values)
    else:
        click.echo(_("Das Konto ist angelegt."))


def _use_tenant_or_none(slug: str | None) -> int | None:
    if slug is None:
        scope_to(None)
        return None
    return use_tenant(slug).id


def _values(created: Account, slug: str | None, mediator_number: str | None) -> dict[str, Any]:
    return {
        "account": created.id,
        "tenant": slug,
        "email": created.email,
        "initials": created.initials,
        **coded("role", created.role),
        "mediator": mediator_number,
    }


_email_option = click.option("--email", required=True, help="What the person signs in with.")


@account.command()
@_email_option
@click.option("--show", is_flag=True, help="Print it even where there is a mail server.")
@with_app
def link(email: str, show: bool) -> None:
    """Mail a link by which the person sets a password, or print it where no mail server is set.

    It works once, and for 48 hours.
    """
    found, now = _get(email), utcnow()
    token = make_link(found, now)
    mailed = not show and mail_link(found, token, now)
    record_audit(AuditEvent.LINK_MADE, OPERATOR, subject="account", subject_id=found.id)
    commit()
    click.echo(_("Der Link geht per Mail an die Adresse des Kontos.") if mailed else link_to(token))


@account.command()
@_email_option
@with_app
def disable(email: str) -> None:
    """Disable an account, end its sessions and revoke its one-time links."""
    found = _get(email)
    disable_account(found, None, utcnow())
    record_audit(AuditEvent.ACCOUNT_DISABLED, OPERATOR, subject="account", subject_id=found.id)
    commit()
    click.echo(_("Das Konto ist gesperrt; seine Sitzungen sind beendet."))


@account.command()
@_email_option
@with_app
def enable(email: str) -> None:
    """Let the person in again."""
    found = _get(email)
    enable_account(found)
    record_audit(AuditEvent.ACCOUNT_ENABLED, OPERATOR, subject="account", subject_id=found.id)
    commit()
    click.echo(_("Das Konto ist wieder offen."))


@account.command("reset-second-factor")
@_email_option
@with_app
def reset_second_factor(email: str) -> None:
    """Reset the second factor of an account whose device and recovery codes are lost; its sessions end at once."""
    found = _get(email)
    reset(found, None, utcnow())
    record_audit(AuditEvent.SECOND_FACTOR_RESET, OPERATOR, subject="account", subject_id=found.id)
    commit()
    click.echo(_("Der zweite Faktor ist zurückgesetzt; die Sitzungen sind beendet."))


@account.command("set")
@_email_option
@click.option("--role", type=_ROLES, required=True, help="What the person may do.")
@with_app
def set_(email: str, role: str) -> None:
    """Give an account another role. The operator's accounts and those of tenants stay what they are."""
    found = _get(email)
    change_account(
        found,
        name=found.name,
        initials=found.initials,
        role=Role(role),
        mediator_number=found.mediator.number if found.mediator else None,
        by=None,
        now=utcnow(),
    )
    record_audit(AuditEvent.ACCOUNT_CHANGED, OPERATOR, subject="account", subject_id=found.id)
    commit()
    click.echo(_("Das Konto ist geändert."))


def _get(email: str) -> Account:
    """Return the account, with the session scoped to its tenant. Raises NotFound `account-unknown`."""
    scope_to(EVERY_TENANT)
    found = get_account_by_email(email)
    if found.tenant_id is not None:
        scope_to(found.tenant_id)
        found = get_account_by_email(email)
    return found
