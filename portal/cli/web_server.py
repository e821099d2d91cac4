"""The pages' server: gunicorn in this process."""

from __future__ import annotations

from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from portal.app import create_app
from portal.cli.serving import bounded_worker

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


def serve(host: str, port: int, workers: int, threads: int, head_seconds: float) -> None:
    """Serve the pages until told to stop."""
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
