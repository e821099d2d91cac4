"""`jobbruecke worker` that replaces its process after two jobs, and waits a second for what usually takes minutes."""

from __future__ import annotations

import worker.process
from portal.cli import main as command


def main() -> None:
    """Run the command, with the limits that tests can wait for."""
    worker.process.MOST_JOBS = 2
    worker.process.JOB_SECONDS = worker.process.GRACE_SECONDS = worker.process.BEAT_SECONDS = 1
    command()
