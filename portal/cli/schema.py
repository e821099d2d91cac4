"""`jobbruecke db`: the database's tables, and what the application's role may do with them."""

from __future__ import annotations

import click

from portal.cli.accounts import read_secret
from portal.cli.context import with_app
from portal.core.database import db
from portal.core.grants import grant
from portal.core.migrating import upgrade
from portal.core.schema import check_database
from portal.webkit.languages import gettext as _


@click.group("db")
def database() -> None:
    """The database's tables."""


@database.command("upgrade")
@with_app
def upgrade_() -> None:
    """Bring the tables to what this version wants. Harmless when repeated, also at the same time."""
    done = upgrade()
    click.echo(
        _("Die Datenbank ist auf dem neuen Stand.")
        if done
        else _("Die Datenbank war schon auf dem neuen Stand.")
    )


@database.command("grant")
@click.argument("role")
@click.option("--password", is_flag=True, help="Set a password, read from the terminal or standard input.")
@with_app
def grant_(role: str, password: bool) -> None:
    """Let the PostgreSQL role ROLE work as the application, and no more; makes it where it is missing.

    Run it as the owner of the tables. Harmless when repeated; `db upgrade` renews what was granted.
    """
    check_database()
    secret = read_secret(_("Passwort der Rolle")) if password else None
    with db.engine.begin() as connection:
        made = grant(connection, role, secret)
    click.echo(
        _("Die Rolle „%(role)s“ ist angelegt und darf, was die Anwendung braucht.", role=role)
        if made
        else _("Die Rolle „%(role)s“ darf, was die Anwendung braucht.", role=role)
    )
