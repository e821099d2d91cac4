"""One process under the supervisor: started in a session of its own, its output read line by line."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from demo import tether

LINE_LIMIT = 10_000
"""Bytes of one line of output; a longer one is cut into several."""


@dataclass(frozen=True)
class Program:
    """What is to be run, and how it is started and stopped."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    ready: Callable[[], bool] | None = None
    """Says quickly whether it serves by now; without it, it is ready as soon as it runs."""
    ready_seconds: float = 30
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10
    once: bool = False
    """A step that has to end well before the next one starts, like a migration."""
    when_done: Callable[[], None] | None = None
    """Called when such a step has ended well."""


class Child:
    """A running program.

    It leads a session of its own, so that Ctrl-C in the terminal reaches the supervisor alone, and everything
    that it starts can be found by that session. It gets its stop signal when the supervisor dies.
    """

    def __init__(self, program: Program, keep_open: Sequence[int] = ()) -> None:
        self.program = program
        self.silent = False
        """Whether it has closed its output, so that there is nothing more to wait for."""
        self._rest = b""
        leash = [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), str(int(program.stop_signal))]
        self._process = subprocess.Popen(
            [*leash, *program.command],
            env=dict(program.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=keep_open,
        )
        assert self._process.stdout
        self.output = self._process.stdout.fileno()
        os.set_blocking(self.output, False)

    @property
    def pid(self) -> int:
        return self._process.pid

    def read_lines(self) -> list[str]:
        """The lines that it has written since last asked; never waits."""
        with contextlib.suppress(BlockingIOError):
            while len(self._rest) < 20 * LINE_LIMIT and not self.silent:
                data = os.read(self.output, 65536)
                self._rest += data
                self.silent = not data
        *lines, self._rest = self._rest.split(b"\n")
        if len(self._rest) > LINE_LIMIT:
            lines.append(self._rest)
            self._rest = b""
        return [line.decode(errors="replace").rstrip() for line in lines]

    def last_words(self) -> list[str]:
        """What is left to read after it has ended, with a last line that lacks its end."""
        lines = self.read_lines()
        if self._rest:
            lines.append(self._rest.decode(errors="replace").rstrip())
            self._rest = b""
        return lines

    def exit_code(self) -> int | None:
        """None while it runs, else its exit code, negative for a signal; ends what it left running."""
        if self._process.returncode is None and self._has_ended():
            # Before it is reaped: until then no other process can have its number.
            kill_session(self.pid)
            self._process.wait()
        return self._process.returncode

    def signal(self, number: int) -> None:
        """Send it a signal; nothing happens when it has ended."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it and everything it started, at once."""
        if self._process.returncode is None:
            kill_session(self.pid)
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """Let go of its output."""
        assert self._process.stdout
        self._process.stdout.close()

    def _has_ended(self) -> bool:
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def kill_session(leader: int) -> None:
    """Kill all that run in the session of `leader`, but not `leader` itself (Linux)."""
    for pid in session_members({leader}):
        if pid != leader:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def session_members(leaders: Container[int]) -> list[int]:
    """Living processes in the sessions of these leaders, who may have ended themselves (Linux)."""
    members = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # pid (name) state parent group session …; the name may hold anything, even brackets.
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) in leaders and fields[0] not in "ZX":
                    members.append(int(entry.name))
    return members
