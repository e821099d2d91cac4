"""Mails of the outbox, sent one by one; a killed worker's mail is sent by the next, under the same Message-ID."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from email.message import EmailMessage

import structlog

from portal.core.database import EVERY_TENANT, commit, reading, rollback, scope_to, utcnow
from portal.core.jobs import Job, Periodic
from portal.core.leases import Lease, LeaseLost
from portal.core.settings import current_settings
from portal.domain.notices import Mail
from portal.mail import smtp
from portal.mail.outbox import (
    AWAY,
    DEFERRED,
    OVERDUE_AFTER,
    REFUSED,
    WAITING,
    claim_mail,
    due_mails,
    forget_mails,
    give_mail_up,
    mails_are_set,
    note_sent,
    put_off,
)
from portal.notices.evaluate import forget, look
from portal.notices.letters import NoLongerNeeded, compose

log = structlog.get_logger()


def send_mail(mail_id: int) -> bool:
    """Send a mail that is due; whether the server is there. Harmless when run twice, or at the same time."""
    scope_to(EVERY_TENANT)
    if not mails_are_set():
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
            message = compose(held.row_id, utcnow())
            commit()
    except NoLongerNeeded as unwanted:
        rollback()
        with held.step(WAITING) as mail:
            give_mail_up(mail, unwanted.code)
        log.info("mail_given_up", mail=held.row_id, reason=unwanted.code)
        return True
    return _hand_over(held, message)


def _hand_over(held: Lease[Mail], message: EmailMessage) -> bool:
    """No transaction is open while the server is spoken to."""
    try:
        smtp.send(current_settings(), message)
    except smtp.RecipientRefused as error:
        with held.step(WAITING) as mail:
            give_mail_up(mail, REFUSED)
        log.warning("mail_refused", mail=held.row_id, reason=str(error))
    except smtp.MailError as error:
        away = isinstance(error, smtp.ServerAway)
        with held.step(WAITING) as mail:
            put_off(mail, AWAY if away else DEFERRED, utcnow())
        log.warning("mail_put_off", mail=held.row_id, reason=str(error), server_away=away)
        return not away
    else:
        with held.step(WAITING) as mail:
            note_sent(mail, utcnow())
        log.info("mail_sent", mail=held.row_id)
    return True


def due(now: dt.datetime, limit: int) -> Sequence[int]:
    """Return the mails that are due, the longest first; none where the operator named no mail server."""
    return due_mails(now, limit) if mails_are_set() else ()


def send_overdue(now: dt.datetime, limit: int = 5) -> None:
    """Send what no worker took: Redis may be away, or the workers, and that is just what the mails tell of."""
    if not mails_are_set():
        return
    scope_to(EVERY_TENANT)
    with reading():
        due = due_mails(now - OVERDUE_AFTER, limit)
        commit()
    for mail_id in due:
        if not send_mail(mail_id):
            return


JOBS = (Job(Mail, due, send_mail),)
PERIODIC = (Periodic(forget_mails), Periodic(look), Periodic(forget), Periodic(send_overdue, slow=True))
