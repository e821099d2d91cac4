"""When the end of a token of the HTTP door is announced. Pure."""

from __future__ import annotations

import datetime as dt

STAGES = (14, 3)
"""Days before its end; then once more when it has ended."""


def token_ending(made_at: dt.datetime, ends_at: dt.datetime, now: dt.datetime) -> int:
    """How near the end of a token is, as a level: 0 while it is far, and one more than the stages once it is past.

    A token made for fewer days than a stage is not announced at that stage: its maker has just set that date.
    """
    if ends_at <= now:
        return len(STAGES) + 1
    stages = ((level, dt.timedelta(days=days)) for level, days in enumerate(STAGES, 1))
    reached = (level for level, left in stages if ends_at - now <= left < ends_at - made_at)
    return max(reached, default=0)
