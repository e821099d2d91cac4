"""The outbox: mails wait as rows until a worker has sent them. Never commits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.exc import IntegrityError

from portal.core.crypto import current_keyring
from portal.core.database import db
from portal.core.leases import Lease, is_free, take
from portal.core.queue import enqueue_after_commit
from portal.core.settings import current_settings
from portal.domain.accounts import Account
from portal.domain.notice_kinds import Channel, MailKind, MailState
from portal.domain.notices import Mail, Notice, secret_place

LEASE = dt.timedelta(seconds=50)
"""How long one attempt may take at most; `portal.mail.smtp` gives up well before."""
PAUSES = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
"""After failed attempts; the last one repeats."""
GIVEN_UP_AFTER = dt.timedelta(days=3)
FORGOTTEN_AFTER = dt.timedelta(days=30)
"""After so long a failed mail is not sent again."""
OVERDUE_AFTER = dt.timedelta(minutes=2)
"""No worker took it: cron sends it by itself."""

AWAY, REFUSED, DEFERRED, UNWANTED, VOID, EXPIRED, OVERTAKEN = (
    *("server-away", "recipient-refused", "recipient-deferred"),
    *("not-wanted", "link-void", "too-late", "overtaken"),
)


WAITING = Mail.state == MailState.WAITING


def mails_are_set() -> bool:
    """Return whether the operator named a mail server."""
    return current_settings().smtp_host is not None


def put(
    kind: MailKind,
    key: str,
    account: Account,
    now: dt.datetime,
    *,
    channel: Channel = Channel.EMAIL,
    notice: Notice | None = None,
    data: dict[str, Any] | None = None,
    secret: str | None = None,
) -> Mail | None:
    """Put a message into the outbox, to be sent after commit. Return None if it was put there before."""
    mail = Mail(
        tenant_id=account.tenant_id,
        channel=channel,
        key=key,
        kind=kind,
        account_id=account.id,
        notice_id=notice.id if notice else None,
        data=data or {},
        created_at=now,
        due_at=now,
    )
    if not _insert(mail):
        return None
    if secret is not None:
        mail.secret_encrypted = current_keyring().encrypt(secret.encode(), secret_place(mail.id))
        db.session.flush()
    enqueue_after_commit(Mail, mail.id)
    return mail


def _insert(mail: Mail) -> bool:
    """Return False if another process was first."""
    try:
        with db.session.begin_nested():
            db.session.add(mail)
    except IntegrityError:
        return False
    return True


def is_due(now: dt.datetime) -> ColumnElement[bool]:
    """In SQL: waiting mails that are due and not leased."""
    return and_(WAITING, Mail.due_at <= now, is_free(Mail, now))


def due_mails(now: dt.datetime, limit: int, channels: Iterable[Channel]) -> Sequence[int]:
    """Numbers of the messages of these channels that are due, the longest first."""
    query = select(Mail.id).where(is_due(now), Mail.channel.in_(channels)).order_by(Mail.due_at, Mail.id)
    return db.session.scalars(query.limit(limit)).all()


def claim_mail(mail_id: int, now: dt.datetime) -> Lease[Mail] | None:
    """Acquire the lease of a due mail for one attempt. Return None if it is not due or another process has it."""
    return take(Mail, mail_id, now, LEASE.seconds, is_due(now), attempts=Mail.attempts + 1)


def note_sent(mail: Mail, now: dt.datetime) -> None:
    """The server has it. What waited because the server was away goes on at once."""
    _end(mail, MailState.SENT, None)
    mail.sent_at = now
    db.session.execute(
        update(Mail)
        .where(WAITING, Mail.due_at > now, Mail.problem == AWAY, Mail.channel == mail.channel)
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )


def give_mail_up(mail: Mail, problem: str) -> None:
    """It will never be sent."""
    _end(mail, MailState.GIVEN_UP, problem)


def _end(mail: Mail, state: MailState, problem: str | None) -> None:
    mail.state, mail.problem, mail.lease_until, mail.secret_encrypted = state, problem, None, None


def put_off(mail: Mail, problem: str, now: dt.datetime) -> None:
    """Try again later. Where the server was away, the others wait, too: one at a time asks whether it is back."""
    mail.due_at = due_at = now + PAUSES[min(mail.attempts, len(PAUSES)) - 1]
    mail.problem, mail.lease_until = problem, None
    if problem == AWAY:
        db.session.execute(
            update(Mail)
            .where(is_due(due_at), Mail.due_at < due_at, Mail.id != mail.id, Mail.channel == mail.channel)
            .values(due_at=due_at + dt.timedelta(seconds=1), problem=AWAY)
            .execution_options(synchronize_session=False)
        )


def forget_mails(now: dt.datetime) -> None:
    """Delete what was sent or given up long ago."""
    old = (Mail.state != MailState.WAITING) & (Mail.created_at < now - FORGOTTEN_AFTER)
    db.session.execute(delete(Mail).where(old).execution_options(synchronize_session=False))
