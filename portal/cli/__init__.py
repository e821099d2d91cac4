"""The command line `jobbruecke`: thin commands, which call one service each and commit once.

A command's module is imported when the command is called (or its help is listed): most of them need a part of the
product only, and the user waits.
"""

from __future__ import annotations

import gc
from importlib import import_module
from types import MappingProxyType
from typing import Final

import click

COMMANDS: Final = MappingProxyType(
    {
        "account": "accounts:account",
        "audit": "audit:audit",
        "bench-data": "bench_data:bench_data",
        "check": "checking:check",
        "cron": "processes:cron",
        "db": "schema:database",
        "deliver": "deliveries:deliver",
        "deliveries": "deliveries:deliveries",
        "delivery": "deliveries:delivery",
        "demo": "trying:demo",
        "identity": "identities:identity",
        "import": "imports:import_",
        "imports": "judging_imports:imports",
        "keys": "keys:keys",
        "mediator": "releases:mediator",
        "network-account": "network_accounts:network_account",
        "person": "privacy:person",
        "privacy": "privacy:privacy",
        "protocol": "releases:protocol",
        "reconcile": "reconciling:reconcile",
        "release": "releases:release",
        "revoke": "releases:revoke",
        "sandbox": "trying:sandbox",
        "states": "states:states",
        "status": "releases:status",
        "tenant": "tenants:tenant",
        "token": "tokens:token",
        "web": "processes:web",
        "why": "releases:why",
        "worker": "processes:worker",
    }
)
"""Name of each command, and where it is: a module of this package, and what it is called there."""


class _Group(click.Group):
    """A group whose commands are imported when they are asked for (click: "Lazily Loading Subcommands")."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found: click.Command = getattr(import_module(f"{__name__}.{module}"), name)
        return found


cli = _Group(
    name="jobbruecke",
    help=(
        "Carries participants from Qualli.life to a job network, and back what became of them.\n\n"
        "Settings come from the environment (JOBBRUECKE_…) or a .env file; docs/settings.md lists them. "
        "Exit codes: 0 done, 1 refused with a reason, 2 wrong usage."
    ),
    context_settings={"help_option_names": ["-h", "--help"]},
)
click.version_option(package_name="jobbruecke", message="jobbruecke %(version)s")(cli)


def main() -> None:
    """The console script `jobbruecke`."""
    # A start makes hundreds of thousands of objects that stay; looking for garbage among them is a seventh of its time.
    gc.set_threshold(50_000, 20, 20)
    cli()
