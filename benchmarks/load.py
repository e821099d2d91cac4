"""Load on a web server on loopback: several connections that ask one after another, for some seconds."""

from __future__ import annotations

import http.client
import os
import statistics
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

CONNECTIONS = 8
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Page:
    """What is asked for, and the status that is expected."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True)
class Measured:
    """What a page came to under load."""

    requests: int
    failed: int
    seconds: float
    per_second: float
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    """Processor time of all processes of the server, per request."""
    size: int
    """Bytes of an answer, as sent."""


class _Asker(threading.Thread):
    """A connection that is kept, until the time is over."""

    def __init__(self, port: int, page: Page, until: float) -> None:
        super().__init__(daemon=True)
        self._port, self._page, self._until = port, page, until
        self.took: list[float] = []
        self.failed = self.size = 0

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        while (began := time.perf_counter()) < self._until:
            connection.request("GET", self._page.path, headers=dict(self._page.headers))
            answer = connection.getresponse()
            self.size = len(answer.read())
            self.took.append(time.perf_counter() - began)
            self.failed += answer.status != self._page.status
        connection.close()


def measure(port: int, process: int, page: Page, seconds: float) -> Measured:
    """Ask for a page with all connections at once; `process` is the server, whose children count, too."""
    cpu, began = cpu_seconds(process), time.perf_counter()
    askers = [_Asker(port, page, began + seconds) for _ in range(CONNECTIONS)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    took = sorted(one for asker in askers for one in asker.took)
    elapsed = time.perf_counter() - began
    return Measured(
        requests=len(took),
        failed=sum(asker.failed for asker in askers),
        seconds=elapsed,
        per_second=len(took) / elapsed,
        p50_ms=statistics.median(took) * 1000,
        p95_ms=took[int(len(took) * 0.95)] * 1000,
        cpu_ms=(cpu_seconds(process) - cpu) * 1000 / len(took),
        size=askers[0].size,
    )


def ask(port: int, page: Page) -> tuple[int, str]:
    """Ask once; status and text."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", page.path, headers=dict(page.headers))
    answer = connection.getresponse()
    text = answer.read().decode(errors="replace")
    connection.close()
    return answer.status, text


def cpu_seconds(process: int) -> float:
    """Return the processor time that a process and all below it have used so far."""
    return sum(_times(one) for one in _family(process))


def _family(process: int) -> Iterator[int]:
    yield process
    for thread in Path(f"/proc/{process}/task").iterdir():
        for child in (thread / "children").read_text().split():
            yield from _family(int(child))


def _times(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
