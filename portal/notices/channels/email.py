"""E-mail: plain text by SMTP, for accounts that did not switch it off."""

from __future__ import annotations

from collections.abc import Callable
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import partial

from flask_babel import get_locale
from flask_babel import gettext as _

from portal.core.idna_domains import mailable
from portal.core.settings import current_settings
from portal.domain.accounts import Account
from portal.domain.notice_kinds import Channel, NoticeKind
from portal.domain.notices import Mail
from portal.mail import smtp
from portal.mail.outbox import REFUSED, mails_are_set
from portal.notices.channels.spec import ChannelSpec, Message, NoLongerNeeded


def _prepare(mail: Mail, account: Account, message: Message) -> Callable[[], None]:
    return partial(smtp.send, current_settings(), _envelope(mail, account, message))


def _envelope(mail: Mail, account: Account, message: Message) -> EmailMessage:
    """Headers that tell machines what it is (RFC 3834), and a name that is the same each time it is tried."""
    name, address = parseaddr(current_settings().smtp_from or "")
    sender = Address(name or "Jobbrücke", addr_spec=mailable(address))
    envelope = EmailMessage()
    envelope["From"] = sender
    try:
        envelope["To"] = _recipient(account.email)
    except (ValueError, IndexError, HeaderParseError):  # people may be called what mail does not know
        raise NoLongerNeeded(REFUSED) from None
    envelope["Subject"] = message.subject
    envelope["Date"] = format_datetime(mail.created_at)
    envelope["Message-ID"] = f"<mail-{mail.id}-{int(mail.created_at.timestamp())}@{sender.domain}>"
    envelope["Auto-Submitted"] = "auto-generated"
    envelope["X-Auto-Response-Suppress"] = "All"
    text = f"{message.text}\n\n{_where_to_stop()}" if message.optional else message.text
    envelope.set_content(text + "\n\n-- \nJobbrücke\n")
    envelope["Content-Language"] = str(get_locale())  # last: setting the text drops headers of content
    return envelope


def _recipient(email: str) -> Address:
    """Raises ValueError, IndexError, HeaderParseError where no mail can have such an address."""
    address = mailable(email)
    if address.isascii():
        return Address(addr_spec=address)
    # For servers with SMTPUTF8; the parser knows older ones alone.
    local, _at, domain = address.rpartition("@")
    return Address(username=local, domain=domain)


def _where_to_stop() -> str:
    link = f"{current_settings().public_url}/account"
    return str(_("Diese Mails schalten Sie auf der Seite Ihres Kontos aus: %(link)s", link=link))


SPEC = ChannelSpec(
    channel=Channel.EMAIL,
    is_set=mails_are_set,
    wanted=lambda: Account.gets_mails.is_(True),
    prepare=_prepare,
    untold=frozenset({NoticeKind.MAIL_SILENT}),
)
