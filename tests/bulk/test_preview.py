"""What the preview says is what then happens, to people of every kind, on both databases and both networks."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from portal.bulk.execution import WITHDRAWN, do_some
from portal.bulk.preview import Preview, PreviewGroup, people_of, preview
from portal.bulk.service import Chosen, choose, set_mediator
from portal.core.database import commit, db
from portal.domain.accounts import Account, Role
from portal.domain.actors import Actor
from portal.domain.bulk import BulkAction, BulkItem, BulkOutcome, BulkRun
from portal.domain.participants import Mediator, Participant
from portal.domain.releases import Registration, Release
from portal.domain.rules.preflight import TENANT_WIDE
from portal.domain.tenants import Connection, Tenant
from portal.networks.registry import Network
from portal.releases.conditions import people
from portal.releases.filters import Filters
from portal.releases.rows import decided_row
from portal.releases.states import refresh_tenant
from portal.tenants.context import TenantContext, load_tenant_context
from tests.support.database import Cast
from tests.support.factories import connection_token, make_account
from tests.support.people import Crowd

NOW = dt.datetime(2026, 3, 4, 9, tzinfo=dt.UTC)
PEOPLE = 60
EVERYBODY = Chosen(None, Filters())


@pytest.fixture(autouse=True)
def at_a_time() -> Iterator[None]:
    """States are stored as of the time of their commit."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(params=list(Network))
def context(app: Flask, cast: Cast, request: pytest.FixtureRequest) -> TenantContext:
    """A tenant at each network, with people of every kind; two caseworkers are mediators, one of them active."""
    connection_token(cast.alpha)
    found = load_tenant_context(cast.alpha, NOW)
    assert found.connection is not None
    Crowd(cast.alpha, found.connection.id, NOW, found.deadlines).come(PEOPLE)
    revoked = select(Registration.release_id).where(
        ~Registration.released, Registration.release_id.is_not(None)
    )
    db.session.execute(update(Release).where(Release.id.in_(revoked)).values(ended_at=NOW, ended_by="SB"))
    db.session.execute(update(Connection).values(network=request.param))
    db.session.execute(update(Tenant).values(licence_from=NOW.date(), licence_until=None))
    db.session.execute(update(Mediator).where(Mediator.number == "2").values(initials="SB"))
    db.session.execute(update(Mediator).where(Mediator.number == "0").values(initials="KK"))
    db.session.execute(update(Participant).where(Participant.id % 5 == 0).values(caseworker="KK"))
    make_account("caseworker", Role.CASEWORKER, cast.alpha)
    refresh_tenant(cast.alpha, NOW)
    commit()
    return load_tenant_context(cast.alpha, NOW)


def actor(mediator_id: int | None = None) -> Actor:
    account = db.session.query(Account).one()
    return Actor(account.initials, account.id, mediator_id)


def carry_out(run: BulkRun) -> None:
    while do_some(run, NOW, 50):
        commit()
    commit()


def outcomes(run: BulkRun) -> Counter[tuple[BulkOutcome | None, str | None]]:
    rows = db.session.execute(select(BulkItem.outcome, BulkItem.code).where(BulkItem.bulk_id == run.id))
    return Counter((row.outcome, row.code) for row in rows)


def staying_offline(run: BulkRun, context: TenantContext) -> Counter[str]:
    """What the pure rules say of those who were released: `any` counts each once."""
    fresh = load_tenant_context(context.tenant.id, NOW)
    done = select(BulkItem.participant_id).where(
        BulkItem.bulk_id == run.id, BulkItem.outcome == BulkOutcome.DONE, ~BulkItem.consent_confirmed
    )
    found: Counter[str] = Counter()
    for row in db.session.execute(people(fresh).where(Participant.id.in_(done))):
        findings = set(decided_row(fresh, row).findings) - TENANT_WIDE
        found.update(item.value for item in findings)
        found["any"] += bool(findings)
    return +found


