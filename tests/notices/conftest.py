"""An application whose mails go to a real server, and a worker's work done in the test."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.domain.accounts import Account, Role
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryProblem, DeliveryState, Mode, Trigger
from portal.domain.notice_kinds import Channel, MailKind, NoticeKind
from portal.domain.notices import Mail, Notice
from portal.domain.participants import Participant
from portal.domain.releases import Registration
from portal.domain.tenants import Connection, Heartbeat, Tenant
from portal.mail.outbox import due_mails
from portal.notices import evaluate as watching
from portal.notices.jobs import send_mail
from tests.support.database import Cast, make_cast, make_settings, running_app
from tests.support.factories import make_account, make_person
from tests.support.mail_server import MailServer, running_mail_server

TUESDAY = dt.datetime(2026, 3, 3, 5, 0, tzinfo=dt.UTC)
"""Before the morning's mails."""
DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)


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
    due = due_mails(utcnow(), 100, Channel)
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


@pytest.fixture
def house(mail_app: Flask) -> Cast:
    """Everybody who may be told, and processes that live."""
    cast = make_cast()
    for name, role, tenant_id in (
        ("caseworker", Role.CASEWORKER, cast.alpha),
        ("colleague", Role.CASEWORKER, cast.alpha),
        ("supervisor", Role.SUPERVISOR, cast.alpha),
        ("administrator", Role.ADMINISTRATOR, cast.alpha),
        ("stranger", Role.SUPERVISOR, cast.beta),
        ("support", Role.SUPPORT, None),
    ):
        make_account(name, role, tenant_id)
    for tenant in db.session.scalars(select(Tenant)):
        db.session.add(lasting_process(tenant.id))
    commit()
    return cast


def lasting_process(tenant_id: int) -> Heartbeat:
    """A process for each tenant, so that none is missed: far ahead of every time that the tests travel to."""
    far = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    kind = ("worker", "cron")[tenant_id % 2]
    return Heartbeat(name=f"{kind}:1", kind=kind, started_at=far, seen_at=far)


def connection_of(tenant_id: int) -> Connection:
    scope_to(EVERY_TENANT)
    return db.session.query(Connection).filter_by(tenant_id=tenant_id).one()


def look() -> None:
    watching.look(utcnow())


def notices() -> list[tuple[NoticeKind, int, bool]]:
    """Kind, told level, and whether it is open; oldest first."""
    scope_to(EVERY_TENANT)
    db.session.expire_all()
    found = [
        (it.kind, it.notified_level, it.closed_at is None)
        for it in db.session.query(Notice).order_by(Notice.id)
    ]
    commit()
    return found


def told(kind: MailKind) -> list[str]:
    """Who has a mail of this kind in the outbox, by name."""
    names = {it.id: it.email.partition("@")[0] for it in db.session.query(Account)}
    return [names[mail.account_id] for mail in outbox() if mail.kind is kind]


def wait_since(tenant_id: int, since: dt.datetime) -> int:
    """Somebody of the caseworker waits for an answer."""
    scope_to(EVERY_TENANT)
    person = make_person(tenant_id, f"77{tenant_id}", "Muster", "Erika")
    db.session.get_one(Participant, person).caseworker = "CAS"
    db.session.add(
        Registration(
            tenant_id=tenant_id,
            connection_id=connection_of(tenant_id).id,
            participant_id=person,
            released=True,
            announced=True,
            waiting_since=since,
        )
    )
    commit()
    return person


def held(tenant_id: int, sequence: int = 1) -> Delivery:
    scope_to(EVERY_TENANT)
    row = Delivery(
        tenant_id=tenant_id,
        connection_id=connection_of(tenant_id).id,
        sequence=sequence,
        mode=Mode.FULL,
        cause=Trigger.NIGHTLY,
        started_by="system",
        state=DeliveryState.HELD,
        problem=DeliveryProblem.BRAKE,
        idempotency_key=f"k{tenant_id}{sequence}",
        created_at=utcnow(),
    )
    db.session.add(row)
    commit()
    return row
