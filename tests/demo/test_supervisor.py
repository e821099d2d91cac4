"""The supervisor with real processes: small Python programs that say what happens to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

STAYS = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {STAYS}"
SAYS_WHEN_STOPPED = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit(0)))
print('up', flush=True)
time.sleep(60)
"""
LEAVES_A_CHILD = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {STAYS!r}]); {STAYS}"


class Run:
    """A supervisor in a process of its own, and all it has said so far."""

    def __init__(self, process: subprocess.Popen[str], output: Path) -> None:
        self.process = process
        self._output = output

    @property
    def said(self) -> str:
        return self._output.read_text()

    def wait_for(self, text: str, times: int = 1) -> None:
        _until(lambda: self.said.count(text) >= times, f"{text!r}, {times} times, in:\n", lambda: self.said)

    def pid_of(self, name: str) -> int:
        """The newest process of `name`, which prints its number first."""
        lines = [line for line in self.said.splitlines() if line.startswith(name) and "| pid " in line]
        return int(lines[-1].split()[-1])

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


@contextmanager
def supervised(tmp_path: Path, *programs: str, pause: float = 0.1, logs: Path | None = None) -> Iterator[Run]:
    """Run the supervisor over `programs`, each the arguments of a Program as Python text."""
    script = f"""
    import pathlib, signal, sys
    from demo import supervisor
    from demo.child import Program
    supervisor.FIRST_PAUSE = {pause}
    def python(name, code, **options):
        code = "import os; print('pid', os.getpid(), flush=True)\\n" + code
        return Program(name, [sys.executable, "-c", code], **options)
    logs = pathlib.Path({str(logs)!r}) if {logs is not None} else None
    kept = supervisor.Supervisor([{", ".join(programs)}], logs=logs)
    sys.exit(kept.run(lambda: print("READY", flush=True)))
    """
    output = tmp_path / "output"
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script)], stdout=file, stderr=file, text=True
        )
    try:
        yield Run(process, output)
    finally:
        process.kill()
        process.wait()


def test_it_starts_in_order_and_stops_in_reverse(tmp_path: Path) -> None:
    first, second = (f"python({name!r}, {SAYS_WHEN_STOPPED!r})" for name in ("first", "second"))
    with supervised(tmp_path, first, second) as run:
        run.wait_for("up", 2)
        assert run.stop() == 0
        assert run.said.index("second | bye") < run.said.index("first  | bye")


