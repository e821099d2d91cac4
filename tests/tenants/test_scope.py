"""No session sees or writes a row of another tenant, whichever way it goes about it; without a tenant, none at all."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, exists, func, insert, select, union_all, update
from sqlalchemy.orm import aliased, joinedload, selectinload

from portal.core.database import EVERY_TENANT, Base, TenantOwned, commit, db, rollback, scope_to, scoped_to
from portal.domain.participants import Order, Participant, ParticipantWord
from portal.domain.tenants import Connection, Tenant
from tests.support.database import Cast

pytestmark = pytest.mark.conformance

NOT_OWNED = {
    *(
        "tenant",
        "heartbeat",
        "linked_identity",
        "login_session",
        "one_time_link",
        "recovery_code",
        "seal",
        "second_factor",
    ),
}
"""Tables without a tenant; everything else belongs to one."""


@pytest.fixture
def people(app: Flask, cast: Cast) -> Cast:
    """Order, participant and word of each tenant; the session sees alpha's alone."""
    for tenant_id in (cast.alpha, cast.beta):
        order = Order(tenant_id=tenant_id, number="A1", title="M")
        db.session.add(order)
        db.session.flush()
        person = Participant(tenant_id=tenant_id, number="1", sort_key="x", order_id=order.id)
        db.session.add(person)
        db.session.flush()
        db.session.add(ParticipantWord(tenant_id=tenant_id, participant_id=person.id, word="x"))
    commit()
    scope_to(cast.alpha)
    return cast


def in_beta(column: Any, cast: Cast) -> Any:
    """Something of the other tenant's, as somebody who may see all reads it."""
    with scoped_to(EVERY_TENANT):
        found = db.session.scalars(select(column).where(column.class_.tenant_id == cast.beta)).one()
    rollback()
    return found


Other = aliased(Participant)
READS: dict[str, Callable[[], Any]] = {
    "entities": lambda: select(Participant.tenant_id),
    "an alias": lambda: select(Other.tenant_id),
    "a join": lambda: select(Participant.tenant_id).join(Order, Order.number == "A1"),
    "the joined side": lambda: (
        select(Order.tenant_id).select_from(Participant).join(Order, Order.number != "")
    ),
    "an outer join": lambda: select(Participant.tenant_id).outerjoin(Order, Order.number == "A1"),
    "two side by side": lambda: select(Other.tenant_id).where(Participant.number == Other.number),
    "a subquery": lambda: select(select(Participant.tenant_id).subquery().c.tenant_id),
    "a common table": lambda: select(select(Participant.tenant_id).cte().c.tenant_id),
    "a scalar subquery": lambda: select(
        select(Other.tenant_id).order_by(Other.tenant_id.desc()).limit(1).scalar_subquery()
    ),
    "a union": lambda: union_all(select(Participant.tenant_id), select(Order.tenant_id)),
    "an aggregate": lambda: select(func.max(Participant.tenant_id)),
    "membership": lambda: select(Tenant.id).where(Tenant.id.in_(select(Participant.tenant_id))),
    "existence": lambda: select(Tenant.id).where(exists().where(Participant.tenant_id == Tenant.id)),
    "from a tenant": lambda: select(Connection.tenant_id).join(Tenant, Tenant.id == Connection.tenant_id),
}


@pytest.fixture
def read(people: Cast) -> Callable[[str], set[Any]]:
    return lambda name: {value for value in db.session.scalars(READS[name]()) if value is not None}


def test_no_way_of_reading_leads_to_another_tenant(read: Callable[[str], set[Any]], people: Cast) -> None:
    assert {name: read(name) for name in READS} == dict.fromkeys(READS, frozenset({people.alpha}))


def test_whoever_may_see_all_sees_all(read: Callable[[str], set[Any]], people: Cast) -> None:
    scope_to(EVERY_TENANT)
    for name in READS.keys() - {"an aggregate", "a scalar subquery"}:
        assert read(name) == {people.alpha, people.beta}, name


def test_without_a_tenant_nothing_is_seen(read: Callable[[str], set[Any]], people: Cast) -> None:
    scope_to(None)
    assert {name: read(name) for name in READS} == dict.fromkeys(READS, frozenset())


def test_a_new_session_sees_nothing_until_somebody_says_whose_it_is(people: Cast) -> None:
    db.session.remove()
    assert db.session.scalars(select(Participant)).all() == []
    scope_to(people.beta)
    assert len(db.session.scalars(select(Participant)).all()) == 1


