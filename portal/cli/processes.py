"""`jobbruecke web|worker|cron`: what runs until it is stopped."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import Flask

from portal.cli.context import application
from portal.cli.errors import AddressUnusable, PortTaken, RedisAway
from portal.cli.options import HEAD_SECONDS, host_option
from portal.core.database import db
from portal.core.log import configure_logs
from portal.core.queue import redis_answers
from portal.core.schema import check_database


@click.command()
@host_option
@click.option(
    "--port", type=click.IntRange(1, 65535), default=5000, show_default=True, help="Port to listen on."
)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes.")
@click.option(
    "--threads", type=click.IntRange(2, 64), default=32, show_default=True, help="Threads in each process."
)
@click.option(
    "--head-seconds",
    type=click.FloatRange(1, 600),
    default=HEAD_SECONDS,
    show_default=True,
    help="How long a request may take to come, and as much as its bytes are worth at 20 kB a second.",
)
def web(host: str, port: int, workers: int, threads: int, head_seconds: float) -> None:
    """Serve the pages. TLS and anything public belong to a reverse proxy in front of it."""
    from portal.cli.web_server import serve

    with _ready():
        _refuse_taken(host, port)
    configure_logs()
    serve(host, port, workers, threads, head_seconds)


@click.command()
def worker() -> None:
    """Carry out what is due: deliveries, answers, imports. Any number of them, on any number of machines."""
    from worker.process import work

    with _ready() as app:
        if not redis_answers():
            raise RedisAway
    configure_logs()
    work(app)


@click.command()
def cron() -> None:
    """Wake what is due by the clock or was left behind. One is enough; more do no harm."""
    from worker.schedule import run_cron

    with _ready() as app:
        pass
    configure_logs()
    run_cron(app)


@contextmanager
def _ready() -> Iterator[Flask]:
    """The application with its database there and migrated; no connection is handed on to other processes."""
    with application() as app:
        check_database()
        yield app
        db.engine.dispose()


def _refuse_taken(host: str, port: int) -> None:
    """Say clearly that the port is taken; gunicorn would try for a while first."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            refusal = PortTaken if error.errno == errno.EADDRINUSE else AddressUnusable
            raise refusal(host=host, port=port) from None
