"""Jobs enqueued by table and row, after commit. The database is the truth: what cannot be enqueued, the sweep finds."""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from functools import lru_cache, partial

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from portal.core.database import Base, after_commit
from portal.core.settings import current_settings

QUEUE = "jobbruecke"
JOB_SECONDS = 600
"""Time limit of one job; a longer delivery goes on in the next one."""
_WAIT_SECONDS = 3600
"""After so long without a worker a job is dropped from Redis; if its row is due, it is enqueued again."""
_FAILED_SECONDS = 300
_CLAIM_SECONDS = 15
"""So long after a job was enqueued no other one is enqueued for its row, unless it has begun. No longer: the worker
that took it may have died before it began."""

_TROUBLE_SECONDS = 60

log = structlog.get_logger()
_failed_at: dict[str, float] = {}
"""When this process last failed to enqueue, by address and by the clock that only goes on."""


@lru_cache(maxsize=4)
def redis_for(url: str) -> Redis:
    """Return the client for `url`. It gives up within a second, since a page may wait for it."""
    return Redis.from_url(
        url, socket_connect_timeout=0.5, socket_timeout=1, retry=None, health_check_interval=30
    )


def function_of(model: type[Base]) -> str:
    """Name the function that does the job of a table's rows; it is all that Redis holds besides their numbers."""
    if not hasattr(model, "__tablename__"):
        raise ValueError(f"{model} is not a job")
    return f"worker.jobs.run_{model.__tablename__}"


def enqueue_after_commit(model: type[Base], row_id: int) -> None:
    """Enqueue the job of a row once the current transaction is committed."""
    url = current_settings().redis_url
    after_commit(partial(enqueue, url, model, row_id))


def enqueue(url: str, model: type[Base], row_id: int) -> bool:
    """Enqueue the job of a row, unless that has just been done. Return whether Redis took it."""
    function, name = function_of(model), job_name(model, row_id)
    connection = redis_for(url)
    try:
        if not connection.set(f"{QUEUE}:waiting:{name}", "1", nx=True, ex=_CLAIM_SECONDS):
            return True
        Queue(QUEUE, connection=connection, serializer=JSONSerializer).enqueue(
            function,
            row_id,
            job_timeout=JOB_SECONDS,
            result_ttl=0,
            ttl=_WAIT_SECONDS,
            failure_ttl=_FAILED_SECONDS,
            job_id=f"{name}-{secrets.token_hex(4)}",
            description=name,
        )
    except (RedisError, OSError) as error:
        log.warning("enqueue_failed", job=name, error=type(error).__name__)
        _failed_at[url] = time.monotonic()
        return False
    _failed_at.pop(url, None)
    return True


def job_name(model: type[Base], row_id: int) -> str:
    """Return the name of a row's jobs, the same for one after the other."""
    return f"{function_of(model).rpartition('.')[2]}-{row_id}"


def names_waiting(url: str) -> set[str] | None:
    """Return the names of all jobs that no worker has taken yet; None if Redis does not answer."""
    try:
        ids = Queue(QUEUE, connection=redis_for(url), serializer=JSONSerializer).get_job_ids()
    except (RedisError, OSError):
        return None
    return {job_id.rpartition("-")[0] for job_id in ids}


def is_in_trouble(url: str) -> bool:
    """Return whether this process recently failed to enqueue, and has not succeeded since. Does not ask Redis."""
    failed_at = _failed_at.get(url)
    return failed_at is not None and time.monotonic() - failed_at < _TROUBLE_SECONDS


def forget_waiting(url: str, model: type[Base], row_id: int) -> None:
    """Say that the job has begun: from now on another one may wait behind it."""
    with suppress(RedisError, OSError):  # it goes by itself after seconds
        redis_for(url).delete(f"{QUEUE}:waiting:{job_name(model, row_id)}")


def redis_answers() -> bool:
    """Return whether Redis answers."""
    try:
        return bool(redis_for(current_settings().redis_url).ping())
    except (RedisError, OSError):
        return False