@pytest.mark.parametrize("own_mediator", [False, True])
def test_releasing_does_what_was_shown(context: TenantContext, own_mediator: bool) -> None:
    mediator = db.session.scalars(select(Mediator).where(Mediator.number == "1")).one()
    run = choose(context, BulkAction.RELEASE, EVERYBODY, actor(mediator.id if own_mediator else None), NOW)
    found = preview(context, run)
    assert found.counts[PreviewGroup.GOES] > 0
    assert found.counts[PreviewGroup.ENDING] > 0
    assert found.offline > 0
    for item, _person in people_of(context, run, PreviewGroup.CONFIRM, limit=2):
        db.session.get_one(BulkItem, item).consent_confirmed = True
    commit()
    carry_out(run)
    confirmed = min(2, found.counts[PreviewGroup.CONFIRM])
    assert (found.counts[PreviewGroup.CONFIRM] > 2) == _is_jobnetzwerk(context)
    became = outcomes(run)
    doubted = became.pop((BulkOutcome.REFUSED, "identity-doubted"))
    assert doubted > 0
    became[(BulkOutcome.REFUSED, "ends-at-once")] += doubted
    assert became == +Counter(
        {
            (BulkOutcome.DONE, None): found.counts[PreviewGroup.GOES] + confirmed,
            (BulkOutcome.UNCHANGED, "already-released"): found.counts[PreviewGroup.UNCHANGED],
            (BulkOutcome.REFUSED, "ends-at-once"): found.counts[PreviewGroup.ENDING],
            (BulkOutcome.REFUSED, "consent-to-confirm"): found.counts[PreviewGroup.CONFIRM] - confirmed,
        }
    )
    said = Counter({item.value: number for item, number in found.causes.items()}) + Counter(any=found.offline)
    assert staying_offline(run, context) == said
    _everybody_once(run, found)


def test_revoking_does_what_was_shown(context: TenantContext) -> None:
    run = choose(context, BulkAction.REVOKE, EVERYBODY, actor(), NOW)
    found = preview(context, run)
    assert min(found.counts[PreviewGroup.GOES], found.counts[PreviewGroup.UNCHANGED]) > 0
    carry_out(run)
    assert outcomes(run) == {
        (BulkOutcome.DONE, None): found.counts[PreviewGroup.GOES],
        (BulkOutcome.UNCHANGED, "not-released"): found.counts[PreviewGroup.UNCHANGED],
    }
    assert db.session.query(Registration).filter(Registration.released).count() == 0
    _everybody_once(run, found)


def test_changing_the_mediator_does_what_was_shown(context: TenantContext) -> None:
    run = choose(context, BulkAction.MEDIATOR, EVERYBODY, actor(), NOW)
    mediator = db.session.scalars(select(Mediator).where(Mediator.number == "1")).one()
    set_mediator(run, mediator.id, actor())
    found = preview(context, run)
    assert min(found.counts[PreviewGroup.GOES], found.counts[PreviewGroup.UNCHANGED]) > 0
    carry_out(run)
    assert outcomes(run) == {
        (BulkOutcome.DONE, None): found.counts[PreviewGroup.GOES],
        (BulkOutcome.UNCHANGED, None): found.counts[PreviewGroup.UNCHANGED],
    }
    _everybody_once(run, found)


def test_transferring_does_what_was_shown(context: TenantContext) -> None:
    run = choose(context, BulkAction.TRANSFER, EVERYBODY, actor(), NOW)
    found = preview(context, run)
    groups = (PreviewGroup.GOES, PreviewGroup.WITHDRAWS, PreviewGroup.UNCHANGED, PreviewGroup.BLOCKED)
    assert min(found.counts[group] for group in groups) > 0
    carry_out(run)
    assert outcomes(run) == {
        (BulkOutcome.DONE, None): found.counts[PreviewGroup.GOES],
        (BulkOutcome.DONE, WITHDRAWN): found.counts[PreviewGroup.WITHDRAWS],
        (BulkOutcome.REFUSED, "blocked"): found.counts[PreviewGroup.BLOCKED],
        (BulkOutcome.UNCHANGED, None): found.counts[PreviewGroup.UNCHANGED],
    }
    assert run.delivery_id is not None
    _everybody_once(run, found)


def _is_jobnetzwerk(context: TenantContext) -> bool:
    return context.connection is not None and context.connection.network is Network.JOBNETZWERK


def _everybody_once(run: BulkRun, found: Preview) -> None:
    assert found.gone == 0
    assert sum(found.counts.values()) == run.total == run.done
