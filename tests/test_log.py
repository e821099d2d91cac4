"""The log: lines of JSON, whole ones, also where several processes write to the same place."""

from __future__ import annotations

import os
import subprocess
import sys

_TALK = """
import os, structlog
from portal.core.log import configure_logs
configure_logs()
log = structlog.get_logger()
os.fork()
for number in range(3000):
    log.info("said", number=number, what="x" * 40)
"""


def test_lines_of_two_processes_stay_whole() -> None:
    """Unbuffered, as in many containers: there a line and its end were two writes, and came apart."""
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    said = subprocess.run(
        [sys.executable, "-c", _TALK], env=environment, capture_output=True, text=True, check=True
    )
    lines = said.stderr.splitlines()
    assert len(lines) == 6000
    assert all(line.startswith("{") and line.endswith("}") and "}{" not in line for line in lines)
