"""Opens, worsens and closes notices as the rules want it, and has people told. Never commits."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError

from portal.core.database import db
from portal.domain.accounts import Account, Role
from portal.domain.notice_kinds import MailKind, NoticeKind
from portal.domain.notices import Mail, Notice
from portal.domain.participants import Participant
from portal.domain.releases import Registration
from portal.domain.rules.notice_facts import Facts
from portal.domain.rules.notices import Wanted, wanted
from portal.mail.outbox import put
from portal.notices.audience import FORGOTTEN_AFTER, PATIENCE, told
from portal.notices.channels.registry import channels_in_use
from portal.notices.channels.spec import ChannelSpec


def open_notices() -> dict[tuple[NoticeKind, str], Notice]:
    """What is open now, by kind and subject."""
    query = select(Notice).where(Notice.closed_at.is_(None)).execution_options(populate_existing=True)
    return {(it.kind, it.subject): it for it in db.session.scalars(query)}


def differs(facts: Facts, opened: dict[tuple[NoticeKind, str], Notice]) -> bool:
    """Return whether there is anything to write. Mostly there is not, and no write transaction is needed."""
    called_for = wanted(facts)
    for key, notice in opened.items():
        if key not in called_for or _is_new(notice, called_for[key]) or _is_to_be_told(notice, facts.now):
            return True
    return any(it.opens and key not in opened for key, it in called_for.items())


def keep_notices(facts: Facts) -> None:
    """Make the open notices those that the facts call for, and tell who is to be told. Harmless at the same time."""
    called_for, opened = wanted(facts), open_notices()
    for key, notice in opened.items():
        if key not in called_for:
            close(notice, facts.now)
        elif _is_new(notice, called_for[key]):
            _renew(notice, called_for[key])
    for key, it in called_for.items():
        if it.opens and key not in opened:
            _open(it, facts.now)
    db.session.flush()
    for notice in open_notices().values():
        if _is_to_be_told(notice, facts.now):
            _tell(notice, facts.now)


def _is_new(notice: Notice, it: Wanted) -> bool:
    return it.opens and (notice.level, notice.data) != (it.level, dict(it.data))


def _is_to_be_told(notice: Notice, now: dt.datetime) -> bool:
    patience = PATIENCE.get(notice.kind, dt.timedelta())
    return notice.level > notice.notified_level and now >= notice.opened_at + patience


def _open(it: Wanted, now: dt.datetime) -> None:
    notice = Notice(
        tenant_id=it.tenant_id,
        kind=it.kind,
        subject=it.subject,
        level=it.level,
        notified_level=0,
        data=dict(it.data),
        opened_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(notice)
    except IntegrityError:  # another process was faster, and tells
        return


def _renew(notice: Notice, it: Wanted) -> None:
    db.session.execute(
        update(Notice)
        .where(Notice.id == notice.id, Notice.closed_at.is_(None))
        .values(level=it.level, data=dict(it.data))
    )


def _tell(notice: Notice, now: dt.datetime) -> None:
    """Tell whom this is news to; one process alone gets through."""
    before = notice.notified_level
    if not _won(
        update(Notice)
        .where(Notice.id == notice.id, Notice.closed_at.is_(None), Notice.notified_level == before)
        .values(notified_level=notice.level, notified_at=now)
    ):
        return
    for spec in _channels(notice):
        for account in _told_accounts(notice, before, notice.level, spec):
            key = f"notice:{notice.id}:{notice.level}:{account.id}"
            put(MailKind.NOTICE, key, account, now, channel=spec.channel, notice=notice)


def close(notice: Notice, now: dt.datetime) -> None:
    """Close a notice and tell those who were told of it. One that was never mailed is deleted."""
    if not notice.notified_level:
        db.session.execute(delete(Notice).where(Notice.id == notice.id, Notice.notified_level == 0))
        return
    if not _won(
        update(Notice).where(Notice.id == notice.id, Notice.closed_at.is_(None)).values(closed_at=now)
    ):
        return
    for spec in _channels(notice):
        for account in _informed_accounts(notice, spec):
            key = f"notice:{notice.id}:closed:{account.id}"
            put(MailKind.RECOVERY, key, account, now, channel=spec.channel, notice=notice)


def _won(statement) -> bool:  # type: ignore[no-untyped-def]
    result = db.session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)
    return bool(result.rowcount)


def _channels(notice: Notice) -> list[ChannelSpec]:
    return [spec for spec in channels_in_use() if notice.kind not in spec.untold]


def _told_accounts(notice: Notice, above: int, level: int, spec: ChannelSpec) -> list[Account]:
    """Those of the tenant and of the operator who have a role that is told, and want to be told this way."""
    roles = told(notice.kind, above, level)
    query = select(Account).where(
        Account.role.in_(roles),
        or_(Account.tenant_id.is_(None), Account.tenant_id == notice.tenant_id),
        Account.disabled_at.is_(None),
        spec.wanted(),
    )
    found = list(db.session.scalars(query.order_by(Account.id)))
    if notice.kind is NoticeKind.ANSWERS_LATE:
        concerned = _caseworkers_who_wait(notice)
        found = [it for it in found if it.role is not Role.CASEWORKER or it.id in concerned]
    return found


def _informed_accounts(notice: Notice, spec: ChannelSpec) -> list[Account]:
    """Those who were told of the trouble this way, and want to be told still."""
    informed = select(Mail.account_id).where(
        Mail.notice_id == notice.id, Mail.kind == MailKind.NOTICE, Mail.channel == spec.channel
    )
    query = select(Account).where(Account.id.in_(informed), Account.disabled_at.is_(None), spec.wanted())
    return list(db.session.scalars(query.order_by(Account.id)))


def _caseworkers_who_wait(notice: Notice) -> set[int]:
    """The accounts whose own people wait for an answer: as caseworker by Kürzel, or as mediator."""
    waiting = Registration.waiting_since.is_not(None) & (Registration.tenant_id == notice.tenant_id)
    by_initials = (
        select(Account.id)
        .join(Participant, Participant.caseworker == Account.initials)
        .join(Registration, Registration.participant_id == Participant.id)
        .where(waiting, Account.tenant_id == notice.tenant_id, Participant.tenant_id == notice.tenant_id)
    )
    as_mediator = (
        select(Account.id)
        .join(Registration, Registration.mediator_id == Account.mediator_id)
        .where(waiting, Account.tenant_id == notice.tenant_id)
    )
    return {*db.session.scalars(by_initials.distinct()), *db.session.scalars(as_mediator.distinct())}


def forget_notices(now: dt.datetime) -> None:
    """Delete what has been well again for long."""
    db.session.execute(delete(Notice).where(Notice.closed_at < now - FORGOTTEN_AFTER))
