"""What distinguishes one way of telling people from another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement

from portal.domain.accounts import Account
from portal.domain.notice_kinds import Channel, NoticeKind
from portal.domain.notices import Mail


class NoLongerNeeded(Exception):
    """The message is no longer needed; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Message:
    """Subject and text, in the language of the account."""

    subject: str
    text: str
    optional: bool = True
    """Whether the account may switch it off, so that the text has to say where."""


@dataclass(frozen=True)
class ChannelSpec:
    """One way to tell people."""

    channel: Channel
    is_set: Callable[[], bool]
    """Whether the operator has set it up; without that nothing is put into its outbox."""
    wanted: Callable[[], ColumnElement[bool]]
    """The accounts that want to be told this way."""
    prepare: Callable[[Mail, Account, Message], Callable[[], None]]
    """Make a message ready, within a transaction. What it returns hands the message over outside of one, and raises
    MailError (portal.mail.errors); NoLongerNeeded where no message can reach the account."""
    untold: frozenset[NoticeKind] = frozenset()
    """Notices that this would be the wrong way to tell of."""
