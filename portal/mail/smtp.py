"""The mail server's client: its errors are types, its time and its answers are bounded, its certificate is checked."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import parseaddr

from portal.core.idna_domains import ascii_domain
from portal.core.settings import MailEncryption, Settings
from portal.mail.errors import MailError, RecipientDeferred, RecipientRefused, ServerAway

CONNECT_SECONDS = 10
ANSWER_SECONDS = 25
"""For one answer: servers look into a mail before they take it."""
OVERALL_SECONDS = 40
"""For a whole mail, however slowly the server speaks; below the lease of an attempt (portal.mail.outbox)."""

_BAD_RECIPIENT = frozenset({550, 551, 553, 501, 555})
"""Answers that no later attempt changes (RFC 5321, 4.2.3). 552 and 554 may be about the mail or about us."""


def send(settings: Settings, message: EmailMessage) -> None:
    """Hand a mail to the server. Raises MailError."""
    with _session(settings) as server:
        _hand_over(server, message)


def greet(settings: Settings) -> None:
    """Connect, encrypt and sign in, and send nothing. Raises ServerAway."""
    with _session(settings) as server:
        code = server.noop()[0]
        if code != 250:
            raise ServerAway("unexpected-answer")


class _Plain(smtplib.SMTP):
    """A connection whose socket is put under the deadline before the first byte is read from it."""

    def __init__(self, settings: Settings, under_deadline: Callable[[socket.socket], None]) -> None:
        self._settings, self._under_deadline = settings, under_deadline
        assert settings.smtp_host is not None
        host = ascii_domain(settings.smtp_host)
        super().__init__(host, settings.smtp_port, _own_name(settings), timeout=CONNECT_SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        found = socket.create_connection((host, port), timeout)
        self._under_deadline(found)
        found.settimeout(ANSWER_SECONDS)
        return self._wrap(found, host)

    def _wrap(self, found: socket.socket, host: str) -> socket.socket:  # noqa: ARG002
        return found


class _Encrypted(_Plain):
    """The same, encrypted from the first byte."""

    def _wrap(self, found: socket.socket, host: str) -> socket.socket:
        return _trust(self._settings).wrap_socket(found, server_hostname=host)


@contextmanager
def _session(settings: Settings) -> Iterator[smtplib.SMTP]:
    """A session that ends in time, and whose errors are ours."""
    kind = _Encrypted if settings.smtp_tls is MailEncryption.TLS else _Plain
    try:
        with _deadline() as under_deadline:
            server = kind(settings, under_deadline)
            try:
                _begin(server, settings)
                yield server
                with suppress(smtplib.SMTPException, OSError):  # the mail is handed over already
                    server.quit()
            finally:
                server.close()
    except MailError:
        raise
    except smtplib.SMTPAuthenticationError:
        raise ServerAway("sign-in-refused") from None
    except smtplib.SMTPNotSupportedError:
        raise ServerAway("not-supported") from None
    except ssl.SSLError:
        raise ServerAway("not-encrypted") from None
    except TimeoutError:
        raise ServerAway("no-answer") from None
    except (ConnectionRefusedError, socket.gaierror):
        raise ServerAway("not-reachable") from None
    except (smtplib.SMTPException, OSError, ValueError):  # ValueError: rubbish where a number should be
        raise ServerAway("broken-off") from None


@contextmanager
def _deadline() -> Iterator[Callable[[socket.socket], None]]:
    """Shut the socket down at the deadline, even during a read; by a copy, since TLS takes the socket over."""
    copies: list[socket.socket] = []

    def shut_down() -> None:
        for copy in copies:
            with suppress(OSError):
                copy.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(OVERALL_SECONDS, shut_down)
    timer.daemon = True
    timer.start()
    try:
        yield lambda found: copies.append(found.dup())
    finally:
        timer.cancel()
        timer.join()
        for copy in copies:
            copy.close()


def _begin(server: smtplib.SMTP, settings: Settings) -> None:
    server.ehlo_or_helo_if_needed()
    if settings.smtp_tls is MailEncryption.STARTTLS:
        server.starttls(context=_trust(settings))
        server.ehlo_or_helo_if_needed()
    if settings.smtp_user and settings.smtp_password:
        server.login(settings.smtp_user, settings.smtp_password.get_secret_value())


def _hand_over(server: smtplib.SMTP, message: EmailMessage) -> None:
    try:
        server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()))[0]
        raise (RecipientRefused if code in _BAD_RECIPIENT else RecipientDeferred)(str(code)) from None
    except smtplib.SMTPSenderRefused as error:
        raise ServerAway(f"sender-{error.smtp_code}") from None
    except smtplib.SMTPNotSupportedError:  # an address that wants SMTPUTF8
        raise RecipientRefused("not-supported") from None
    except smtplib.SMTPDataError as error:
        raise (RecipientDeferred if 400 <= error.smtp_code < 500 else RecipientRefused)(
            str(error.smtp_code)
        ) from None


def _trust(settings: Settings) -> ssl.SSLContext:
    """Certificates are checked, and there is no switch to turn that off."""
    return ssl.create_default_context(cafile=settings.smtp_ca_file)


def _own_name(settings: Settings) -> str:
    """What we call ourselves: the sender's domain, rather than the name of this machine, which needs a look-up."""
    domain = parseaddr(settings.smtp_from or "")[1].rpartition("@")[2]
    return ascii_domain(domain) or "localhost"
