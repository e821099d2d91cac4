"""`jobbruecke check`: whether everything is there that deliveries need, and what to do where it is not."""

from __future__ import annotations

import click

from portal.cli.check_values import Level
from portal.cli.checks import run_checks
from portal.cli.context import application
from portal.cli.options import json_option
from portal.cli.output import print_json

_MARKS = {Level.OK: "ok  ", Level.WARN: "warn", Level.FAIL: "fail"}


@click.command()
@json_option
def check(as_json: bool) -> None:
    """Check database, migrations, Redis, worker, cron, and each tenant's network and licence."""
    with application():
        found = list(run_checks())
        failed = any(item.level is Level.FAIL for item in found)
        if as_json:
            print_json({"ok": not failed, "checks": [item.values() for item in found]})
        else:
            for item in found:
                click.echo(f"{_MARKS[item.level]}  {item.subject()}: {item.message}")
                if item.advice:
                    click.echo(f"      → {item.advice}")
    if failed:
        raise SystemExit(1)
