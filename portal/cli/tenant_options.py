"""What can be set of a tenant, at once when it is created or later."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import click

from portal.cli.options import by_option, json_option
from portal.networks.registry import Network

P = ParamSpec("P")
R = TypeVar("R")
_DAY = click.DateTime(["%Y-%m-%d", "%d.%m.%Y"])
_MINUTE = click.DateTime(["%H:%M"])
_OPTIONS = (
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


def setting_options(command: Callable[P, R]) -> Callable[P, R]:
    """Add the options to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