def test_getting_a_row_by_its_number_finds_none_of_another_tenant(people: Cast) -> None:
    stranger = in_beta(Participant.id, people)
    assert db.session.get(Participant, stranger) is None
    assert db.session.query(Participant).filter_by(id=stranger).first() is None


def test_what_was_loaded_before_is_not_handed_out_afterwards(people: Cast) -> None:
    scope_to(people.beta)
    stranger = db.session.scalars(select(Participant)).one()
    scope_to(people.alpha)
    assert db.session.get(Participant, stranger.id) is None
    assert stranger not in db.session


@pytest.mark.parametrize("option", [joinedload, selectinload, None], ids=["joined", "select-in", "lazy"])
def test_relationships_do_not_lead_out(people: Cast, option: Callable[..., Any] | None) -> None:
    """Even where a row wrongly names another tenant's: the other is not shown."""
    person = db.session.scalars(select(Participant.id)).one()
    theirs = in_beta(Order.id, people)
    with scoped_to(EVERY_TENANT):
        db.session.execute(update(Participant).where(Participant.id == person).values(order_id=theirs))
        commit()
    query = select(Participant)
    if option:
        query = query.options(option(Participant.order))
    assert db.session.scalars(query).one().order is None


def test_a_tenant_of_another_shows_no_connections(people: Cast) -> None:
    tenant = db.session.get_one(Tenant, people.beta)
    assert tenant.connections == []
    assert len(db.session.get_one(Tenant, people.alpha).connections) == 1


def test_changes_reach_the_own_rows_alone(people: Cast) -> None:
    db.session.execute(update(Participant).values(caseworker="SB"))
    db.session.execute(update(ParticipantWord).where(ParticipantWord.word == "x").values(word="y"))
    commit()
    scope_to(EVERY_TENANT)
    changed = db.session.scalars(select(Participant.tenant_id).where(Participant.caseworker == "SB")).all()
    assert list(changed) == [people.alpha]
    assert sorted(db.session.scalars(select(ParticipantWord.word))) == ["x", "y"]


@pytest.mark.parametrize("scope", ["alpha", None])
def test_deletions_reach_the_own_rows_alone(people: Cast, scope: str | None) -> None:
    scope_to(people.alpha if scope else None)
    db.session.execute(delete(ParticipantWord))
    commit()
    scope_to(EVERY_TENANT)
    left = set(db.session.scalars(select(ParticipantWord.tenant_id)))
    assert left == ({people.beta} if scope else {people.alpha, people.beta})


def test_a_row_of_another_tenant_is_not_written(people: Cast) -> None:
    db.session.add(Order(tenant_id=people.beta, number="A2", title="M"))
    with pytest.raises(PermissionError, match="Order of another tenant"):
        db.session.flush()


def test_many_rows_of_another_tenant_are_not_written(people: Cast) -> None:
    rows = [
        {"tenant_id": tenant_id, "number": "A2", "title": "M"} for tenant_id in (people.alpha, people.beta)
    ]
    with pytest.raises(PermissionError, match="Order of another tenant"):
        db.session.execute(insert(Order), rows)
    db.session.execute(insert(Order), rows[:1])


def test_a_row_is_not_moved_to_another_tenant(people: Cast) -> None:
    db.session.scalars(select(Order)).one().tenant_id = people.beta
    with pytest.raises(PermissionError, match="Order of another tenant"):
        db.session.flush()


def test_without_a_tenant_nothing_is_written(people: Cast) -> None:
    scope_to(None)
    db.session.add(Order(tenant_id=people.alpha, number="A2", title="M"))
    with pytest.raises(PermissionError):
        db.session.flush()


def test_a_scope_for_a_while_ends_even_after_an_error(people: Cast) -> None:
    with pytest.raises(RuntimeError), scoped_to(EVERY_TENANT):
        raise RuntimeError
    assert set(db.session.scalars(select(Order.tenant_id))) == {people.alpha}


@pytest.mark.parametrize("table", sorted(Base.metadata.tables))
def test_every_table_says_whose_its_rows_are(table: str) -> None:
    mapper = next(mapper for mapper in Base.registry.mappers if mapper.local_table.name == table)  # type: ignore[attr-defined]
    assert issubclass(mapper.class_, TenantOwned) is (table not in NOT_OWNED)
    assert ("tenant_id" in Base.metadata.tables[table].columns) is (table not in NOT_OWNED)


def test_rows_without_a_tenant_are_not_forgotten_on_the_list() -> None:
    assert set(Base.metadata.tables) >= NOT_OWNED
