"""A real SMTP server on loopback, that can be told to misbehave."""

from __future__ import annotations

# ruff: noqa: ARG002 - what the server hands to its hooks is given
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "bridge", "the password of the mail server"


class MailServer:
    """Keeps what it took. `answers` gives other answers to commands: by verb, how the server replies."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.refused: dict[str, str] = {}
        """By recipient: the answer to RCPT."""
        self.data_answer = "250 OK"
        self.break_off_at_data = False
        """Takes the mail, and is gone before it says so."""
        self.sessions = 0
        self.encrypted: list[bool] = []
        self.port = 0

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.sessions += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.data_answer.startswith("2"):
            found = message_from_bytes(cast("bytes", envelope.content), policy=policy.default)
            self.mails.append(cast("EmailMessage", found))
            self.recipients += envelope.rcpt_tos
            assert server.transport is not None
            self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        if self.break_off_at_data:
            assert server.transport is not None
            server.transport.abort()
        return self.data_answer

    def text(self, number: int = -1) -> str:
        """The text of a mail that arrived."""
        return str(self.mails[number].get_content())


def _know(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (
        *(USER.encode(), PASSWORD.encode()),
    )
    return AuthResult(success=known, handled=False)


@contextmanager
def running_mail_server(
    certificate: ssl.SSLContext | None = None,
    *,
    implicit: bool = False,
    knows: bool = False,
    port: int = 0,
    utf8: bool = False,
) -> Iterator[MailServer]:
    """The server while it runs: plain, with STARTTLS, or encrypted from the first byte; with SMTPUTF8 if wanted."""
    server = MailServer()
    more: dict[str, Any] = {"enable_SMTPUTF8": utf8}
    if certificate is not None and implicit:
        more["ssl_context"] = certificate
    elif certificate is not None:
        more |= {"tls_context": certificate, "require_starttls": True}
    if knows:
        more |= {"authenticator": _know, "auth_required": True, "auth_require_tls": certificate is not None}
    controller = _Controller(server, hostname="127.0.0.1", port=port, **more)
    controller.start()
    assert controller.server is not None
    server.port = controller.server.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        controller.stop()


class _Controller(Controller):
    """Any free port: the one that is asked for first is not known before."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
