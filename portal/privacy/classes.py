"""What a column and a table may be to data protection: the words of the register. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sort(StrEnum):
    """What a column says about people."""

    PERSONAL = "personal"
    """About a person by itself: names, addresses, free text, initials."""
    PSEUDONYMOUS = "pseudonymous"
    """About a person whom only another table names."""
    TECHNICAL = "technical"
    """Not about a person."""


class Subjects(StrEnum):
    """Whom the rows of a table are about."""

    PARTICIPANTS = "participants"
    MEDIATORS = "mediators"
    """Employees of the provider, as Qualli.life names them."""
    ACCOUNTS = "accounts"
    """Users who may sign in."""
    NOBODY = "nobody"


class Purpose(StrEnum):
    TRANSFER = "transfer"
    IMPORT = "import"
    ACCESS = "access"
    ACCOUNTABILITY = "accountability"
    OPERATION = "operation"


class Retention(StrEnum):
    """How long the rows of a table are kept."""

    ACTIVITY = "activity"
    """The tenant's months after the last activity of the person."""
    PAYLOAD = "payload"
    """The tenant's days for what was sent."""
    IMPORT = "import"
    """Until the end of the import."""
    LEADING = "leading"
    """As long as Qualli.life leads it."""
    ACCOUNT = "account"
    SESSION = "session"
    SEARCH = "search"
    LINK = "link"
    BULK = "bulk"
    NOTICE = "notice"
    """Some time after what it announced of was over."""
    MAIL = "mail"
    CONTRACT = "contract"
    """As long as the tenant uses the system: for accountability."""
    DAY = "day"


@dataclass(frozen=True)
class Kept:
    """A table: whom it is about, what for, for how long, and its columns, names with spaces between them."""

    subjects: Subjects
    purpose: Purpose
    retention: Retention
    personal: str = ""
    pseudonymous: str = ""
    technical: str = ""

    def columns(self) -> dict[str, Sort]:
        """Every column but the keys, with what it is."""
        named = {
            Sort.PERSONAL: self.personal,
            Sort.PSEUDONYMOUS: self.pseudonymous,
            Sort.TECHNICAL: self.technical,
        }
        pairs = [(name, sort) for sort, names in named.items() for name in names.split()]
        if len({name for name, _sort in pairs}) != len(pairs):
            raise ValueError("a column is classified twice")
        return dict(pairs)
