"""An application whose mails go to a real server, and a worker's work done in the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.notices.models import Mail
from portal.notices.outbox import due_mails
from tests.support.database import make_settings, running_app
from tests.support.mail_server import MailServer, running_mail_server
from worker.mails import send_mail


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with running_mail_server() as server:
        yield server


def mail_settings(server_port: int, **overrides: object) -> dict[str, object]:
    """Settings that send mails to a server on loopback."""
    return {
        "public_url": "https://jobbruecke.example",
        "smtp_host": "127.0.0.1",
        "smtp_port": server_port,
        "smtp_tls": "none",
        "smtp_from": "Jobbrücke <jobbruecke@example.org>",
    } | overrides


@pytest.fixture
def mail_app(sqlite_url: str, tmp_path: Path, mail_server: MailServer) -> Iterator[Flask]:
    """An application on SQLite that sends mails."""
    with running_app(make_settings(sqlite_url, tmp_path, **mail_settings(mail_server.port))) as app:
        yield app


@pytest.fixture
def post() -> Callable[[], list[Mail]]:
    """Send what is due, as a worker would; the whole outbox afterwards."""
    return send_due


def send_due() -> list[Mail]:
    scope_to(EVERY_TENANT)
    due = due_mails(utcnow(), 100)
    commit()
    for mail_id in due:
        send_mail(mail_id)
    return outbox()


def outbox() -> list[Mail]:
    """Every mail as it is committed, oldest first."""
    scope_to(EVERY_TENANT)
    db.session.expire_all()
    found = list(db.session.query(Mail).order_by(Mail.id))
    commit()
    return found
