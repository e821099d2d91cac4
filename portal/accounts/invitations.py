"""One-time links by mail. Never commits."""

from __future__ import annotations

import datetime as dt
import hashlib

from portal.domain.accounts import Account
from portal.domain.notice_kinds import MailKind
from portal.mail.outbox import mails_are_set, put


def mail_link(account: Account, token: str, now: dt.datetime) -> bool:
    """Put a link into the outbox, encrypted, and drop an earlier one that waits. Return whether it will be mailed."""
    key = f"link:{account.id}:{hashlib.sha256(token.encode()).hexdigest()[:24]}"
    if not mails_are_set():
        return False
    return put(MailKind.ONE_TIME_LINK, key, account, now, secret=token) is not None
