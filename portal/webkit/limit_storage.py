"""Where limits are counted: in Redis for all processes, and in each process as well, for when Redis takes no more.

A Redis that is full or read-only still answers what is read, so that nothing would ever be counted. Each process
therefore goes by the higher of both counts.
"""

from __future__ import annotations

import time
from typing import Any

import structlog
from limits.storage import MemoryStorage, RedisStorage
from redis.exceptions import RedisError

SCHEME = "counted-twice"
_REST_SECONDS = 5
"""After a failure Redis is not asked for so long, since a request waits for every answer that does not come."""
_KEYS = 50_000
"""Of a process's own counts; it begins anew before they take its memory. Those in Redis go on."""
log = structlog.get_logger()


class CountedTwice(RedisStorage):
    """Counts of the moving-window strategy. Never raises because of Redis."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 - as the library declares it

    def __init__(self, uri: str, *, redis_url: str, **options: Any) -> None:  # noqa: ARG002
        self._own = MemoryStorage()
        self._rests_until = 0.0
        super().__init__(redis_url, **options)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count one more, unless that is too many."""
        if len(self._own.events) > _KEYS:
            self._own.reset()
        own = self._own.acquire_entry(key, limit, expiry, amount)
        if self._rests():
            return own
        try:
            return super().acquire_entry(key, limit, expiry, amount) and own
        except (RedisError, OSError) as error:
            self._rest(error)
            return own

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the counted ones began, and how many they are."""
        own = self._own.get_moving_window(key, limit, expiry)
        if self._rests():
            return own
        try:
            shared = super().get_moving_window(key, limit, expiry)
        except (RedisError, OSError) as error:
            self._rest(error)
            return own
        return max(own, shared, key=lambda window: window[1])

    def _rests(self) -> bool:
        return time.monotonic() < self._rests_until

    def _rest(self, error: Exception) -> None:
        self._rests_until = time.monotonic() + _REST_SECONDS
        log.warning("limits_counted_here_alone", error=type(error).__name__)
