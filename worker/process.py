"""The worker: RQ with our list of jobs in a process that lasts, and a sign of life in the database."""

from __future__ import annotations

import datetime as dt
import math
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from ctypes import c_double
from functools import partial
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from multiprocessing.sharedctypes import RawValue
from typing import Any

import structlog
from flask import Flask
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from portal.core.database import commit, db, rollback, utcnow
from portal.core.queue import JOB_SECONDS, QUEUE
from portal.core.settings import current_settings
from portal.deliveries.jobs import try_again_what_crashed
from portal.domain.tenants import Heartbeat
from portal.notices.evaluate import look_if_cron_is_silent
from worker.jobs import ALLOWED, run_in

BEAT_SECONDS = 20
FORGET_AFTER = dt.timedelta(days=1)
MOST_JOBS = 1000
"""After so many a worker is replaced."""
MOST_BYTES = 500_000_000
"""A worker that has grown to this is replaced after its job."""
GRACE_SECONDS = 60
"""So long after its time limit a job that does not even hear of it is killed."""

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


class LastingWorker(SimpleWorker):
    """RQ's worker that does one job after another in its own process.

    A process for each job would compile all of its statements anew, which takes longer than most jobs.
    """

    def __init__(self, *arguments: Any, time_limit: c_double, parent: int, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._time_limit, self._parent = time_limit, parent

    @property
    def dequeue_timeout(self) -> int:
        """Seconds to wait for a job before the next sign of life."""
        return BEAT_SECONDS

    def execute_job(self, job: Job, queue: Queue) -> None:
        self._time_limit.value = time.monotonic() + JOB_SECONDS + GRACE_SECONDS
        super().execute_job(job, queue)
        self._time_limit.value = math.inf
        if _resident_bytes() > MOST_BYTES:
            self._stop_requested = True  # the next one begins small

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Raise StopRequested between two jobs where the parent is gone: nobody would notice the end of this one."""
        if pipeline is None and os.getppid() != self._parent:
            raise StopRequested
        super().heartbeat(timeout, pipeline)


def work(app: Flask) -> None:
    """Keep a process at work until told to stop. A job that is killed is resumed by the sweep: nothing waits for it.

    Our database hears from here that the worker lives: nothing but forking is done here, so nothing keeps it.
    """
    with app.app_context():
        redis_url = current_settings().redis_url
        try_again_what_crashed(utcnow())
        db.session.remove()
        db.engine.dispose()  # no connection is open when a process is forked
    run_in(app)
    beat, stop = Beat(app, "worker"), threading.Event()
    time_limit = RawValue(c_double, math.inf)
    while not stop.is_set():
        process = get_context("fork").Process(target=_work_off, args=(redis_url, time_limit, os.getpid()))
        process.start()
        _stop_with(process, stop)
        if stop.is_set():  # asked for between two processes
            process.terminate()
        while process.is_alive():
            beat.write_if_due()
            process.join(1)
            if time.monotonic() > time_limit.value:
                process.kill()
        time_limit.value = math.inf
        if process.exitcode:
            log.error("worker_died", exit_code=process.exitcode)
            stop.wait(1)
    beat.stop()


def _stop_with(process: ForkProcess, stop: threading.Event) -> None:
    """Have a request to stop end the process, too, after its job."""

    def ask(*_signal: object) -> None:
        stop.set()
        process.terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)


def _work_off(redis_url: str, time_limit: c_double, parent: int) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    connection = Redis.from_url(
        redis_url, socket_connect_timeout=5, socket_timeout=None, health_check_interval=30
    )
    queue = ListedQueue(QUEUE, connection=connection, serializer=JSONSerializer)
    worker = LastingWorker(
        [queue],  # one queue: with two, a worker that dies between them loses a job for ever
        connection=connection,
        serializer=JSONSerializer,
        job_class=ListedJob,
        queue_class=ListedQueue,
        default_result_ttl=0,
        maintenance_interval=60,
        log_job_description=False,
        disable_default_exception_handler=True,
        exception_handlers=[_log_failure],
        time_limit=time_limit,
        parent=parent,
    )
    try:
        worker.work(logging_level="WARNING", with_scheduler=False, max_jobs=MOST_JOBS)
    except RedisError as error:
        log.warning("redis_away", error=type(error).__name__)
        sys.exit(1)


def _resident_bytes() -> int:
    """The most memory that this process has ever had (Linux counts in kilobytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _log_failure(job: Job, kind: type[BaseException], *_: object) -> bool:
    """Say in the log which job RQ gave up, and how; never with what values, which may be personal."""
    log.error("job_given_up", job=job.description, error=kind.__name__)
    return False


class Beat:
    """Writes every few seconds that this process lives, when its loop comes by."""

    def __init__(self, app: Flask, kind: str) -> None:
        self._app, self._kind = app, kind
        self._name = f"{kind}:{socket.gethostname()}:{os.getpid()}"
        self._due = -math.inf

    def write_if_due(self) -> None:
        """Write, unless it was done a moment ago."""
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + BEAT_SECONDS
            self._write(partial(beat, self._name, self._kind))
            if self._kind == "worker":
                self._write(look_if_cron_is_silent)

    def stop(self) -> None:
        """End in order, so that a stop on purpose is not reported as a missing heartbeat."""
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
