"""What is done every so often about sessions."""

from __future__ import annotations

import datetime as dt

from portal.accounts.sessions import forget_sessions
from portal.core.jobs import Periodic
from portal.core.settings import current_settings


def forget_old_sessions(now: dt.datetime) -> None:
    """Delete the sessions that are longer than the settings allow."""
    forget_sessions(now, current_settings().session_limit_hours)


PERIODIC = (Periodic(forget_old_sessions),)
