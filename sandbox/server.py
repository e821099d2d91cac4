"""Serving the sandbox with gunicorn, inside this process tree: one worker, many threads."""

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

_THREADS = 16
# Clients poll every two seconds on a kept connection; gunicorn's own two seconds would close it under them.
_KEEPALIVE_SECONDS = 75
_STOP_SECONDS = 1


def serve(load: Callable[[], Flask], *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT. Port 0 takes any free one; the first line printed names the address."""
    logging.getLogger("gunicorn.error").setLevel(logging.WARNING)
    _Server(load, _options(host, port)).run()


def _options(host: str, port: int) -> dict[str, Any]:
    return {
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "workers": 1,
        "threads": _THREADS,
        "worker_class": "gthread",
        "keepalive": _KEEPALIVE_SECONDS,
        "graceful_timeout": _STOP_SECONDS,
        "timeout": 0,  # misbehaviour may hold every thread for long
        "control_socket_disable": True,
        "accesslog": None,
        "loglevel": "warning",
        "proc_name": "sandbox",
        "when_ready": _announce,
    }


def _announce(server: Any) -> None:
    host, port = server.LISTENERS[0].sock.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"Sandbox: http://{shown}:{port}", flush=True)


class _Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn with options of ours, and nothing read from files or the environment."""

    def __init__(self, load: Callable[[], Flask], options: dict[str, Any]) -> None:
        self._load = load
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._load()
