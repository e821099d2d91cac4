"""Processes of the product, forked from one that has imported it: importing is most of what a start costs.

`start` has a server (`python -m tests.support.forked`, one for each process of tests) fork itself. The server runs
nothing of the product and has no threads; a child takes over environment, folder and files, and calls the entry point
as its console script does. Whatever is about a start itself uses real ones.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, NoReturn

from portal.core.paths import ROOT

JOBBRUECKE = "portal.cli:main"
SANDBOX = "sandbox.__main__:main"
_ORDER_BYTES = 200_000
_MOST_FILES = 4096
_ONE_AT_A_TIME = threading.Lock()


class Forked:
    """A process that the server has forked, with what tests use of `subprocess.Popen`."""

    def __init__(self, words: Sequence[str], pid: int, status: int) -> None:
        self.args = words
        self.pid = pid
        self.returncode: int | None = None
        self._status = status

    def poll(self) -> int | None:
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raises `subprocess.TimeoutExpired`."""
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(list(self.args), timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _look(self, seconds: float | None) -> int | None:
        if self.returncode is None and select.select([self._status], [], [], seconds)[0]:
            self.returncode = int(os.read(self._status, 16) or b"-9")  # nothing: the server itself has died
            os.close(self._status)
        return self.returncode


def start(
    entry: str,
    words: Sequence[str],
    *,
    cwd: Path = ROOT,
    env: Mapping[str, str],
    stdout: int | IO[bytes],
    stderr: int | IO[bytes] | None = None,
    stdin: int | IO[bytes] | None = None,
    new_session: bool = False,
) -> Forked:
    """Call `entry`, "module:function", in a new process with these arguments; standard error goes with output."""
    order = {"entry": entry, "words": list(words), "cwd": str(cwd), "env": dict(env), "session": new_session}
    status, status_end = os.pipe()
    with Path(os.devnull).open("rb") as nothing:
        files = [_number(it) for it in (stdin or nothing, stdout, stderr or stdout)]
        with _ONE_AT_A_TIME:
            socket.send_fds(_server(), [json.dumps(order).encode()], [*files, status_end])
            pid = int(_server().recv(32))
    os.close(status_end)
    return Forked(words, pid, status)


def run(
    entry: str, words: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdin: str, seconds: float
) -> tuple[int, str, str]:
    """Run it to its end: exit code, output, errors. Raises `subprocess.TimeoutExpired`, and kills it then."""
    with tempfile.TemporaryFile() as typed, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        typed.write(stdin.encode())
        typed.seek(0)
        process = start(entry, words, cwd=cwd, env=env, stdin=typed, stdout=out, stderr=err)
        try:
            code = process.wait(seconds)
        finally:
            process.kill()
        for file in (out, err):
            file.seek(0)
        return code, out.read().decode(), err.read().decode()


def _number(file: int | IO[bytes]) -> int:
    return file if isinstance(file, int) else file.fileno()


@functools.cache
def _server() -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", __spec__.name, str(theirs.fileno())]
    process = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()], start_new_session=True)
    theirs.close()
    atexit.register(_end, ours, process)
    return ours


def _end(server: socket.socket, process: subprocess.Popen[bytes]) -> None:
    """The server ends when nobody is there to give orders, and so in any case with this process."""
    server.close()
    process.wait(30)


# --- the server --------------------------------------------------------------------------------------------


def _serve(control: socket.socket) -> None:
    """Fork for each order, and say of each child how it ended, until nobody is there to give orders."""
    signal.signal(signal.SIGCHLD, lambda *_: None)
    ended, ended_end = os.pipe()
    os.set_blocking(ended_end, False)
    signal.set_wakeup_fd(ended_end)
    children: dict[int, int] = {}
    while True:
        ready = select.select([control, ended], [], [])[0]
        if ended in ready:
            os.read(ended, 4096)
            _reap(children)
        if control not in ready:
            continue
        order, files, _, _ = socket.recv_fds(control, _ORDER_BYTES, 4)
        if not order:
            break
        pid = os.fork()
        if not pid:
            _become(json.loads(order), files[:3])
        children[pid] = files[3]
        for file in files[:3]:
            os.close(file)
        control.send(str(pid).encode())
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def _reap(children: dict[int, int]) -> None:
    for pid in list(children):
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            pipe = children.pop(pid)
            with contextlib.suppress(BrokenPipeError):  # who started it is not interested any more
                os.write(pipe, str(os.waitstatus_to_exitcode(status)).encode())
            os.close(pipe)


def _become(order: Mapping[str, object], files: Sequence[int]) -> NoReturn:
    """Be the process that was ordered, to its end in order, and nothing of the server."""
    _take_over(order, files)
    module, _, name = str(order["entry"]).partition(":")
    sys.exit(getattr(import_module(module), name)())


def _take_over(order: Mapping[str, object], files: Sequence[int]) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if order["session"]:
        os.setsid()
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.closerange(3, _MOST_FILES)
    os.chdir(str(order["cwd"]))
    os.environ.clear()
    os.environ.update(order["env"])  # type: ignore[call-overload]
    time.tzset()
    sys.argv = ["jobbruecke", *order["words"]]  # type: ignore[misc]
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1, errors="backslashreplace")  # noqa: SIM115
    if "PYTHONPATH" in os.environ:  # as the interpreter does; only failpoints use it
        sys.path[:0] = os.environ["PYTHONPATH"].split(os.pathsep)
        sys.modules.pop("sitecustomize", None)
        with contextlib.suppress(ModuleNotFoundError):
            import_module("sitecustomize")


def _import_everything() -> None:
    names = [
        "psycopg",
        "gunicorn.workers.gthread",
        "portal.app",
        "portal.cli.web_server",
        "sandbox.__main__",
        "tests.support.failpoints",
        "worker.process",
        "worker.schedule",
        *(f"portal.cli.{path.stem}" for path in (ROOT / "portal" / "cli").glob("[a-z]*.py")),
    ]
    for name in names:
        import_module(name)
    import_module("sqlalchemy.orm").configure_mappers()


if __name__ == "__main__":
    _import_everything()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    _serve(socket.socket(fileno=int(sys.argv[1])))
