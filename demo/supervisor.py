"""One parent for several programs: starts them in order, restarts what dies, stops all of them in reverse."""

from __future__ import annotations

import contextlib
import selectors
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from demo.child import Child, Program

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
"""Who has run this long is restarted after the first, short pause again."""
_TICK = 0.05
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _FailedError(Exception):
    """A program did not come up; it has been said which and why."""


class _StopError(Exception):
    """The user or a signal asked for the end."""


class _Kept:
    """A program that came up once and is kept running from then on."""

    def __init__(self, child: Child) -> None:
        self.program = child.program
        self.child: Child | None = child
        self.started = time.monotonic()
        self.pause = FIRST_PAUSE
        self.due = 0.0


class Supervisor:
    """Runs programs until SIGINT, SIGTERM or SIGHUP; a second one ends everything at once.

    One thread does it all: a child ends with the thread that started it, and nothing can interleave.
    `keep_open` are file descriptors that the children inherit. With `logs`, a folder that is there, what a program
    says goes into NAME.log in it as well, begun anew, and once all are up into nothing else: the terminal keeps what
    `when_ready` has said.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        say: Callable[[str], None] | None = None,
        keep_open: Sequence[int] = (),
        logs: Path | None = None,
    ) -> None:
        self._logs = logs
        self._up = False
        """Whether all have come up."""
        self._programs = programs
        self._say = say or _print
        self._keep_open = keep_open
        self._starting: Child | None = None
        self._kept: list[_Kept] = []
        self._selector = selectors.DefaultSelector()
        self._asked = 0
        self._width = max((len(program.name) for program in programs), default=0)

    def run(self, when_ready: Callable[[], None] = lambda: None) -> int:
        """Start everything, call `when_ready`, and stay until told to stop.

        0 when stopped by a signal, 1 when something did not come up at all.
        """
        with self._handling_signals():
            try:
                for program in self._programs:
                    self._start(program)
                self._up = True
                when_ready()
                while True:
                    self._look()
            except _StopError:
                return 0
            except _FailedError:
                return 1
            finally:
                self._stop_all()
                self._selector.close()

    # Starting

    def _start(self, program: Program) -> None:
        if self._logs:
            _write(self._logs, program.name, [], begin=True)
        child = self._starting = self._spawn(program)
        deadline = time.monotonic() + program.ready_seconds
        while not self._is_up(child):
            self._look()
            if not program.once and time.monotonic() > deadline:
                self._say(f"{program.name} was not ready after {program.ready_seconds:g} s.")
                raise _FailedError
        if not program.once:
            self._kept.append(_Kept(child))
        self._starting = None

    def _is_up(self, child: Child) -> bool:
        """Whether the next one may start. Raises _FailedError when it has ended and should not have."""
        program, code = child.program, child.exit_code()
        if code is None:
            return not program.once and (program.ready is None or program.ready())
        self._let_go(child)
        self._starting = None
        if program.once and code == 0:
            if program.when_done:
                program.when_done()
            return True
        self._say(f"{program.name} ended {_how(code)}.")
        raise _FailedError

    def _spawn(self, program: Program) -> Child:
        child = Child(program, self._keep_open)
        self._selector.register(child.output, selectors.EVENT_READ, child)
        return child

    # Watching

    def _look(self) -> None:
        """Pass on output, notice deaths, restart what is due. Raises _StopError when asked to stop."""
        self._pass_on(_TICK)
        if self._asked:
            raise _StopError
        now = time.monotonic()
        for kept in self._kept:
            if kept.child and (code := kept.child.exit_code()) is not None:
                self._let_go(kept.child)
                kept.child = None
                self._plan_restart(kept, code, now)
            elif not kept.child and now >= kept.due:
                kept.child = self._spawn(kept.program)
                kept.started = now

    def _plan_restart(self, kept: _Kept, code: int, now: float) -> None:
        if now - kept.started > STEADY_SECONDS:
            kept.pause = FIRST_PAUSE
        kept.due = now + kept.pause
        name = kept.program.name
        why = f" Why: {self._logs / name}.log" if self._logs else ""
        self._say(f"{name} ended {_how(code)}; starting it again in {kept.pause:g} s.{why}")
        kept.pause = min(kept.pause * 2, LONGEST_PAUSE)

    def _pass_on(self, seconds: float) -> None:
        events = self._selector.select(seconds)
        for key, _ in events:
            child: Child = key.data
            self._say_lines(child, child.read_lines())
            if child.silent:
                self._selector.unregister(child.output)
        if events:
            time.sleep(_TICK / 5)  # gather lines, instead of waking for each

    def _say_lines(self, child: Child, lines: list[str]) -> None:
        if self._logs:
            _write(self._logs, child.program.name, lines)
            if self._up:
                return
        for line in lines:
            self._say(f"{child.program.name:<{self._width}} | {line}")

    # Stopping

    def _stop_all(self) -> None:
        running = [kept.child for kept in reversed(self._kept) if kept.child]
        if self._starting:
            running.insert(0, self._starting)
        if running and self._asked:
            self._say("Stopping.")
        for child in running:
            self._stop(child)
        self._kept.clear()

    def _stop(self, child: Child) -> None:
        patience = child.program.stop_seconds
        deadline = time.monotonic() + patience
        child.signal(child.program.stop_signal)
        while child.exit_code() is None:
            self._pass_on(_TICK)
            if self._asked > 1:
                child.kill()
            elif time.monotonic() > deadline:
                self._say(f"{child.program.name} did not stop within {patience:g} s; ending it.")
                child.kill()
        self._let_go(child)

    def _let_go(self, child: Child) -> None:
        self._say_lines(child, child.last_words())
        with contextlib.suppress(KeyError):
            self._selector.unregister(child.output)
        child.close()

    @contextlib.contextmanager
    def _handling_signals(self) -> Iterator[None]:
        def ask(*_: object) -> None:
            self._asked += 1

        before = {number: signal.signal(number, ask) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _how(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"with code {code}"


def _write(folder: Path, name: str, lines: Sequence[str], *, begin: bool = False) -> None:
    # A full disk is no reason to leave the programs alone.
    with contextlib.suppress(OSError), (folder / f"{name}.log").open("w" if begin else "a") as file:
        file.writelines(f"{line}\n" for line in lines)


def _print(line: str) -> None:
    # A closed terminal is no reason to leave the programs alone.
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)
