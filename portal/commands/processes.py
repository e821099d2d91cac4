"""`jobbruecke web|worker|cron|sandbox|demo`: what runs until it is stopped."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from portal import create_app
from portal.commands.edge import Refused, application
from portal.commands.serving import HEAD_SECONDS, bounded_worker
from portal.commands.waiting import redis_answers
from portal.database import db
from portal.log import configure_logs
from portal.refusal import Refusal
from portal.schema import check_database

KEEP_ALIVE_SECONDS = 75
"""Well above the pages' polling: a connection that ends in the same moment would be an error in the browser."""


class _Logs(Logger):  # type: ignore[misc]
    """Gunicorn's own lines among ours, in the same form."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    """Gunicorn in this process, with nothing read from files or its own environment."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return create_app()  # once in each of gunicorn's processes: nothing is shared between them


_host = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")


@click.command()
@_host
@click.option(
    "--port", type=click.IntRange(1, 65535), default=5000, show_default=True, help="Port to listen on."
)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes.")
@click.option(
    "--threads", type=click.IntRange(1, 64), default=8, show_default=True, help="Threads in each process."
)
@click.option(
    "--head-seconds",
    type=click.FloatRange(1, 600),
    default=HEAD_SECONDS,
    show_default=True,
    help="How long the head of a request may take; its body three times that, and as much as its length needs.",
)
def web(host: str, port: int, workers: int, threads: int, head_seconds: float) -> None:
    """Serve the pages. TLS and anything public belong to a reverse proxy in front of it."""
    with _ready():
        _refuse_taken(host, port)
    configure_logs()
    options = {
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "workers": workers,
        "worker_class": bounded_worker(head_seconds),
        "threads": threads,
        "keepalive": KEEP_ALIVE_SECONDS,
        "control_socket_disable": True,
        "forwarded_allow_ips": "",  # which proxies count is said by JOBBRUECKE_TRUSTED_PROXIES alone
        "accesslog": None,
        "logger_class": _Logs,
        "loglevel": "info",
    }
    _Gunicorn(options).run()


@click.command()
def worker() -> None:
    """Carry out what is due: deliveries, answers, imports. Any number of them, on any number of machines."""
    from worker.process import work

    with _ready() as app:
        if not redis_answers():
            raise Refusal("redis-away")
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


@click.command()
@_host
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
    try:
        from demo.run import main
    except ImportError as error:
        raise Refused(
            f"The demo wants packages that are not installed ({error.name}). Use `make run`."
        ) from None
    raise SystemExit(main(port, sandbox_port, data))


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
            code = "port-taken" if error.errno == errno.EADDRINUSE else "address-unusable"
            raise Refusal(code, host=host, port=port) from None
