"""The worker process: RQ with our list of jobs, and a sign of life in the database."""

from __future__ import annotations

import datetime as dt
import math
import os
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from flask import Flask
from redis import Redis
from redis.client import Pipeline
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from portal.core.database import commit, db, rollback, utcnow
from portal.core.queue import QUEUE
from portal.core.settings import current_settings
from portal.deliveries.jobs import try_again_what_crashed
from portal.domain.tenants import Heartbeat
from portal.notices.evaluate import look_if_cron_is_silent
from worker.jobs import ALLOWED, run_in

BEAT_SECONDS = 20
FORGET_AFTER = dt.timedelta(days=1)

log = structlog.get_logger()


class ListedJob(Job):
    """A job that can name nothing but a function of our list, with one number as its argument."""

    @property
    def func(self) -> Callable[..., Any]:
        if self.func_name not in ALLOWED:
            raise PermissionError("a job that is not on the list")
        return ALLOWED[self.func_name]

    def perform(self) -> Any:
        if (
            self.func_name not in ALLOWED
            or len(self.args) != 1
            or self.kwargs
            or type(self.args[0]) is not int
        ):
            raise PermissionError("a job that is not on the list")
        return super().perform()


class ListedQueue(Queue):
    job_class = ListedJob


class ForkingWorker(Worker):
    """RQ's worker, which says in our database that it lives whenever it says so to Redis.

    From the thread that forks, and from no other: whatever another thread holds at that moment (the set-up of the
    mappings, a lock of SQLite) the job would wait for until its time limit, and the worker for the job.
    """

    beat: Beat | None = None

    @property
    def dequeue_timeout(self) -> int:
        """Seconds to wait for a job before the next sign of life."""
        return BEAT_SECONDS

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        if self.beat:
            self.beat.write_if_due()  # first: Redis may be away
        super().heartbeat(timeout, pipeline)


def work(app: Flask) -> None:
    """Work until told to stop. A stopped job is resumed by the sweep, so nothing waits for it."""
    with app.app_context():
        settings = current_settings()
    run_in(app)
    worker = _make_worker(settings.redis_url)
    worker.beat = beat = Beat(app, "worker")
    with app.app_context():
        try_again_what_crashed(utcnow())
        db.session.remove()
        db.engine.dispose()  # no connection is open when a job is forked
    try:
        worker.work(logging_level="WARNING", with_scheduler=False)
    finally:
        beat.stop()


def _make_worker(redis_url: str) -> ForkingWorker:
    connection = Redis.from_url(
        redis_url, socket_connect_timeout=5, socket_timeout=None, health_check_interval=30
    )
    queue = ListedQueue(QUEUE, connection=connection, serializer=JSONSerializer)
    return ForkingWorker(
        [queue],  # one queue: with two, a worker that dies between them loses a job for ever
        connection=connection,
        serializer=JSONSerializer,
        job_class=ListedJob,
        queue_class=ListedQueue,
        default_result_ttl=0,
        job_monitoring_interval=BEAT_SECONDS,
        maintenance_interval=60,
        log_job_description=False,
        disable_default_exception_handler=True,
        exception_handlers=[_log_failure],
    )


def _log_failure(job: Job, kind: type[BaseException], *_: object) -> bool:
    """Say in the log which job RQ gave up, and how; never with what values, which may be personal."""
    log.error("job_given_up", job=job.description, error=kind.__name__)
    return False


class Beat:
    """Writes every few seconds that this process lives, when its loop comes by. Its forks do not."""

    def __init__(self, app: Flask, kind: str) -> None:
        self._app, self._kind = app, kind
        self._pid = os.getpid()
        self._name = f"{kind}:{socket.gethostname()}:{self._pid}"
        self._due = -math.inf

    def write_if_due(self) -> None:
        """Write, unless it was done a moment ago."""
        if os.getpid() == self._pid and time.monotonic() >= self._due:
            self._due = time.monotonic() + BEAT_SECONDS
            self._write(partial(beat, self._name, self._kind))
            if self._kind == "worker":
                self._write(look_if_cron_is_silent)

    def stop(self) -> None:
        """End in order, so that a stop on purpose is not reported as a missing heartbeat."""
        if os.getpid() == self._pid:
            self._write(partial(forget, self._name))

    def _write(self, action: Callable[[], None]) -> None:
        with self._app.app_context():
            try:
                action()
            except SQLAlchemyError as error:
                rollback()
                log.warning("no_heartbeat", error=type(error).__name__)
            finally:
                db.session.remove()
                db.engine.dispose()  # no connection is open when a job is forked


def beat(name: str, kind: str) -> None:
    """Note that the process lives, and forget those that have not for a day. Commits."""
    now = utcnow()
    row = db.session.scalar(select(Heartbeat).where(Heartbeat.name == name))
    if row is None:
        row = Heartbeat(name=name, kind=kind, started_at=now, seen_at=now)
        db.session.add(row)
    row.seen_at = now
    db.session.execute(delete(Heartbeat).where(Heartbeat.seen_at < now - FORGET_AFTER))
    commit()


def forget(name: str) -> None:
    """Forget a process that has ended in order. Commits."""
    db.session.execute(delete(Heartbeat).where(Heartbeat.name == name))
    commit()
