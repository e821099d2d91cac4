"""The outbox: mails wait as rows until a worker has sent them. Never commits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError

from portal.core.crypto import current_vault
from portal.core.database import db
from portal.core.queue import SEND_MAIL, enqueue_after_commit
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
"""From then on nobody would want to send it again."""
OVERDUE_AFTER = dt.timedelta(minutes=2)
"""No worker took it: cron sends it by itself."""

AWAY, REFUSED, DEFERRED, UNWANTED, VOID, EXPIRED, OVERTAKEN = (
    *("server-away", "recipient-refused", "recipient-deferred"),
    *("not-wanted", "link-void", "too-late", "overtaken"),
)


@dataclass(frozen=True)
class MailClaim:
    """The right to send one mail."""

    mail_id: int
    fence: int


def mails_are_set() -> bool:
    """Whether the operator named a mail server."""
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
    try:
        with db.session.begin_nested():
            db.session.add(mail)
    except IntegrityError:  # somebody was faster
        return None
    if secret is not None:
        mail.secret_sealed = current_vault().seal(secret.encode(), secret_place(mail.id))
        db.session.flush()
    enqueue_after_commit(SEND_MAIL, mail.id)
    return mail


def is_due(now: dt.datetime) -> ColumnElement[bool]:
    """Waiting mails that nobody is sending."""
    return and_(
        Mail.state == MailState.WAITING,
        Mail.due_at <= now,
        or_(Mail.lease_until.is_(None), Mail.lease_until < now),
    )


def due_mails(now: dt.datetime, limit: int, channels: Iterable[Channel]) -> Sequence[int]:
    """Numbers of the messages of these channels that are due, the longest first."""
    query = select(Mail.id).where(is_due(now), Mail.channel.in_(channels)).order_by(Mail.due_at, Mail.id)
    return db.session.scalars(query.limit(limit)).all()


def claim_mail(mail_id: int, now: dt.datetime) -> MailClaim | None:
    """Take a mail that is due, for the length of one attempt; None where it is not, or somebody has it."""
    fence = db.session.execute(
        update(Mail)
        .where(Mail.id == mail_id, is_due(now))
        .values(fence=Mail.fence + 1, attempts=Mail.attempts + 1, lease_until=now + LEASE)
        .returning(Mail.fence)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    return None if fence is None else MailClaim(mail_id, fence)


def note_sent(claim: MailClaim, now: dt.datetime) -> None:
    """The server has it. What waited because the server was away goes on at once."""
    channel = select(Mail.channel).where(Mail.id == claim.mail_id).scalar_subquery()
    _end(claim, state=MailState.SENT, sent_at=now, problem=None)
    db.session.execute(
        update(Mail)
        .where(
            Mail.state == MailState.WAITING, Mail.due_at > now, Mail.problem == AWAY, Mail.channel == channel
        )
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )


def give_mail_up(claim: MailClaim, problem: str) -> None:
    """It will never be sent."""
    _end(claim, state=MailState.GIVEN_UP, problem=problem)


def put_off(claim: MailClaim, problem: str, now: dt.datetime) -> dt.datetime:
    """Try again later; when. Where the server was away, the others wait, too: one at a time asks whether it is back."""
    mail = db.session.get_one(Mail, claim.mail_id, populate_existing=True)
    due_at = now + PAUSES[min(mail.attempts, len(PAUSES)) - 1]
    _end(claim, due_at=due_at, problem=problem)
    if problem == AWAY:
        db.session.execute(
            update(Mail)
            .where(
                is_due(due_at), Mail.due_at < due_at, Mail.id != claim.mail_id, Mail.channel == mail.channel
            )
            .values(due_at=due_at + dt.timedelta(seconds=1), problem=AWAY)
            .execution_options(synchronize_session=False)
        )
    return due_at


def _end(claim: MailClaim, **values: Any) -> bool:
    """End the attempt, unless somebody else has the mail by now."""
    if values.get("state") is not None:
        values["secret_sealed"] = None
    result = db.session.execute(
        update(Mail)
        .where(Mail.id == claim.mail_id, Mail.fence == claim.fence, Mail.state == MailState.WAITING)
        .values(lease_until=None, **values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return bool(result.rowcount)


def forget_mails(now: dt.datetime) -> None:
    """Delete what was sent or given up long ago."""
    old = (Mail.state != MailState.WAITING) & (Mail.created_at < now - FORGOTTEN_AFTER)
    db.session.execute(delete(Mail).where(old).execution_options(synchronize_session=False))
