"""Mails of the outbox, sent one by one; a killed worker's mail is sent by the next, under the same Message-ID."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import structlog

from portal.core.database import EVERY_TENANT, commit, reading, rollback, scope_to, utcnow
from portal.core.jobs import Job, Periodic
from portal.core.leases import Lease, LeaseLost
from portal.domain.notices import Mail
from portal.mail.errors import MailError, RecipientRefused, ServerAway
from portal.mail.outbox import (
    AWAY,
    DEFERRED,
    OVERDUE_AFTER,
    REFUSED,
    WAITING,
    claim_mail,
    forget_mails,
    give_mail_up,
    note_sent,
    put_off,
)
from portal.notices.channels.registry import channels_in_use, due_messages
from portal.notices.channels.spec import NoLongerNeeded
from portal.notices.evaluate import forget, look
from portal.notices.messages import compose

log = structlog.get_logger()


def send_mail(mail_id: int) -> bool:
    """Send a mail that is due; whether the server is there. Harmless when run twice, or at the same time."""
    scope_to(EVERY_TENANT)
    if not channels_in_use():
        return False
    held = claim_mail(mail_id, utcnow())
    commit()
    if held is None:
        return True
    try:
        return _send(held)
    except LeaseLost:
        log.info("claim_lost", mail=mail_id)
        return True


def _send(held: Lease[Mail]) -> bool:
    try:
        with reading():
            hand_over = compose(held.row_id, utcnow())
            commit()
    except NoLongerNeeded as unwanted:
        rollback()
        with held.step(WAITING) as mail:
            give_mail_up(mail, unwanted.code)
        log.info("mail_given_up", mail=held.row_id, reason=unwanted.code)
        return True
    return _hand_over(held, hand_over)


def _hand_over(held: Lease[Mail], hand_over: Callable[[], None]) -> bool:
    """No transaction is open while the server is spoken to."""
    try:
        hand_over()
    except RecipientRefused as error:
        with held.step(WAITING) as mail:
            give_mail_up(mail, REFUSED)
        log.warning("mail_refused", mail=held.row_id, reason=str(error))
    except MailError as error:
        away = isinstance(error, ServerAway)
        with held.step(WAITING) as mail:
            put_off(mail, AWAY if away else DEFERRED, utcnow())
        log.warning("mail_put_off", mail=held.row_id, reason=str(error), server_away=away)
        return not away
    else:
        with held.step(WAITING) as mail:
            note_sent(mail, utcnow())
        log.info("mail_sent", mail=held.row_id)
    return True


def send_overdue(now: dt.datetime, limit: int = 5) -> None:
    """Send what no worker took: Redis may be away, or the workers, and that is just what the mails tell of."""
    if not channels_in_use():
        return
    scope_to(EVERY_TENANT)
    with reading():
        due = due_messages(now - OVERDUE_AFTER, limit)
        commit()
    for mail_id in due:
        if not send_mail(mail_id):
            return


JOBS = (Job(Mail, due_messages, send_mail),)
PERIODIC = (Periodic(forget_mails), Periodic(look), Periodic(forget), Periodic(send_overdue, slow=True))
