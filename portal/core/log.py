"""Logs: one JSON object a line on standard error, without personal data."""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType

import structlog


def configure_logs(level: int = logging.INFO) -> None:
    """Send what structlog and the libraries' loggers say to standard error, as JSON, once per process."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # A line and its end in one write: other processes write to the same place.
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _drop_exception_text,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def describe_error(error: BaseException) -> dict[str, object]:
    """Type and place of an error. Never its text: a database's error repeats the values of the statement."""
    return {
        "error": f"{type(error).__module__}.{type(error).__qualname__}",
        "at": places(error.__traceback__),
    }


def places(trace: TracebackType | None) -> list[str]:
    """Return the frames of a traceback as `file:line function`, innermost last."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)][-12:]


def _drop_exception_text(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Libraries log exceptions with their text; keep the type and the places alone."""
    found = event.pop("exc_info", None)
    if isinstance(found, tuple) and found[1] is not None:
        event.update(describe_error(found[1]))
    elif isinstance(found, BaseException):
        event.update(describe_error(found))
    return event
