"""Lists go over their indexes, in the order in which they are shown: nothing is sorted, and nobody else is read."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import insert, select, text

from portal.core.database import EVERY_TENANT, db, scoped_to
from portal.domain.rules.phase import Phase
from portal.domain.rules.status import Status
from portal.domain.states import StateCount
from portal.releases.filters import Filters, Sorting
from portal.releases.queries import count_all, list_participants
from portal.releases.states import refresh_due
from portal.tenants.context import TenantContext, load_tenant_context
from tests.support.database import Cast
from tests.support.people import Crowd
from tests.support.statements import statements

pytestmark = pytest.mark.conformance

NOW = dt.datetime(2026, 3, 4, 9, tzinfo=dt.UTC)
INDEX = "ix_participant_state_"


@pytest.fixture
def context(app: Flask, cast: Cast) -> TenantContext:
    """A tenant with people of every kind, of whom the database knows how many they are."""
    seen = load_tenant_context(cast.alpha, NOW)
    assert seen.connection is not None
    Crowd(cast.alpha, seen.connection.id, NOW, seen.deadlines).come(400)
    db.session.execute(text("ANALYZE"))
    if db.engine.dialect.name == "postgresql":  # as it would choose with very many
        db.session.execute(text("SET LOCAL enable_seqscan = off"))
        db.session.execute(text("SET LOCAL enable_bitmapscan = off"))
        db.session.execute(text("SET LOCAL enable_hashjoin = off"))
        db.session.execute(text("SET LOCAL enable_mergejoin = off"))
    return load_tenant_context(cast.alpha, NOW)


def plan_of(action: object, table: str = "participant_state") -> str:
    """How the database comes to the last statement of an action."""
    with statements() as said:
        action()  # type: ignore[operator]
    statement, values = [it for it in said if table in it[0]][-1]
    explain = "EXPLAIN " if db.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
    rows = db.session.connection().exec_driver_sql(explain + statement, values)  # type: ignore[arg-type]
    return "\n".join(str(row[-1]) for row in rows)


LISTS = {
    "name": Filters(),
    "status": Filters(statuses=frozenset({Status.ONLINE})),
    "phase": Filters(phases=frozenset({Phase.SENT})),
    "order": Filters(order_id=2),
    "mediator": Filters(mediator_id=2),
    "caseworker": Filters(caseworker="SB"),
    "action": Filters(needs_action=True),
    "since": Filters(sorting=Sorting.WAITING),
    "action ": Filters(sorting=Sorting.ACTION),
}
"""By the index that each goes over."""


def test_a_list_goes_over_its_index(context: TenantContext) -> None:
    for index, filters in LISTS.items():
        plan = plan_of(partial(list_participants, context, filters, limit=10))
        # PostgreSQL weighs two indexes that serve as well by what it has sampled of a few hundred people
        assert (INDEX if db.engine.dialect.name == "postgresql" else INDEX + index.strip()) in plan, plan
        assert "Seq Scan on participant_state" not in plan, plan
        assert "SCAN participant_state" not in plan.replace("USING INDEX", ""), plan
        assert "TEMP B-TREE" not in plan, plan
        assert "Sort" not in plan, plan


def test_counters_are_read_and_not_counted(context: TenantContext, cast: Cast) -> None:
    row = db.session.execute(select(StateCount.__table__).limit(1)).mappings().one()
    others = [dict(row) | {"id": 10_000 + number, "tenant_id": cast.beta} for number in range(2000)]
    with scoped_to(EVERY_TENANT):
        db.session.execute(insert(StateCount.__table__), others)
    db.session.execute(text("ANALYZE"))
    plan = plan_of(lambda: count_all(context), table="state_count")
    assert "ix_state_count_tenant" in plan, plan
    with pytest.raises(IndexError):
        plan_of(lambda: count_all(context))


def test_whose_moment_has_come_is_found_by_its_index(context: TenantContext) -> None:
    assert INDEX + "recheck" in plan_of(lambda: refresh_due(context.tenant.id, NOW))
