"""`jobbruecke db`: the database's tables."""

from __future__ import annotations

import click

from portal.commands.edge import in_application
from portal.commands.words import _
from portal.schema import upgrade


@click.group("db")
def database() -> None:
    """The database's tables."""


@database.command("upgrade")
@in_application
def upgrade_() -> None:
    """Bring the tables to what this version wants. Harmless when repeated, also at the same time."""
    done = upgrade()
    click.echo(
        _("Die Datenbank ist auf dem neuen Stand.")
        if done
        else _("Die Datenbank war schon auf dem neuen Stand.")
    )
