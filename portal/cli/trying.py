"""`jobbruecke sandbox|demo`: to try the product with. Neither wants settings or a database."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from portal.cli.options import host_option
from portal.cli.refused import Refused


@click.command()
@host_option
@click.option("--port", type=click.IntRange(0, 65535), default=5001, show_default=True, help="0 for any.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("var/sandbox.sqlite3"),
    show_default=True,
    help="SQLite file with its state, created where missing.",
)
@click.option("--answer-delay", type=click.FloatRange(0), default=3.0, show_default=True, help="Seconds.")
def sandbox(host: str, port: int, data: Path, answer_delay: float) -> None:
    """Serve a job network to try against. Wants no settings and no database."""
    from sandbox.__main__ import main

    arguments = [
        "--host",
        host,
        "--port",
        str(port),
        "--data",
        str(data),
        "--answer-delay",
        str(answer_delay),
    ]
    raise SystemExit(main(arguments))


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), default=5000, show_default=True, help="Port of the pages."
)
@click.option(
    "--sandbox-port", type=click.IntRange(1, 65535), default=5001, show_default=True, help="Of the sandbox."
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var"),
    show_default=True,
    help="Folder that keeps everything.",
)
def demo(port: int, sandbox_port: int, data: Path) -> None:
    """Run everything with invented people: Redis, sandbox, worker, cron and pages."""
    if find_spec("faker") is None:
        raise Refused(
            "The demo wants packages that are not installed. Install them: pip install 'jobbruecke[demo]'"
        )
    from demo.run import main

    raise SystemExit(main(port, sandbox_port, data))
