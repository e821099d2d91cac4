"""What a mail says, put together when it is sent: plain text, German or English, without anybody's name in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from flask import g
from flask_babel import force_locale, refresh
from flask_babel import gettext as _
from sqlalchemy import select

from portal.accounts.links import VALID_HOURS, find_link_account, link_to
from portal.core.crypto import VaultError, current_vault
from portal.core.database import db
from portal.core.idna_domains import mailable
from portal.core.settings import current_settings
from portal.domain.accounts import Account, Role
from portal.domain.notice_kinds import MailKind, MailState
from portal.domain.notices import Mail, Notice, secret_place
from portal.domain.rules.phase import Phase
from portal.domain.tenants import Tenant
from portal.mail.outbox import EXPIRED, GIVEN_UP_AFTER, OVERTAKEN, REFUSED, UNWANTED, VOID
from portal.notices.digests import OPERATORS_ZONE
from portal.notices.texts import words_of
from portal.webkit.labels import label_of
from portal.webkit.languages import moment, number

DIGEST_STALE_AFTER = dt.timedelta(hours=16)
"""By then it is the next morning, which has its own."""


class NoLongerNeeded(Exception):
    """Nobody wants the mail any more; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Email:
    """Subject and text."""

    subject: str
    text: str


def compose(mail_id: int, now: dt.datetime) -> EmailMessage:
    """The mail as it is handed to the server. Raises Unwanted."""
    mail = db.session.get_one(Mail, mail_id, populate_existing=True)
    account = db.session.get_one(Account, mail.account_id, populate_existing=True)
    if now - mail.created_at > GIVEN_UP_AFTER:
        raise NoLongerNeeded(EXPIRED)
    if account.disabled_at is not None:
        raise NoLongerNeeded(UNWANTED)
    if not account.gets_mails and mail.kind is not MailKind.ONE_TIME_LINK:
        raise NoLongerNeeded(UNWANTED)
    g.time_zone = account.tenant.time_zone if account.tenant else OPERATORS_ZONE
    refresh()
    with force_locale(language_of(account)):
        letter = _LETTERS[mail.kind](mail, account, now)
        return _envelope(mail, account, letter)


def language_of(account: Account) -> str:
    """The language of mails to this account."""
    return account.language or current_settings().locale


def _one_time_link(mail: Mail, account: Account, now: dt.datetime) -> Email:
    """The one mail that carries a secret: the token is in the outbox only sealed, and only until it is sent."""
    if mail.secret_sealed is None:
        raise NoLongerNeeded(VOID)
    try:
        token = current_vault().open(mail.secret_sealed, secret_place(mail.id)).decode()
    except VaultError:
        raise NoLongerNeeded(VOID) from None
    if find_link_account(token, now) != account.id:  # used, or made void by a newer one
        raise NoLongerNeeded(VOID)
    return Email(
        _("Jobbrücke: Passwort setzen"),
        _(
            "Guten Tag,\n\n"
            "mit diesem Link setzen Sie Ihr Passwort für Jobbrücke. Er gilt einmal und %(hours)s Stunden lang; ein "
            "neuer macht ihn ungültig:\n\n%(link)s\n\n"
            "Geben Sie ihn nicht weiter. Haben Sie ihn nicht erwartet, so fragen Sie Ihre Administration.",
            hours=VALID_HOURS,
            link=link_to(token),
        ),
    )


def _notice(mail: Mail, account: Account, now: dt.datetime) -> Email:  # noqa: ARG001 - one of a table
    notice = _notice_of(mail)
    if notice.closed_at is not None:
        raise NoLongerNeeded(OVERTAKEN)
    words = words_of(notice.kind, notice.level, notice.data)
    text = f"{words.text}\n\n{words.advice}\n\n{_address(words.path)}"
    return Email(_subject(notice, words.title), f"{text}\n\n{_where_to_stop()}")


def _recovery(mail: Mail, account: Account, now: dt.datetime) -> Email:  # noqa: ARG001
    """Only to whom the trouble was mailed: nobody else would know what is well again."""
    notice = _notice_of(mail)
    told = select(Mail.id).where(
        Mail.notice_id == notice.id,
        Mail.account_id == account.id,
        Mail.kind == MailKind.NOTICE,
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
    return Email(subject, f"{text}\n\n{_address(words.path)}\n\n{_where_to_stop()}")


def _digest(mail: Mail, account: Account, now: dt.datetime) -> Email:
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
        lines += ["", _address("/notices"), ""]
    lines.append(_where_to_stop())
    return Email(_("Jobbrücke: Was heute ansteht"), "\n".join(lines))


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


def _where_to_stop() -> str:
    sentence = _(
        "Diese Mails schalten Sie auf der Seite Ihres Kontos aus: %(link)s", link=_address("/account")
    )
    return str(sentence)


_LETTERS: dict[MailKind, Callable[[Mail, Account, dt.datetime], Email]] = {
    MailKind.NOTICE: _notice,
    MailKind.RECOVERY: _recovery,
    MailKind.DIGEST: _digest,
    MailKind.ONE_TIME_LINK: _one_time_link,
}


def _recipient(email: str) -> Address:
    """Raises ValueError, IndexError, HeaderParseError where no mail can have such an address."""
    address = mailable(email)
    if address.isascii():
        return Address(addr_spec=address)
    local, _at, domain = address.rpartition(
        "@"
    )  # for servers with SMTPUTF8; the parser knows older ones alone
    return Address(username=local, domain=domain)


def _envelope(mail: Mail, account: Account, letter: Email) -> EmailMessage:
    """Headers that tell machines what it is (RFC 3834), and a name that is the same each time it is tried."""
    name, address = parseaddr(current_settings().smtp_from or "")
    sender = Address(name or "Jobbrücke", addr_spec=mailable(address))
    message = EmailMessage()
    message["From"] = sender
    try:
        message["To"] = _recipient(account.email)
    except (ValueError, IndexError, HeaderParseError):  # people may be called what mail does not know
        raise NoLongerNeeded(REFUSED) from None
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<mail-{mail.id}-{int(mail.created_at.timestamp())}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(letter.text + "\n\n-- \nJobbrücke\n")
    message["Content-Language"] = language_of(account)  # last: setting the text drops headers of content
    return message
