"""The demo's data: everything that can happen to somebody has happened to somebody, and the first visitor can work."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from flask import Flask

from demo.data import fill
from demo.logins import J4U, JN, LOGINS, PASSWORD, SMALL
from demo.seed import PROVIDERS
from portal.accounts.passwords import verify_password
from portal.audit.checkpoints import export_checkpoints, newest_checkpoints, read_checkpoints
from portal.audit.verifying import verify
from portal.core.database import EVERY_TENANT, commit, db, rollback, scope_to, utcnow
from portal.core.migrating import upgrade
from portal.core.settings import current_settings
from portal.deliveries.jobs import run_delivery
from portal.deliveries.transfer_requests import request_transfer
from portal.domain.accounts import Account
from portal.domain.actors import Actor
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import UNCOMMITTED
from portal.domain.participants import Participant
from portal.domain.releases import ProtocolEntry
from portal.domain.rules.phase import Phase
from portal.domain.rules.preflight import TENANT_WIDE, Finding
from portal.domain.rules.status import Status
from portal.domain.tenants import Tenant
from portal.releases.filters import Filters
from portal.releases.queries import list_participants
from portal.releases.rows import PersonRow
from portal.tenants.context import TenantContext, load_tenant_context
from tests.support.commands import Commands
from tests.support.database import make_settings, running_app
from tests.support.sandbox import SandboxServer
from tests.support.services import RedisServer

pytestmark = pytest.mark.slow
ONLY_FOR_SECONDS = {Phase.TRANSFERRING}
"""Seen in the demo when somebody presses "Jetzt übertragen", and gone when the worker is done."""
HOLDS_UP = {Phase.HELD, Phase.OUTCOME_UNKNOWN}
"""Where nobody could transfer anybody: not at the provider that visitors begin with."""
CHOSEN_ON_RELEASE = {Finding.MEDIATOR_MISSING}
ONLY_JOB4YOU = {
    Finding.CONSENT_MISSING,
    Finding.EMAIL_MISSING,
    Finding.EMAIL_UNREADABLE,
    Finding.CASEWORKER_MISSING,
    Finding.ORDER_MISSING,
    Finding.ORDER_RESPONSIBLE_MISSING,
}
NOT_IN_A_DEMO = TENANT_WIDE - {Finding.LICENCE_EXPIRED}
"""They keep everybody of a tenant from being released, so that it has no story."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("demo")
    redis_server.flush()
    with SandboxServer(folder) as sandbox:
        settings = make_settings(
            f"sqlite:///{folder / 'demo.db'}",
            folder,
            redis_url=redis_server.url,
            network_jobnetzwerk_url=sandbox.url,
            network_job4you_url=sandbox.url,
        )
        with running_app(settings) as app:
            upgrade()
            assert fill() == [provider.slug for provider in PROVIDERS]
            yield app


def everybody(slug: str) -> tuple[TenantContext, list[PersonRow]]:
    scope_to(EVERY_TENANT)
    tenant = db.session.query(Tenant).filter_by(slug=slug).one()
    scope_to(tenant.id)
    context = load_tenant_context(tenant.id, utcnow())
    return context, list_participants(context, Filters(), limit=1000).rows


def test_every_status_phase_and_finding_is_shown(demo: Flask) -> None:
    rows = {provider.slug: everybody(provider.slug)[1] for provider in PROVIDERS}
    phases = {slug: {row.phase for row in found} for slug, found in rows.items()}
    findings = {slug: {finding for row in found for finding in row.findings} for slug, found in rows.items()}
    assert set().union(*phases.values()) == set(Phase) - ONLY_FOR_SECONDS
    assert phases[JN] == set(Phase) - ONLY_FOR_SECONDS - HOLDS_UP
    assert findings[J4U] == set(Finding) - TENANT_WIDE
    assert findings[JN] == set(Finding) - TENANT_WIDE - ONLY_JOB4YOU
    assert {
        finding for slug in rows for finding in everybody(slug)[0].findings
    } == TENANT_WIDE - NOT_IN_A_DEMO
    for slug in (JN, J4U):
        assert 290 <= len(rows[slug]) <= 300
        assert {row.status for row in rows[slug]} == set(Status)


def test_nothing_stands_in_the_way_of_the_first_visitor(demo: Flask) -> None:
    context, rows = everybody(JN)
    assert context.uncommitted is None
    assert context.findings == ()
    assert context.connection is not None
    assert context.connection.paused_until is None
    free = [row for row in rows if row.phase is Phase.NOT_RELEASED and set(row.findings) <= CHOSEN_ON_RELEASE]
    assert len(free) > 30


def test_nothing_looks_tampered_with(demo: Flask) -> None:
    """Neither at once nor after the first export: checkpoints of seals that the demo dated back afterwards are gone."""
    scope_to(EVERY_TENANT)
    for _ in range(2):
        result = verify(read_checkpoints(current_settings()))
        assert result.finding is None
        assert result.seals > 20
        export_checkpoints(current_settings(), newest_checkpoints(utcnow()))
    rollback()
    assert Commands(demo).say("audit", "verify").startswith("Alles passt.")


def test_lists_show_what_the_rules_say(demo: Flask) -> None:
    assert Commands(demo).say("states", "check").startswith("Alle gespeicherten")


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


def test_the_check_finds_what_is_wrong_on_purpose_and_nothing_else(demo: Flask) -> None:
    asked = json.loads(Commands(demo).run("check", "--json").out)
    found = {(item["tenant"], item["check"]): item["level"] for item in asked["checks"]}
    assert {key: level for key, level in found.items() if level != "ok"} == {
        (None, "worker"): "fail",  # none runs in this test
        (None, "cron"): "fail",
        (J4U, "transfers"): "warn",
        (SMALL, "licence"): "warn",
        (SMALL, "network"): "fail",
    }


def test_the_first_transfer_of_everybody_goes_through(demo: Flask) -> None:
    everybody(JN)
    tenant_id = db.session.query(Tenant).filter_by(slug=JN).one().id
    delivery = request_transfer(tenant_id, Actor("PEH"), utcnow())
    commit()
    run_delivery(delivery.id)
    context, rows = everybody(JN)
    assert context.uncommitted is None
    assert context.last_committed is not None
    assert context.last_committed.sequence == delivery.sequence
    assert not {row.phase for row in rows} & {Phase.OVERDUE, Phase.SCHEDULED}
