"""What views need of the running sandbox."""

from dataclasses import dataclass

from flask import current_app

from sandbox.database import Database
from sandbox.processing import Processor

_NAME = "sandbox"


@dataclass(frozen=True)
class Services:
    """The database, the processor and the limits of one sandbox."""

    database: Database
    processor: Processor
    max_unpacked_bytes: int
    control_token: str | None
    allowed_hosts: frozenset[str]


def services() -> Services:
    """Give the services of the application that handles the present request."""
    found: Services = current_app.extensions[_NAME]
    return found
