"""Times as the sandbox keeps them: aware, UTC, and as text that sorts."""

from datetime import UTC, datetime

_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def now_at() -> datetime:
    """Give the present moment in UTC."""
    return datetime.now(UTC)


def as_text(moment: datetime) -> str:
    """Give a moment as RFC 3339 text in UTC; texts sort like the moments."""
    return moment.astimezone(UTC).strftime(_FORMAT)


def from_text(text: str) -> datetime:
    """Give the moment that `as_text` wrote."""
    return datetime.strptime(text, _FORMAT).replace(tzinfo=UTC)
