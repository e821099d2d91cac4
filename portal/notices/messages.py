"""What a message says, put together when it is sent: plain text, German or English, without names of people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from flask import g
from flask_babel import force_locale, refresh
from flask_babel import gettext as _
from sqlalchemy import select

from portal.accounts.links import VALID_HOURS, find_link_account, link_to
from portal.core.crypto import DecryptionError, current_keyring
from portal.core.database import db
from portal.core.settings import current_settings
from portal.domain.accounts import Account, Role
from portal.domain.notice_kinds import MailKind, MailState
from portal.domain.notices import Mail, Notice, secret_place
from portal.domain.rules.phase import Phase
from portal.domain.tenants import Tenant
from portal.mail.outbox import EXPIRED, GIVEN_UP_AFTER, OVERTAKEN, UNWANTED, VOID
from portal.notices.channels.registry import SPECS
from portal.notices.channels.spec import ChannelSpec, Message, NoLongerNeeded
from portal.notices.digests import OPERATORS_ZONE
from portal.notices.texts import words_of
from portal.webkit.labels import label_of
from portal.webkit.languages import moment, number

DIGEST_STALE_AFTER = dt.timedelta(hours=16)
"""By then it is the next morning, which has its own."""


def compose(mail_id: int, now: dt.datetime) -> Callable[[], None]:
    """Return what hands the message over, as its channel does. Raises NoLongerNeeded."""
    mail = db.session.get_one(Mail, mail_id, populate_existing=True)
    account = db.session.get_one(Account, mail.account_id, populate_existing=True)
    if now - mail.created_at > GIVEN_UP_AFTER:
        raise NoLongerNeeded(EXPIRED)
    spec = SPECS[mail.channel]
    if account.disabled_at is not None:
        raise NoLongerNeeded(UNWANTED)
    if mail.kind is not MailKind.ONE_TIME_LINK and not _wants(account, spec):
        raise NoLongerNeeded(UNWANTED)
    g.time_zone = account.tenant.time_zone if account.tenant else OPERATORS_ZONE
    refresh()
    with force_locale(language_of(account)):
        return spec.prepare(mail, account, _TEXTS[mail.kind](mail, account, now))


def _wants(account: Account, spec: ChannelSpec) -> bool:
    return db.session.scalar(select(Account.id).where(Account.id == account.id, spec.wanted())) is not None


def language_of(account: Account) -> str:
    """Return the language of mails to this account."""
    return account.language or current_settings().locale


def _one_time_link(mail: Mail, account: Account, now: dt.datetime) -> Message:
    """The one mail that carries a secret: the token is in the outbox only encrypted, and only until it is sent."""
    if mail.secret_encrypted is None:
        raise NoLongerNeeded(VOID)
    try:
        token = current_keyring().decrypt(mail.secret_encrypted, secret_place(mail.id)).decode()
    except DecryptionError:
        raise NoLongerNeeded(VOID) from None
    if find_link_account(token, now) != account.id:  # used, or made void by a newer one
        raise NoLongerNeeded(VOID)
    return Message(
        _("Jobbrücke: Passwort setzen"),
        _(
            "Guten Tag,\n\n"
            "mit diesem Link setzen Sie Ihr Passwort für Jobbrücke. Er gilt einmal und %(hours)s Stunden lang; ein "
            "neuer macht ihn ungültig:\n\n%(link)s\n\n"
            "Geben Sie ihn nicht weiter. Haben Sie ihn nicht erwartet, so fragen Sie Ihre Administration.",
            hours=VALID_HOURS,
            link=link_to(token),
        ),
        optional=False,
    )


def _notice(mail: Mail, account: Account, now: dt.datetime) -> Message:  # noqa: ARG001 - one of a table
    notice = _notice_of(mail)
    if notice.closed_at is not None:
        raise NoLongerNeeded(OVERTAKEN)
    words = words_of(notice.kind, notice.level, notice.data)
    text = f"{words.text}\n\n{words.advice}\n\n{_address(words.path)}"
    return Message(_subject(notice, words.title), text)


def _recovery(mail: Mail, account: Account, now: dt.datetime) -> Message:  # noqa: ARG001
    """Tell those to whom the trouble was mailed that it is over."""
    notice = _notice_of(mail)
    told = select(Mail.id).where(
        Mail.notice_id == notice.id,
        Mail.account_id == account.id,
        Mail.kind == MailKind.NOTICE,
        Mail.channel == mail.channel,
        Mail.state == MailState.SENT,
    )
    if db.session.scalar(told.limit(1)) is None:
        raise NoLongerNeeded(OVERTAKEN)
    words = words_of(notice.kind, notice.notified_level, notice.data)
    assert notice.closed_at is not None
    text = _(
        "Erledigt seit %(at)s: %(title)s. Zu tun ist nichts mehr.",
        at=moment(notice.closed_at),
        title=words.title,
    )
    subject = _subject(notice, _("Erledigt: %(title)s", title=words.title))
    return Message(subject, f"{text}\n\n{_address(words.path)}")


def _digest(mail: Mail, account: Account, now: dt.datetime) -> Message:
    if now - mail.created_at > DIGEST_STALE_AFTER:
        raise NoLongerNeeded(EXPIRED)
    query = select(Notice, Tenant).outerjoin(Tenant, Tenant.id == Notice.tenant_id)
    query = query.where(Notice.id.in_(mail.data.get("notices", [])), Notice.closed_at.is_(None))
    rows = db.session.execute(query.order_by(Notice.level.desc(), Notice.id)).all()
    counted: dict[str, int] = mail.data.get("people", {})
    if not rows and not counted:
        raise NoLongerNeeded(OVERTAKEN)
    lines = [_("Guten Morgen,"), ""]
    if counted:
        own = account.role is Role.CASEWORKER
        lines.append(
            _("von Ihren Personen brauchen jemanden:") if own else _("Personen, die jemanden brauchen:")
        )
        lines += [f"  {number(count)} × {label_of(Phase(name)).text}" for name, count in counted.items()]
        lines += ["", _address("/participants?action=1"), ""]
    if rows:
        lines.append(_("Offene Meldungen:"))
        for notice, tenant in ((row[0], row[1]) for row in rows):
            words = words_of(notice.kind, notice.level, notice.data)
            of = f"{tenant.name}: " if notice.tenant_id and account.tenant_id is None else ""
            lines.append(f"  - {of}{words.title}. {words.text}")
        lines += ["", _address("/notices")]
    return Message(_("Jobbrücke: Was heute ansteht"), "\n".join(lines))


def _notice_of(mail: Mail) -> Notice:
    found = db.session.get(Notice, mail.notice_id, populate_existing=True) if mail.notice_id else None
    if found is None:
        raise NoLongerNeeded(OVERTAKEN)
    return found


def _subject(notice: Notice, title: str) -> str:
    """Short names of tenants and numbers of deliveries may stand in it; nothing else would be of use in a list."""
    tenant = db.session.get(Tenant, notice.tenant_id) if notice.tenant_id else None
    return f"Jobbrücke{f' ({tenant.name})' if tenant else ''}: {title}"


def _address(path: str) -> str:
    return f"{current_settings().public_url}{path}"


_TEXTS: dict[MailKind, Callable[[Mail, Account, dt.datetime], Message]] = {
    MailKind.NOTICE: _notice,
    MailKind.RECOVERY: _recovery,
    MailKind.DIGEST: _digest,
    MailKind.ONE_TIME_LINK: _one_time_link,
}
