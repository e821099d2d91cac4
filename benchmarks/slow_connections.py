"""How long a page takes while connections trickle: python -m benchmarks.slow_connections URL NUMBER SECONDS."""

from __future__ import annotations

import socket
import sys
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

import requests

FORM = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\n"
KINDS = {
    "bodies": b"POST /sign-in HTTP/1.1\r\nHost: %s\r\n" + FORM,
    "heads": b"GET /sign-in HTTP/1.1\r\nHost: %s\r\nX-Slow: ",
    "idle": b"",
}
"""What is sent at once; then a byte every two seconds, but for the idle ones."""
PAUSE_SECONDS = 2


class Trickle(threading.Thread):
    """Keeps so many slow connections open, each opened anew when it is cut, until told to end."""

    def __init__(self, address: tuple[str, int], start: bytes, number: int) -> None:
        super().__init__(daemon=True)
        self._address, self._start, self._number = address, start, number
        self.ending = threading.Event()
        self.cut = 0

    def run(self) -> None:
        """Open, and trickle."""
        open_ones = [self._open() for _ in range(self._number)]
        while not self.ending.wait(PAUSE_SECONDS):
            for place, connection in enumerate(open_ones):
                if not self._goes_on(connection):
                    self.cut += 1
                    connection.close()
                    open_ones[place] = self._open()
        for connection in open_ones:
            connection.close()

    def _open(self) -> socket.socket:
        connection = socket.create_connection(self._address, 10)
        connection.sendall(self._start)
        return connection

    def _goes_on(self, connection: socket.socket) -> bool:
        connection.setblocking(False)
        try:
            if self._start:
                connection.sendall(b"x")
            connection.recv(4096)  # an answer or an end: either way this one is over
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False


def measure(url: str, kind: str, number: int, seconds: float) -> tuple[int, float, float]:
    """Pages that were answered meanwhile, the slowest of them and the mean, in seconds."""
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 80)
    trickle = Trickle(address, KINDS[kind].replace(b"%s", parts.netloc.encode()), number)
    trickle.start()
    time.sleep(PAUSE_SECONDS)
    took: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        with suppress(requests.RequestException):
            requests.get(f"{url}/sign-in", timeout=120).raise_for_status()
        took.append(time.monotonic() - began)
        time.sleep(0.2)
    trickle.ending.set()
    trickle.join()
    return len(took), max(took), sum(took) / len(took)


def main() -> None:
    """Print a line for each kind."""
    url, number, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    for kind in KINDS:
        pages, slowest, mean = measure(url, kind, number, seconds)
        print(f"{number} {kind}: {pages} pages, slowest {slowest:.2f} s, mean {mean:.2f} s", flush=True)


if __name__ == "__main__":
    main()
