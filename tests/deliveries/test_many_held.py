"""The brake holds the deliveries of many tenants in one night: support is told once, by page and by mail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.deliveries.approval import approve
from portal.domain.accounts import Role
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryProblem, DeliveryState
from portal.domain.tenants import Heartbeat, Tenant
from tests.deliveries.test_braking import MONDAY, tell, vanish
from tests.notices.conftest import mail_settings, send_due
from tests.support.bridge import SUPERVISOR, Bridge, build_bridge
from tests.support.database import make_settings, running_app
from tests.support.factories import make_account
from tests.support.mail_server import MailServer, running_mail_server
from tests.support.pages import Browser
from tests.support.sandbox import SandboxServer
from worker import schedule

SLUGS = ("alpha", "beta", "gamma", "delta")
TEN_IN_THE_EVENING = MONDAY + dt.timedelta(hours=12)
TITLE = "Viele Übertragungen sind angehalten"


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with running_mail_server() as server:
        yield server


@pytest.fixture
def mailing(
    sqlite_url: str, tmp_path: Path, sandbox: SandboxServer, mail_server: MailServer
) -> Iterator[Flask]:
    urls = {"network_jobnetzwerk_url": sandbox.url, "network_job4you_url": sandbox.url}
    settings = make_settings(sqlite_url, tmp_path, **urls, **mail_settings(mail_server.port))
    with running_app(settings) as app:
        yield app


def furnish(sandbox: SandboxServer) -> list[Bridge]:
    """Four tenants, each with a supervisor and ten people online, of whom four have vanished; one is as it was."""
    bridges = []
    for slug in SLUGS:
        bridge = build_bridge(sandbox, slug=slug)
        people = tell(bridge, 10)
        if slug != SLUGS[-1]:
            vanish(bridge, people[:4])
        scope_to(EVERY_TENANT)
        make_account(f"of-{slug}", Role.SUPERVISOR, bridge.tenant_id)
        bridges.append(bridge)
    make_account("support", Role.SUPPORT, None)
    far = utcnow() + dt.timedelta(days=9)
    for kind in ("worker", "cron"):
        db.session.add(Heartbeat(name=f"{kind}:1", kind=kind, started_at=far, seen_at=far))
    db.session.query(Tenant).update({"next_transfer_at": utcnow()})
    commit()
    return bridges


def night(bridges: list[Bridge]) -> None:
    """What cron and workers do in a quarter of an hour and more."""
    schedule.sweep()
    for bridge in bridges:
        scope_to(bridge.tenant_id)
        bridge.work()
    schedule.sweep()


def to_support(server: MailServer) -> list[str]:
    found = [it for it in server.mails if str(it["To"]) == "support@example.org"]
    return [str(it["Subject"]) for it in found if TITLE in str(it["Subject"])]


def held() -> list[Delivery]:
    scope_to(EVERY_TENANT)
    return db.session.query(Delivery).filter_by(state=DeliveryState.HELD).order_by(Delivery.id).all()


def test_support_is_told_once_of_a_night_in_which_many_are_held(
    mailing: Flask, sandbox: SandboxServer, mail_server: MailServer
) -> None:
    with time_machine.travel(TEN_IN_THE_EVENING, tick=False) as clock:
        bridges = furnish(sandbox)
        night(bridges)
        first = held()
        assert [it.problem for it in first] == [DeliveryProblem.BRAKE] * 3, "the fourth goes its way"
        for _ in range(3):
            clock.shift(dt.timedelta(minutes=16))
            schedule.sweep()
            send_due()
        assert to_support(mail_server) == [f"Jobbrücke: {TITLE}"]
        (mail,) = [it for it in mail_server.mails if TITLE in str(it["Subject"])]
        assert "alpha, beta, gamma" in str(mail.get_content())
        announced = [
            (str(it["To"]), str(it["Subject"])) for it in mail_server.mails if TITLE not in str(it["Subject"])
        ]
        assert sorted(announced) == [
            (f"of-{slug}@example.org", f"Jobbrücke ({slug.title()}): Eine Übertragung ist angehalten")
            for slug in SLUGS[:3]
        ]
        browser = Browser(mailing)
        browser.sign_in("support@example.org")
        page = browser.get("/notices").text
        assert TITLE in page and "alpha, beta, gamma" in page

        mail_server.mails.clear()
        clock.shift(dt.timedelta(days=1))
        night(bridges)
        clock.shift(dt.timedelta(minutes=16))
        schedule.sweep()
        send_due()
        second = held()
        assert len(second) == 3 and not {it.id for it in first} & {it.id for it in second}, "held anew"
        assert [it for it in mail_server.mails if "angehalten" in str(it["Subject"])] == [], "and no news"

        for delivery in second:
            approve(delivery.id, delivery.shown_digest or "", SUPERVISOR, utcnow())
        commit()
        night(bridges)
        send_due()
        assert to_support(mail_server) == [f"Jobbrücke: Erledigt: {TITLE}"]