def test_the_next_one_starts_when_the_one_before_is_ready(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    slow = f"import pathlib, time; time.sleep(0.5); pathlib.Path({str(flag)!r}).touch(); {STAYS}"
    needs = f"import pathlib; print('found', pathlib.Path({str(flag)!r}).exists(), flush=True); {STAYS}"
    ready = f"ready=lambda: __import__('os').path.exists({str(flag)!r})"
    with supervised(tmp_path, f"python('slow', {slow!r}, {ready})", f"python('needs', {needs!r})") as run:
        run.wait_for("needs | found True")
        run.wait_for("READY")


def test_a_step_has_to_end_before_the_next(tmp_path: Path) -> None:
    step = "python('step', \"import time; time.sleep(0.3); print('done')\", once=True)"
    with supervised(tmp_path, step, f"python('stays', {STAYS!r})") as run:
        run.wait_for("READY")
        run.wait_for("stays | up")
        assert run.said.index("step  | done") < run.said.index("stays | up")


@pytest.mark.parametrize("options", ["once=True", "ready=lambda: False"])
def test_what_does_not_come_up_ends_the_run(tmp_path: Path, options: str) -> None:
    broken = f"python('broken', \"print('no luck', end=''); raise SystemExit(3)\", {options})"
    with supervised(tmp_path, f"python('stays', {STAYS!r})", broken) as run:
        assert run.process.wait(20) == 1
        assert "broken | no luck\nbroken ended with code 3.\n" in run.said
        assert not _exists(run.pid_of("stays"))
        assert "READY" not in run.said


def test_what_is_never_ready_ends_the_run(tmp_path: Path) -> None:
    never = f"python('never', {STAYS!r}, ready=lambda: False, ready_seconds=0.5)"
    with supervised(tmp_path, never) as run:
        assert run.process.wait(20) == 1
        assert "never was not ready after 0.5 s." in run.said


def test_it_restarts_what_dies_after_a_growing_pause(tmp_path: Path) -> None:
    with supervised(tmp_path, f"python('stays', {STAYS!r})", f"python('other', {STAYS!r})") as run:
        run.wait_for("READY")
        for turn, pause in enumerate((0.1, 0.2, 0.4), start=1):
            run.wait_for("stays | up", turn)
            os.kill(run.pid_of("stays"), signal.SIGKILL)
            run.wait_for(f"stays ended by SIGKILL; starting it again in {pause:g} s.")
        run.wait_for("stays | up", 4)
        assert run.said.count("other | up") == 1


def test_what_a_dead_program_left_running_ends_with_it(tmp_path: Path) -> None:
    with supervised(tmp_path, f"python('forks', {LEAVES_A_CHILD!r})", pause=30) as run:
        run.wait_for("up", 2)
        session = run.pid_of("forks")
        os.kill(session, signal.SIGKILL)
        _until(lambda: not _session(session), "an empty session")


def test_ctrl_c_reaches_the_supervisor_alone(tmp_path: Path) -> None:
    code = "import signal, sys; signal.signal(signal.SIGINT, lambda *_: print('got ctrl-c', flush=True))"
    with supervised(tmp_path, f"python('stays', {f'{code}; {STAYS}'!r})") as run:
        run.wait_for("up")
        assert os.getsid(run.pid_of("stays")) != os.getsid(run.process.pid)
        assert run.stop(signal.SIGINT) == 0
        assert "got ctrl-c" not in run.said


def test_what_does_not_stop_is_ended(tmp_path: Path) -> None:
    with supervised(tmp_path, f"python('stubborn', {STUBBORN!r}, stop_seconds=0.5)") as run:
        run.wait_for("up")
        assert run.stop() == 0
        assert "stubborn did not stop within 0.5 s; ending it." in run.said


def test_a_second_ctrl_c_ends_everything_at_once(tmp_path: Path) -> None:
    with supervised(tmp_path, f"python('stubborn', {STUBBORN!r}, stop_seconds=60)") as run:
        run.wait_for("up")
        run.process.send_signal(signal.SIGINT)
        run.wait_for("Stopping.")
        began = time.monotonic()
        assert run.stop(signal.SIGINT) == 0
        assert time.monotonic() - began < 5
        assert not _exists(run.pid_of("stubborn"))


def test_nothing_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    with supervised(tmp_path, f"python('one', {STAYS!r})", f"python('two', {STAYS!r})") as run:
        run.wait_for("up", 2)
        pids = [run.pid_of("one"), run.pid_of("two")]
        run.stop(signal.SIGKILL)
        _until(lambda: not any(map(_exists, pids)), "the end of both")


def test_long_and_odd_output_comes_through(tmp_path: Path) -> None:
    talks = f"print('x' * 25000); import sys; sys.stdout.buffer.write(bytes([0xff, 10])); {STAYS}"
    with supervised(tmp_path, f"python('talks', {talks!r})") as run:
        run.wait_for("up")
        assert run.said.count("x") >= 25000
        assert "talks | \ufffd" in run.said


def test_once_all_are_up_the_terminal_is_left_alone(tmp_path: Path) -> None:
    """Until then both have what a program says: whoever waits sees what is done, and why nothing comes."""
    logs = tmp_path / "log"
    logs.mkdir()
    (logs / "stays.log").write_text("of the start before\n")
    late = f"import time; print('early', flush=True); time.sleep(0.5); print('late', flush=True); {STAYS}"
    ready = f"ready=lambda: 'early' in open({str(logs / 'stays.log')!r}).read()"
    with supervised(tmp_path, f"python('stays', {late!r}, {ready})", logs=logs) as run:
        run.wait_for("stays | early")
        run.wait_for("READY")
        log = logs / "stays.log"
        _until(lambda: "late" in log.read_text(), "what it says later")
        os.kill(run.pid_of("stays"), signal.SIGKILL)
        run.wait_for(f"stays ended by SIGKILL; starting it again in 0.1 s. Why: {log}")
        _until(lambda: log.read_text().count("late") == 2, "what it says when it is started again")
        assert "late" not in run.said and "of the start before" not in log.read_text()


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    with supervised(tmp_path, f"python('stays', {STAYS!r})", logs=tmp_path / "missing") as run:
        run.wait_for("READY")
        assert run.stop() == 0


def _until(condition: Callable[[], bool], what: str, more: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline, f"waited for {what}{more()}"
        time.sleep(0.02)


def _exists(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _session(leader: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.getsid(int(entry.name)) == leader and _exists(int(entry.name)):
                found.append(int(entry.name))
        except OSError:
            continue
    return found
