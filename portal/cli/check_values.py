"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    """Works, but may need attention."""
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    name: str
    """What was looked at; stable, for scripts."""
    level: Level
    message: str
    advice: str = ""
    """What to do."""
    tenant: str | None = None

    def subject(self) -> str:
        return f"{self.tenant} {self.name}" if self.tenant else self.name

    def values(self) -> dict[str, str | None]:
        return {
            "check": self.name,
            "tenant": self.tenant,
            "level": self.level.value,
            "message": self.message,
            "advice": self.advice or None,
        }
