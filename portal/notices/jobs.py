"""Mails of the outbox, sent one by one; a killed worker's mail is sent by the next, under the same Message-ID."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from portal.core.database import EVERY_TENANT, commit, reading, rollback, scope_to, utcnow
from portal.mail.errors import MailError, RecipientRefused, ServerAway
from portal.mail.outbox import (
    AWAY,
    DEFERRED,
    OVERDUE_AFTER,
    REFUSED,
    MailClaim,
    claim_mail,
    give_mail_up,
    note_sent,
    put_off,
)
from portal.notices.channels.registry import channels_in_use, due_messages
from portal.notices.channels.spec import NoLongerNeeded
from portal.notices.messages import compose

log = structlog.get_logger()


def send_mail(mail_id: int) -> bool:
    """Send a mail that is due; whether the server is there. Harmless when run twice, or at the same time."""
    scope_to(EVERY_TENANT)
    if not channels_in_use():
        return False
    held = claim_mail(mail_id, utcnow())
    commit("mail.claimed")
    if held is None:
        return True
    try:
        with reading():
            hand_over = compose(mail_id, utcnow())
            commit("mail.composed")
    except NoLongerNeeded as unwanted:
        rollback()
        give_mail_up(held, unwanted.code)
        commit("mail.unwanted")
        log.info("mail_given_up", mail=mail_id, reason=unwanted.code)
        return True
    return _hand_over(held, hand_over)


def _hand_over(held: MailClaim, hand_over: Callable[[], None]) -> bool:
    """No transaction is open while the server is spoken to."""
    try:
        hand_over()
    except RecipientRefused as error:
        give_mail_up(held, REFUSED)
        log.warning("mail_refused", mail=held.mail_id, reason=str(error))
    except MailError as error:
        away = isinstance(error, ServerAway)
        put_off(held, AWAY if away else DEFERRED, utcnow())
        commit("mail.put-off")
        log.warning("mail_put_off", mail=held.mail_id, reason=str(error), server_away=away)
        return not away
    else:
        note_sent(held, utcnow())
        log.info("mail_sent", mail=held.mail_id)
    commit("mail.noted")
    return True


def send_overdue(limit: int = 5) -> None:
    """Send what no worker took: Redis may be away, or the workers, and that is just what the mails tell of."""
    if not channels_in_use():
        return
    scope_to(EVERY_TENANT)
    with reading():
        due = due_messages(utcnow() - OVERDUE_AFTER, limit)
        commit("mail.overdue")
    for mail_id in due:
        if not send_mail(mail_id):
            return
