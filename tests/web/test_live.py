"""Open pages ask whether they still hold: nothing is loaded unless something of their tenant was written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import time_machine
from sqlalchemy import delete, insert, update

from portal.core.database import EVERY_TENANT, commit, db, rollback, scoped_to, utcnow
from portal.domain.accounts import Account, SavedView
from portal.domain.participants import Order, Participant
from portal.domain.tenants import Tenant, TenantVersion
from tests.support.factories import House
from tests.support.pages import Browser
from tests.support.statements import questions

pytestmark = [pytest.mark.conformance, pytest.mark.usefixtures("app")]
SignedIn = Callable[[str], Browser]


def version_of(tenant_id: int) -> int:
    with scoped_to(EVERY_TENANT):
        number = db.session.query(TenantVersion.number).filter_by(tenant_id=tenant_id).scalar()
        commit()
    return number or 0


def ask(browser: Browser, address: str, tag: str) -> tuple[int, int, str]:
    """Status, number of statements, and the tag to ask with next time."""
    with questions() as asked:
        response = browser.ask("GET", address, fragment=True, HX_PTag=tag)
    return response.status_code, len(asked), response.headers.get("HX-PTag", tag)


@pytest.mark.parametrize("who", ["caseworker", "support"])
@pytest.mark.parametrize("part", ["/participants/{eva}", "/transfer-status", "/deliveries"])
def test_an_unchanged_part_costs_two_statements(
    signed_in: SignedIn, house: House, part: str, who: str
) -> None:
    browser, address = signed_in(who), part.format(eva=house.eva)
    with time_machine.travel(utcnow().replace(second=1), tick=False):
        _, _, tag = ask(browser, address, "")
        ask(browser, address, tag)  # what support has looked at was noted by now
        status, statements, _ = ask(browser, address, tag)
    assert (status, statements) == (304, 2 if who == "support" else 1)


def test_what_others_write_of_the_tenant_is_seen_at_once(signed_in: SignedIn, house: House) -> None:
    browser, address = signed_in("caseworker"), f"/participants/{house.eva}"
    with time_machine.travel(utcnow().replace(second=1), tick=False):
        _, _, tag = ask(browser, address, "")
        with scoped_to(EVERY_TENANT):
            db.session.get_one(Participant, house.eva).consent_on = None
            commit()
        status, _, new = ask(browser, address, tag)
        assert status == 200 and new != tag
        assert ask(browser, address, new)[:2] == (304, 1)


def test_what_changes_nothing_on_it_brings_a_new_tag_alone(signed_in: SignedIn, house: House) -> None:
    """Something else was written, or a minute has passed: the part is made once more, and found to be the same."""
    browser, address = signed_in("caseworker"), f"/participants/{house.eva}"
    with time_machine.travel(utcnow().replace(second=1), tick=False) as clock:
        _, _, tag = ask(browser, address, "")
        clock.shift(60)
        status, statements, new = ask(browser, address, tag)
        assert status == 304 and statements > 2 and new != tag
        assert ask(browser, address, new)[:2] == (304, 1)


def test_who_is_no_longer_let_in_is_not_told_that_nothing_changed(signed_in: SignedIn, house: House) -> None:
    browser, address = signed_in("caseworker"), f"/participants/{house.eva}"
    _, _, tag = ask(browser, address, "")
    with scoped_to(EVERY_TENANT):
        account = update(Account).where(Account.email == "caseworker@example.org")
        db.session.execute(account.values(disabled_at=utcnow()))
        commit()
    assert ask(browser, address, tag)[0] == 401


@pytest.mark.parametrize("everybody", [True, False])
def test_a_statement_that_finds_nothing_raises_no_version(house: House, everybody: bool) -> None:
    before = version_of(house.tenant_id)
    with scoped_to(EVERY_TENANT if everybody else house.tenant_id):
        db.session.execute(delete(SavedView))
        db.session.execute(update(Participant).where(Participant.city == "nowhere").values(city="Ulm"))
        commit()
    assert version_of(house.tenant_id) == before


ROW = {"lookup_key": "x", "number": "x", "title": "x", "has_responsible": True}


@pytest.mark.parametrize(
    "write",
    [
        lambda house: db.session.add(
            SavedView(tenant_id=house.tenant_id, account_id=1, name="x", query="", created_at=utcnow())
        ),
        lambda house: setattr(db.session.get_one(Tenant, house.tenant_id), "name", "Anders"),
        lambda house: setattr(db.session.get_one(Participant, house.eva), "city", "Ulm"),
        lambda _: db.session.execute(update(Participant).values(city="Ulm")),
        lambda house: db.session.execute(insert(Order).values(tenant_id=house.tenant_id, **ROW)),
        lambda house: db.session.execute(insert(Order.__table__).values(tenant_id=house.tenant_id, **ROW)),
    ],
    ids=["row", "tenant", "change", "statement", "insert", "bare table"],
)
def test_whatever_writes_a_row_raises_the_version(house: House, write: Callable[[House], object]) -> None:
    before = version_of(house.tenant_id)
    with scoped_to(house.tenant_id):
        write(house)
        rollback()
        assert version_of(house.tenant_id) == before
        write(house)
        commit()
    assert version_of(house.tenant_id) == before + 1
