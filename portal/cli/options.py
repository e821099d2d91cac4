"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import click


class Number(click.IntRange):
    """The number of a record: ASCII digits alone, no more than a database takes."""

    name = "number"

    def __init__(self, most: int = 10**18 - 1) -> None:
        super().__init__(1, most)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse other digits, which Python would read."""
        if isinstance(value, str) and not (value.isascii() and value.isdigit()):
            self.fail(f"{value!r} is not a valid number.", param, ctx)
        return super().convert(value, param, ctx)


P = ParamSpec("P")
R = TypeVar("R")

HEAD_SECONDS = 10.0
"""How long a request may take to come, and as much as its bytes are worth at 20 kB a second."""

tenant_option = click.option(
    "--tenant", "slug", metavar="SLUG", required=True, help="Short name of the tenant."
)
participant_option = click.option(
    "--participant",
    "number",
    metavar="TN_ID",
    required=True,
    help="Number of the participant in Qualli.life.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON (see docs/command-line.md).")
host_option = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")


def by_option(required: bool = True) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """`--by KUERZEL`: on whose behalf."""
    says = "Initials of who does it: of an account or a mediator of the tenant, or of support."
    return click.option("--by", metavar="KUERZEL", required=required, help=says)
