"""`jobbruecke account`: who may sign in."""

from __future__ import annotations

import sys

import click

from portal.accounts.models import Role
from portal.accounts.service import create_account
from portal.commands.edge import in_application, json_option, use_tenant
from portal.commands.output import coded, print_json
from portal.commands.words import _
from portal.database import commit, scope_to, utcnow


def read_secret(prompt: str, *, confirm: bool = False) -> str:
    """A secret, asked for on a terminal, else the first line of standard input. Never an argument: others see those."""
    if sys.stdin.isatty():
        return str(click.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True))
    return sys.stdin.readline().rstrip("\r\n")


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
    type=click.Choice([role.value for role in Role]),
    default=Role.CASEWORKER.value,
    show_default=True,
    help="What the person may do.",
)
@click.option(
    "--mediator", "mediator_number", metavar="VERMITTLER_ID", help="The mediator that the person is."
)
@json_option
@in_application
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
    tenant_id = None
    if slug is None:
        scope_to(None)
    else:
        tenant_id = use_tenant(slug).id
    commit()  # nobody waits while a password is typed
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
    values = {
        "account": created.id,
        "tenant": slug,
        "email": created.email,
        "initials": created.initials,
        **coded("role", created.role),
        "mediator": mediator_number,
    }
    commit()
    if as_json:
        print_json(values)
    else:
        click.echo(_("Das Konto ist angelegt."))
