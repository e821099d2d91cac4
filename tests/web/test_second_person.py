"""What was held is decided by somebody else: by another account, whose link nobody who started it has seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal.accounts.links import make_link
from portal.accounts.second_person import ApprovalBlocker, Starter, approval_blocker
from portal.core.database import EVERY_TENANT, commit, db, scoped_to, utcnow
from portal.domain.accounts import Account
from portal.domain.actors import Actor
from portal.domain.audit import AuditEntry, AuditEvent
from portal.domain.delivery_states import DeliveryProblem, DeliveryState
from portal.domain.imports import DOOR_FILE, ImportMode, ImportRun, ImportState
from tests.support.factories import House, looking
from tests.support.pages import Browser
from tests.web.test_deliveries import make_delivery

SignedIn = Callable[[str], Browser]
NEW = "Dreizehn Kraniche im Nebel"
SEEN = "hat aber das andere gesehen"


@pytest.fixture
def administrator(signed_in: SignedIn) -> Browser:
    return signed_in("administrator")


def account_of(name: str) -> Account:
    with looking():
        return db.session.query(Account).filter_by(email=f"{name}@example.org").one()


def held(house: House, kind: str, starter: str) -> str:
    """Something held that this account has started; its address."""
    account = account_of(starter)
    own: dict[str, Any] = {
        "started_by": account.initials,
        "started_by_account_id": account.id,
        "created_at": utcnow(),
    }
    if kind == "deliveries":
        make_delivery(
            house, 7, state=DeliveryState.HELD, problem=DeliveryProblem.BRAKE, held_at=utcnow(), **own
        )
        return "/deliveries/7"
    with scoped_to(EVERY_TENANT):
        run = ImportRun(
            tenant_id=house.tenant_id, mode=ImportMode.FULL, door=DOOR_FILE, state=ImportState.HELD, **own
        )
        db.session.add(run)
        commit()
        return f"/imports/{run.id}"


def show_link(administrator: Browser, name: str) -> str:
    """The administrator has the link of an account shown, and writes it down."""
    number = account_of(name).id
    administrator.get(f"/accounts/{number}")
    return (
        administrator.submit(f"/accounts/{number}/link", status=200)
        .text_of("link")
        .removeprefix("http://localhost")
    )


def set_password(app: Flask, link: str) -> None:
    person = Browser(app)
    person.get(link)
    person.submit(link, password=NEW)


def sign_in(app: Flask, name: str) -> Browser:
    browser = Browser(app)
    browser.sign_in(f"{name}@example.org", NEW)
    return browser


def refused(browser: Browser, address: str, says: str) -> None:
    page = browser.get(address)
    assert not {"Durchlassen", "Verwerfen"} & set(page.buttons())
    assert says in page.text
    for action in ("approve", "discard"):  # as from a page that is older than that
        token, sent = page.form("/sign-out"), {"Referer": f"http://localhost{address}"}
        assert says in browser.post(f"{address}/{action}", token, status=403, **sent).text


def discards(browser: Browser, address: str) -> str:
    """What the audit says of who decided."""
    browser.get(address)
    browser.submit(f"{address}/discard")
    with looking():
        events = (AuditEvent.IMPORT_DISCARDED, AuditEvent.DELIVERY_DISCARDED)
        query = db.session.query(AuditEntry).filter(AuditEntry.event.in_(events))
        return str(query.order_by(AuditEntry.id.desc()).first().data["second_person"])  # type: ignore[union-attr]


kinds = pytest.mark.parametrize("kind", ["imports", "deliveries"])


@kinds
def test_other_initials_make_no_other_person(
    house: House, administrator: Browser, signed_in: SignedIn, kind: str
) -> None:
    address = held(house, kind, "administrator")
    own = account_of("administrator")
    administrator.get(f"/accounts/{own.id}")
    administrator.submit(
        f"/accounts/{own.id}", name="Anders", initials="ANDERS", role=own.role.value, mediator=""
    )
    refused(administrator, address, "angestoßen hat")
    assert discards(signed_in("supervisor"), address) == "other-account"


@kinds
def test_the_initials_of_whoever_started_it_may_be_anothers_by_now(
    house: House, signed_in: SignedIn, kind: str
) -> None:
    address = held(house, kind, "administrator")
    with scoped_to(EVERY_TENANT):
        first, second = (
            db.session.query(Account).filter_by(email=f"{name}@example.org").one()
            for name in ("administrator", "supervisor")
        )
        taken, first.initials = first.initials, "WEG"
        db.session.flush()
        second.initials = taken
        commit()
    assert discards(signed_in("supervisor"), address) == "other-account"


@kinds
@pytest.mark.parametrize("starter", ["administrator", "supervisor"])
def test_whoever_has_seen_the_link_is_no_second_person(
    house: House, sqlite_app: Flask, administrator: Browser, signed_in: SignedIn, kind: str, starter: str
) -> None:
    """Nor is who got it: the account may be used by both. Support decides, and the audit says so."""
    address = held(house, kind, starter)
    set_password(sqlite_app, show_link(administrator, "supervisor"))
    second = sign_in(sqlite_app, "supervisor")
    if starter == "administrator":
        refused(second, address, SEEN)
        second.get("/account")
        second.submit("/account/password", old=NEW, new=f"{NEW} und Eis")  # either may have set this one
        refused(second, address, SEEN)
    else:
        refused(administrator, address, SEEN)
    assert discards(signed_in("support"), address) == "support"
    page = signed_in("administrator").get("/audit")
    assert "zweite Person: der Support" in page.text


@kinds
def test_a_link_by_mail_ends_that(house: House, sqlite_app: Flask, administrator: Browser, kind: str) -> None:
    address = held(house, kind, "administrator")
    set_password(sqlite_app, show_link(administrator, "supervisor"))
    with scoped_to(EVERY_TENANT):
        account = db.session.query(Account).filter_by(email="supervisor@example.org").one()
        token = make_link(account, utcnow())
        commit()
    set_password(sqlite_app, f"/set-password/{token}")
    assert discards(sign_in(sqlite_app, "supervisor"), address) == "other-account"


def test_two_accounts_of_one_hand_are_one_person(
    house: House, sqlite_app: Flask, administrator: Browser
) -> None:
    for name in ("caseworker", "supervisor"):
        set_password(sqlite_app, show_link(administrator, name))
    first, second, third = (account_of(name).id for name in ("caseworker", "supervisor", "colleague"))
    assert approval_blocker(Starter("x", first), Actor("y", second)) is ApprovalBlocker.LINK_SEEN
    assert approval_blocker(Starter("x", first), Actor("y", second, by_provider=True)) is None
    assert approval_blocker(Starter("x", first), Actor("y", third)) is None
    assert approval_blocker(Starter("x", third), Actor("y", second)) is None


def test_a_link_that_was_only_shown_changes_nothing(
    house: House, administrator: Browser, signed_in: SignedIn
) -> None:
    address = held(house, "imports", "administrator")
    show_link(administrator, "supervisor")
    assert discards(signed_in("supervisor"), address) == "other-account"
