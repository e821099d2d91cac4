"""What a feature registers for the worker and cron, in its `jobs.py`: work on rows, and what is done every so often."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select

from portal.core.database import Base


@dataclass(frozen=True)
class Job:
    """Work on one row of a table. It is called after the table, and takes the number of the row and nothing else."""

    model: type[Base]
    due: Callable[[dt.datetime, int], Sequence[int]]
    """At most so many rows that are due now and that no process works on, of every tenant; most urgent first."""
    run: Callable[[int], object]
    """Does what is due of a row. Harmless when done twice, at the same time, or killed anywhere."""


@dataclass(frozen=True)
class Periodic:
    """What each sweep does, in a transaction of its own: for each row that `rows` finds, or once."""

    action: Callable[..., object]
    """Takes the number of the row, if there are rows, and the time. Raises Refusal where it has to wait."""
    rows: Callable[[dt.datetime], Select[*tuple[Any, ...]]] | None = None
    slow: bool = False
    """Waits for others: it comes last, once everything that is due is enqueued."""
