"""The jobs that a worker runs: load, claim, call, done. Each takes the number of a row and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from flask import Flask
from rq.timeouts import BaseTimeoutException

from portal.app import create_app
from portal.core.database import EVERY_TENANT, db, rollback, scope_to
from portal.core.log import describe_error
from portal.core.queue import (
    PROBE_CONNECTION,
    RUN_BULK,
    RUN_ERASURE,
    RUN_IMPORT,
    SEND_DELIVERY,
    SEND_MAIL,
    forget_waiting,
)
from portal.core.settings import current_settings

log = structlog.get_logger()


_application: list[Flask] = []


def run_in(app: Flask) -> None:
    """Run the jobs of this process and its forks in `app`, which has no connection open when they are forked."""
    _application[:] = [app]


def application() -> Flask:
    """The application of the jobs: the worker's, or one of our own where nobody gave one."""
    if not _application:
        run_in(create_app())
    return _application[0]


class JobFailed(Exception):
    """A job failed; its text is the kind of error alone."""


@contextmanager
def _job(name: str, row_id: int) -> Iterator[None]:
    with application().app_context():
        forget_waiting(current_settings().redis_url, name, row_id)
        scope_to(EVERY_TENANT)
        try:
            yield
        except BaseTimeoutException:
            rollback()  # the claim runs out, and the sweep has it resumed
        except Exception as error:  # noqa: BLE001
            rollback()
            log.error("job_failed", job=name, row=row_id, **describe_error(error))  # noqa: TRY400
            # RQ writes tracebacks into the log and into Redis, and a database's error repeats people's data
            raise JobFailed(type(error).__name__) from None
        finally:
            db.session.remove()


def run_delivery(delivery_id: int) -> None:
    """Do what is due of a delivery."""
    from portal.deliveries import jobs as steps

    with _job(SEND_DELIVERY, delivery_id):
        steps.run_delivery(delivery_id)


def run_import(import_id: int) -> None:
    """Do what is due of an import."""
    from portal.imports import running as imports

    with _job(RUN_IMPORT, import_id):
        imports.run_import(import_id)


def run_bulk(bulk_id: int) -> None:
    """Do what is left of a decision for many people."""
    from portal.bulk import jobs as bulk

    with _job(RUN_BULK, bulk_id):
        bulk.run_bulk(bulk_id)


def run_erasure(erasure_id: int) -> None:
    """Do what is left of a night's erasure."""
    from portal.privacy import jobs as erasing

    with _job(RUN_ERASURE, erasure_id):
        erasing.run_erasure(erasure_id)


def probe_connection(connection_id: int) -> None:
    """Ask a network that failed whether it is back."""
    from portal.deliveries import attempts

    with _job(PROBE_CONNECTION, connection_id):
        attempts.probe(connection_id)


def send_mail(mail_id: int) -> None:
    """Send a mail that waits in the outbox."""
    from portal.notices import jobs as mails

    with _job(SEND_MAIL, mail_id):
        mails.send_mail(mail_id)


ALLOWED: dict[str, Callable[[int], None]] = {
    SEND_DELIVERY: run_delivery,
    RUN_IMPORT: run_import,
    RUN_BULK: run_bulk,
    RUN_ERASURE: run_erasure,
    PROBE_CONNECTION: probe_connection,
    SEND_MAIL: send_mail,
}
"""All that a worker runs, whatever is pushed into Redis."""
