"""Workers and crons in processes of their own, which tests may kill in every way."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from portal.core.settings import Settings
from tests.support.database import settings_environment
from tests.support.forked import JOBBRUECKE, start

LEASE_SECONDS = 2
_PACES = {
    "JOBBRUECKE_LEASE_SECONDS": str(LEASE_SECONDS),
    "JOBBRUECKE_POLL_SECONDS": "0.2",
    "JOBBRUECKE_POLL_LIMIT_SECONDS": "0.5",
    "JOBBRUECKE_RETRY_SECONDS": "0.5",
    "JOBBRUECKE_SWEEP_SECONDS": "0.5",
    "JOBBRUECKE_TICK_SECONDS": "0.2",
}


class OwnProcess:
    """`jobbruecke WORD`, ended with the block at the latest; what it says is added to WORD.log in `folder`.

    `more` goes into its environment, over everything else. `entry` stands in for the command.
    """

    def __init__(
        self,
        word: str,
        settings: Settings,
        folder: Path,
        more: Mapping[str, str] | None = None,
        entry: str = JOBBRUECKE,
    ) -> None:
        self.word = word
        environment = settings_environment(settings) | _PACES | dict(more or {})
        with (folder / f"{word}.log").open("ab") as log:
            self._process = start(entry, [word], env=environment, stdout=log, new_session=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def terminate(self) -> None:
        """Ask it to end, as a service manager does; it may take its time."""
        self._process.terminate()

    @property
    def children(self) -> list[int]:
        """The numbers of the processes that it has begun: the job that a worker runs."""
        path = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        with contextlib.suppress(FileNotFoundError):
            return [int(number) for number in path.read_text().split()]
        return []

    def kill(self) -> None:
        """Kill it and the job that it runs, as by a power cut."""
        children = self.children
        self.kill_alone()
        for child in children:
            kill(child)

    def kill_alone(self) -> None:
        """Kill it; the job that it runs lives on."""
        kill(self._process.pid)
        self._process.wait(10)


def kill(pid: int) -> None:
    """Kill a process, which may have ended by itself."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has asked for its end yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not come to that"
        time.sleep(0.05)
