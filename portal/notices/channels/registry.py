"""All ways of telling people. A channel without a specification keeps the program from starting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from portal.domain.notice_kinds import Channel
from portal.mail.outbox import due_mails
from portal.notices.channels import email
from portal.notices.channels.spec import ChannelSpec

SPECS: dict[Channel, ChannelSpec] = {module.SPEC.channel: module.SPEC for module in (email,)}
for _channel in Channel:
    if _channel not in SPECS:
        raise LookupError(f"the channel {_channel} has no specification")


def channels_in_use() -> list[ChannelSpec]:
    """The channels that the operator has set up."""
    return [spec for spec in SPECS.values() if spec.is_set()]


def due_messages(now: dt.datetime, limit: int) -> Sequence[int]:
    """Numbers of the messages that are due on these, the longest first."""
    return due_mails(now, limit, [spec.channel for spec in channels_in_use()])
