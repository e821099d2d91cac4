"""The demo's data: everything that can happen to somebody has happened to somebody, and the first visitor can work."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from demo.cast import PROVIDERS
from demo.data import fill
from demo.logins import JN, LOGINS, PASSWORD
from portal.accounts.models import Account
from portal.accounts.passwords import verify_password
from portal.database import EVERY_TENANT, db, rollback, scope_to, utcnow
from portal.deliveries.models import Delivery
from portal.deliveries.states import UNCOMMITTED
from portal.people.models import Participant
from portal.releases.models import ProtocolEntry
from portal.releases.phase import Phase
from portal.releases.preflight import TENANT_WIDE, Finding
from portal.releases.queries import Filters, PersonRow, list_participants
from portal.releases.status import Status
from portal.releases.view import View, load_view
from portal.tenants.models import Tenant
from tests.support.database import make_settings, running_app
from tests.support.sandbox import SandboxServer
from tests.support.services import RedisServer

pytestmark = pytest.mark.slow
ONLY_FOR_SECONDS = {Phase.TRANSFERRING}
"""Seen in the demo when somebody presses "Jetzt übertragen", and gone when the worker is done."""
CHOSEN_ON_RELEASE = {Finding.MEDIATOR_MISSING}
NOT_IN_A_DEMO = TENANT_WIDE - {Finding.LICENCE_EXPIRED}
"""They keep a whole tenant offline, and a tenant has one at a time."""


@pytest.fixture(scope="module")
def demo(
    tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer, sqlite_template: Path
) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("demo")
    redis_server.flush()
    with SandboxServer(folder) as sandbox:
        settings = make_settings(
            f"sqlite:///{shutil.copy(sqlite_template, folder / 'demo.db')}",
            folder,
            redis_url=redis_server.url,
            network_jobnetzwerk_url=sandbox.url,
            network_job4you_url=sandbox.url,
        )
        with running_app(settings) as app:
            assert fill() == [provider.slug for provider in PROVIDERS]
            yield app


def everybody(slug: str) -> tuple[View, list[PersonRow]]:
    scope_to(EVERY_TENANT)
    tenant = db.session.query(Tenant).filter_by(slug=slug).one()
    scope_to(tenant.id)
    view = load_view(tenant.id, utcnow())
    return view, list_participants(view, Filters(), limit=1000).rows


def test_every_status_phase_and_finding_is_shown(demo: Flask) -> None:
    rows = [row for provider in PROVIDERS for row in everybody(provider.slug)[1]]
    assert {row.status for row in rows} == set(Status)
    assert set(Phase) - {row.phase for row in rows} <= ONLY_FOR_SECONDS
    findings = {finding for row in rows for finding in row.findings}
    findings |= {finding for provider in PROVIDERS for finding in everybody(provider.slug)[0].findings}
    assert set(Finding) - findings == NOT_IN_A_DEMO
    for provider in PROVIDERS[:2]:
        assert 290 <= len(everybody(provider.slug)[1]) <= 300
        assert {row.status for row in everybody(provider.slug)[1]} == set(Status)


def test_nothing_stands_in_the_way_of_the_first_visitor(demo: Flask) -> None:
    view, rows = everybody(JN)
    assert view.uncommitted is None
    assert view.findings == ()
    assert view.connection is not None
    assert view.connection.paused_until is None
    free = [row for row in rows if row.phase is Phase.NOT_RELEASED and set(row.findings) <= CHOSEN_ON_RELEASE]
    assert len(free) > 30


def test_what_happened_happened_in_order_and_in_the_past(demo: Flask) -> None:
    for provider in PROVIDERS:
        everybody(provider.slug)
        for person in db.session.query(Participant).limit(50):
            entries = db.session.query(ProtocolEntry).filter_by(participant_id=person.id)
            times = [entry.at for entry in entries.order_by(ProtocolEntry.id)]
            assert times == sorted(times)
            assert all(time <= utcnow() for time in times)


def test_everybody_who_is_printed_can_sign_in(demo: Flask) -> None:
    scope_to(EVERY_TENANT)
    for login in LOGINS:
        account = db.session.query(Account).filter_by(email=login.email).one()
        assert verify_password(PASSWORD, account.password_hash)
        assert account.role.value == login.role


def test_filling_twice_changes_nothing(demo: Flask) -> None:
    scope_to(EVERY_TENANT)
    before = db.session.query(Delivery).count(), db.session.query(Account).count()
    rollback()
    assert fill() == []
    assert (db.session.query(Delivery).count(), db.session.query(Account).count()) == before
    held = db.session.query(Delivery).filter(Delivery.state.in_(UNCOMMITTED)).count()
    assert held == 2
