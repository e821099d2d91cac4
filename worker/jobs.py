"""How a worker runs a registered job. It takes the number of a row and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import structlog
from flask import Flask
from rq.timeouts import BaseTimeoutException

from portal.bare import create_bare_app
from portal.core.database import EVERY_TENANT, db, rollback, scope_to
from portal.core.jobs import Job
from portal.core.log import describe_error
from portal.core.queue import forget_waiting
from portal.core.settings import current_settings
from worker.registry import BY_FUNCTION

log = structlog.get_logger()


_application: list[Flask] = []


def run_in(app: Flask) -> None:
    """Run the jobs of this process and its forks in `app`, which has no connection open when they are forked."""
    _application[:] = [app]


def application() -> Flask:
    """Return the application of the jobs: the worker's, or a new one if none was set."""
    if not _application:
        run_in(create_bare_app())
    return _application[0]


class JobFailed(Exception):
    """A job failed; its text is the kind of error alone."""


def run(job: Job, row_id: int) -> None:
    """Run a job for a row; only the kind of an error leaves it."""
    with application().app_context():
        forget_waiting(current_settings().redis_url, job.model, row_id)
        scope_to(EVERY_TENANT)
        try:
            job.run(row_id)
        except BaseTimeoutException:
            rollback()  # the lease runs out, and the sweep has it resumed
        except Exception as error:  # noqa: BLE001
            rollback()
            name = job.model.__tablename__
            log.error("job_failed", job=name, row=row_id, **describe_error(error))  # noqa: TRY400
            # RQ writes tracebacks into the log and into Redis, and a database's error repeats people's data
            raise JobFailed(type(error).__name__) from None
        finally:
            db.session.remove()


ALLOWED: dict[str, Callable[[int], None]] = {
    function: partial(run, job) for function, job in BY_FUNCTION.items()
}
"""All that a worker runs, whatever is pushed into Redis."""
