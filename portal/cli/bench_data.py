"""`jobbruecke bench-data`: invented data for measuring. What invents it comes with a checkout alone."""

from __future__ import annotations

import datetime as dt
from importlib.util import find_spec

import click

from portal.cli.context import with_app
from portal.cli.errors import BenchDataNotOwner, DatabaseInUse
from portal.cli.refused import Refused
from portal.core.database import utcnow
from portal.core.schema import check_database
from portal.webkit.languages import gettext as _


class _Range(click.ParamType[tuple[int, int]]):
    """Two whole numbers, the smaller one first: 5-50."""

    name = "range"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Read FEWEST-MOST."""
        if isinstance(value, tuple):
            return value
        fewest, _dash, most = str(value).partition("-")
        if not (fewest.isdecimal() and most.isdecimal() and 1 <= int(fewest) <= int(most) <= 100):
            self.fail(f"{value!r} is not FEWEST-MOST, of 1 to 100.", param, ctx)
        return int(fewest), int(most)


@click.command("bench-data")
@click.option(
    "--participants",
    type=click.IntRange(1, 10_000_000),
    default=1_000_000,
    show_default=True,
    help="Participants of all tenants together.",
)
@click.option(
    "--tenants", type=click.IntRange(1, 2000), default=200, show_default=True, help="Number of tenants."
)
@click.option(
    "--people-of-largest",
    "largest",
    type=click.IntRange(1),
    help="Participants of the largest tenant; a tenth of all without it.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same data.")
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Day to which the data leads up; the current one without it.",
)
@click.option(
    "--protocol",
    "entries",
    type=_Range(),
    default="5-50",
    show_default=True,
    metavar="FEWEST-MOST",
    help="Protocol entries of a participant who was ever released; the mean lies a quarter between.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    help="Processes that work side by side on PostgreSQL; one for each processor without it.",
)
@with_app
def bench_data(
    participants: int,
    tenants: int,
    largest: int | None,
    seed: int,
    today: dt.datetime | None,
    entries: tuple[int, int],
    processes: int | None,
) -> None:
    """Fill an empty, migrated database with invented tenants and participants, to measure with.

    Refuses a database that holds tenants. On PostgreSQL it runs as the owner of the tables.
    """
    if find_spec("benchmarks") is None:
        raise Refused(_("Messdaten gibt es nur in einem Checkout des Quelltexts."))
    from benchmarks.data import database
    from benchmarks.data.houses import Wanted
    from benchmarks.data.sizes import SizesImpossibleError
    from demo.logins import PASSWORD

    check_database()
    if database.is_in_use():
        raise DatabaseInUse
    if not database.may_copy():
        raise BenchDataNotOwner
    day = today.date() if today else utcnow().date()
    wanted = Wanted(participants, tenants, seed, largest, entries, day)
    try:
        database.fill(wanted, processes or database.default_processes(), _say)
    except SizesImpossibleError:
        raise Refused(_("Auf so viele Mandanten lassen sich diese Personen nicht verteilen.")) from None
    for role, email in database.logins().items():
        click.echo(f"{role.value:15} {email}")
    click.echo(_("Passwort aller Konten: %(password)s", password=PASSWORD))


def _say(what: str, number: int, seconds: float) -> None:
    click.echo(f"{what:13} {number:>10,}  {seconds:7.1f} s  {number / max(seconds, 0.001):>9,.0f} /s")
