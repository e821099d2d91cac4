"""Values that JSON does not know, as scripts read them."""

from __future__ import annotations

import datetime as dt


def plain(value: object) -> object:
    """Times in ISO 8601, UTC; dates and times of day in ISO 8601. Raises TypeError for anything else."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value).__name__}")
