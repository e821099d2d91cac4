"""The page on which a person settles what differs after a loss on our side."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.core.database import EVERY_TENANT, commit, db, scoped_to, utcnow
from portal.domain.audit import AuditEntry, AuditEvent
from portal.domain.deliveries import Delivery, OddAnswer
from portal.domain.delivery_states import DeliveryState, Trigger
from portal.domain.releases import EndCause, Registration, Release
from portal.domain.rules.status import Status
from portal.domain.tenants import Connection
from tests.support.factories import House, looking
from tests.support.pages import Browser
from tests.web.test_deliveries import make_delivery

SignedIn = Callable[[str], Browser]
PAGE = "/deliveries/reconcile"


@pytest.fixture
def found(house: House) -> int:
    """One delivery that only the network knew; Eva was withdrawn by it, Ben is held by the network."""
    with scoped_to(EVERY_TENANT):
        connection = db.session.query(Connection).filter_by(tenant_id=house.tenant_id).one()
        connection.reconcile_since = utcnow()
        commit()
    number = make_delivery(house, 7, cause=Trigger.FOUND, answered={"active": 1, "archived": 1}, counts={})
    with scoped_to(EVERY_TENANT):
        release = Release(
            tenant_id=house.tenant_id,
            connection_id=connection.id,
            participant_id=house.eva,
            released_at=utcnow(),
            released_by="CAS",
            ended_at=utcnow(),
            ended_by="system",
            end_cause=EndCause.RECONCILED,
        )
        db.session.add(release)
        db.session.flush()
        common = {"tenant_id": house.tenant_id, "connection_id": connection.id, "announced_sequence": 7}
        db.session.add(
            Registration(
                participant_id=house.eva, release_id=release.id, status=Status.OFFLINE_ARCHIVED, **common
            )
        )
        db.session.add(Registration(participant_id=house.ben, announced=True, status=Status.ONLINE, **common))
        db.session.add(
            OddAnswer(
                tenant_id=house.tenant_id,
                delivery_id=number,
                kind="stranger",
                subject="participant",
                number="4711",
                outcome="active",
                at=utcnow(),
            )
        )
        commit()
    return number


def connection_of(house: House) -> Connection:
    with looking():
        return db.session.query(Connection).filter_by(tenant_id=house.tenant_id).one()


def test_every_page_leads_to_it_and_it_names_what_differs(
    signed_in: SignedIn, house: House, found: int
) -> None:
    browser = signed_in("supervisor")
    assert f'href="{PAGE}"' in browser.get("/participants").html
    page = browser.get(PAGE)
    assert "Hier freigegeben, im Jobportal abgemeldet (1)" in page.text
    assert "Im Jobportal geführt, hier nicht freigegeben (1)" in page.text
    assert "Adam, Eva" in page.text and "Zorn, Ben" in page.text and "4711" in page.text


def test_settling_ends_it_and_is_noted(signed_in: SignedIn, house: House, found: int) -> None:
    browser = signed_in("supervisor")
    browser.get(PAGE)
    browser.submit(f"{PAGE}/settle")
    assert "Es gibt nichts abzugleichen" in browser.follow().text
    connection = connection_of(house)
    assert (connection.reconcile_since, connection.needs_full) == (None, True)
    with looking():
        entry = db.session.query(AuditEntry).filter_by(event=AuditEvent.RECONCILED).one()
    assert (entry.subject, entry.subject_id, entry.by) == ("delivery", 7, "SUP")


def test_only_what_was_shown_is_settled(signed_in: SignedIn, house: House, found: int) -> None:
    browser = signed_in("supervisor")
    browser.get(PAGE)
    with scoped_to(EVERY_TENANT):
        db.session.get_one(Delivery, found).answered = {"active": 2}
        commit()
    browser.submit(f"{PAGE}/settle")
    assert "zeigt inzwischen anderes" in browser.follow().text
    assert connection_of(house).reconcile_since is not None


def test_it_is_not_offered_while_answers_are_read(signed_in: SignedIn, house: House, found: int) -> None:
    with scoped_to(EVERY_TENANT):
        db.session.get_one(Delivery, found).state = DeliveryState.ANSWERING
        commit()
    browser = signed_in("supervisor")
    page = browser.get(PAGE)
    assert "Die Antworten werden noch gelesen" in page.text
    assert f'action="{PAGE}/settle"' not in page.html


def test_reading_again_lets_the_worker_ask(signed_in: SignedIn, house: House, found: int) -> None:
    browser = signed_in("supervisor")
    browser.get(PAGE)
    browser.submit(f"{PAGE}/read")
    assert "werden noch einmal gelesen" in browser.follow().text
    assert connection_of(house).probe_at is not None
    with looking():
        assert db.session.get_one(Delivery, found).state is DeliveryState.COMMITTED


def test_a_caseworker_sees_it_and_decides_nothing(signed_in: SignedIn, house: House, found: int) -> None:
    browser = signed_in("caseworker")
    page = browser.get(PAGE)
    assert "Abschließen können das Leitung" in page.text and f"{PAGE}/settle" not in page.html
    token = browser.get("/help").form("/sign-out")
    browser.post(f"{PAGE}/settle", token, status=403)
    browser.post(f"{PAGE}/read", token, status=403)


def test_where_nothing_is_missing_it_says_so(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    assert "Es gibt nichts abzugleichen" in browser.get(PAGE).text
    token = browser.get("/help").form("/sign-out")
    for action in ("settle", "read"):
        assert "Es gibt nichts abzugleichen" in browser.post(f"{PAGE}/{action}", token, status=409).text


def test_a_person_ends_it_with_what_is_known(signed_in: SignedIn, house: House, found: int) -> None:
    with scoped_to(EVERY_TENANT):
        db.session.get_one(Delivery, found).state = DeliveryState.ANSWERING
        commit()
    browser = signed_in("supervisor")
    assert "gilt dann weiter als freigegeben" in browser.get(PAGE).text
    browser.submit(f"{PAGE}/settle-unread")
    assert "Der Abgleich ist abgeschlossen" in browser.follow().text
    assert connection_of(house).reconcile_since is None


def test_it_is_ended_though_the_network_lists_nothing(signed_in: SignedIn, house: House) -> None:
    """It claims a number, and our own go on above it."""
    with scoped_to(EVERY_TENANT):
        db.session.query(Connection).filter_by(tenant_id=house.tenant_id).update(
            {"reconcile_since": utcnow(), "network_sequence": 999}
        )
        commit()
    browser = signed_in("supervisor")
    browser.get(PAGE)
    browser.submit(f"{PAGE}/settle-unread")
    assert "Der Abgleich ist abgeschlossen" in browser.follow().text
    connection = connection_of(house)
    assert (connection.reconcile_since, connection.last_sequence) == (None, 999)
