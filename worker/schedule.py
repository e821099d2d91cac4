"""Cron only wakes: the rows in the database decide what is due (docs/domain.md#deliveries)."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from portal.core.database import EVERY_TENANT, commit, db, reading, rollback, scope_to, utcnow
from portal.core.jobs import Periodic
from portal.core.queue import enqueue, job_name, names_waiting
from portal.core.refusal import Refusal
from portal.core.settings import current_settings
from worker.process import Beat
from worker.registry import JOBS, PERIODIC

BATCH = 200
"""Rows of one job that a tick enqueues at most."""

log = structlog.get_logger()


def run_cron(app: Flask) -> None:
    """Tick and sweep until told to stop."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with app.app_context():
        settings = current_settings()
    beat = Beat(app, "cron")
    next_sweep = 0.0
    while not stop.is_set():
        beat.write_if_due()
        due = time.monotonic() >= next_sweep
        if due:
            next_sweep = time.monotonic() + settings.sweep_seconds
        _survive(app, sweep if due else tick)
        stop.wait(settings.tick_seconds)
    beat.stop()


def _survive(app: Flask, action: Callable[[], None]) -> None:
    """Whatever is away now is there again later: cron goes on."""
    with app.app_context():
        try:
            action()
        except (SQLAlchemyError, OSError) as error:
            rollback()
            log.warning("cron_hindered", error=type(error).__name__)
        finally:
            db.session.remove()


def tick() -> None:
    """Enqueue what is due and does not wait already."""
    scope_to(EVERY_TENANT)
    now, url = utcnow(), current_settings().redis_url
    with reading():
        due = [(job.model, row) for job in JOBS for row in job.due(now, BATCH)]
        commit()
    waiting = names_waiting(url) if due else set()
    if waiting is None:
        return  # Redis is away; the rows stay due
    for model, row in due:
        # what waits in a long queue would be enqueued again and again, and make it longer
        if job_name(model, row) not in waiting and not enqueue(url, model, row):
            return


def sweep() -> None:
    """Do what is done every so often: plan what has become due by the clock or was left behind. Then tick."""
    scope_to(EVERY_TENANT)
    _do(it for it in PERIODIC if not it.slow)
    tick()
    _do(it for it in PERIODIC if it.slow)


def _do(tasks: Iterator[Periodic]) -> None:
    for task in tasks:
        if task.rows is None:
            _each(partial(task.action, utcnow()))
            continue
        with reading():
            rows = list(db.session.scalars(task.rows(utcnow())))
            commit()
        for row in rows:
            _each(partial(task.action, row, utcnow()))


def _each(action: Callable[[], object]) -> None:
    """One piece of work, one transaction; what one tenant's fails with is no other tenant's matter."""
    try:
        action()
        commit()
    except Refusal as refusal:
        rollback()
        log.info("not_planned", reason=refusal.code)
    except SQLAlchemyError as error:
        rollback()
        log.warning("not_planned", reason=type(error).__name__)
