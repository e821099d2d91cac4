"""The day on which the tests' tenants live."""

from __future__ import annotations

import datetime as dt

from portal.core.database import utcnow
from portal.domain.rules.workdays import local_date


def today() -> dt.date:
    """Today's date in the tests' tenants, which for an hour or two each night is not the one of UTC."""
    return local_date(utcnow(), "Europe/Berlin")
