"""The command line `jobbruecke`: thin commands, which call one service each and commit once."""

from __future__ import annotations

import logging

import click
from flask.cli import AppGroup, FlaskGroup

from portal import create_app
from portal.commands.accounts import account
from portal.commands.audit import audit
from portal.commands.checking import check
from portal.commands.deliveries import deliver, deliveries, delivery
from portal.commands.imports import import_
from portal.commands.keys import keys
from portal.commands.privacy import person, privacy
from portal.commands.processes import cron, demo, sandbox, web, worker
from portal.commands.reconciling import reconcile
from portal.commands.releases import mediator, protocol, release, revoke, status, why
from portal.commands.schema import database
from portal.commands.tenants import tenant
from portal.commands.tokens import token
from portal.log import configure_logs


class _OwnGroup(FlaskGroup):
    """Flask's group with our commands alone: those of extensions would take the names of ours."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return AppGroup.get_command(self, ctx, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return AppGroup.list_commands(self, ctx)


cli = _OwnGroup(
    name="jobbruecke",
    help=(
        "Carries participants from Qualli.life to a job network, and back what became of them.\n\n"
        "Settings come from the environment (JOBBRUECKE_…) or a .env file; docs/settings.md lists them. "
        "Exit codes: 0 done, 1 refused with a reason, 2 wrong usage."
    ),
    create_app=create_app,
    add_default_commands=False,
    add_version_option=False,
    load_dotenv=False,
    set_debug_flag=False,
    context_settings={"auto_envvar_prefix": None, "help_option_names": ["-h", "--help"]},
)
cli.params.clear()  # Flask's --app, --debug and --env-file: this is one application, and its settings are its own
click.version_option(package_name="jobbruecke", message="jobbruecke %(version)s")(cli)
for _command in (
    account, audit, check, cron, database, deliver, deliveries, delivery, demo, import_, keys, mediator, person,
    privacy, protocol, reconcile, release, revoke, sandbox, status, tenant, token, web, why, worker,
):  # fmt: skip
    cli.add_command(_command)


def main() -> None:
    """The console script `jobbruecke`."""
    configure_logs(logging.ERROR)
    cli()
