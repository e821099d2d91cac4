"""Every filter of the list holds at once; what cannot be applied is said, and never done to more people than meant."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from portal.core.database import commit, db, scoped_to, utcnow
from portal.domain.bulk import BulkItem
from portal.domain.deliveries import Delivery, DeliveryPerson
from portal.domain.delivery_states import ChangeKind, DeliveryState, Inclusion, Mode, Trigger
from portal.domain.participants import Participant
from portal.domain.releases import Registration, Release
from portal.domain.rules.status import Status
from portal.domain.tenants import Connection
from portal.participants.choices import caseworker_key
from tests.support.clock import today
from tests.support.factories import House, looking, make_mediator, make_person
from tests.support.pages import Browser, Page

SignedIn = Callable[[str], Browser]
DAY = dt.timedelta(days=1)


def names(page: Page) -> list[str]:
    links = [row.find("./th/a") for row in page.find_all("tr")]
    return ["".join(item.itertext()) for item in links if item is not None]


def add(house: House, name: str, released_days: int | None = None, **state: Any) -> int:
    """Add a participant whom nothing blocks, with the registration that `state` changes."""
    with scoped_to(house.tenant_id):
        connection = db.session.query(Connection).one()
        person = make_person(house.tenant_id, name.lower(), name, "Ann", consent=True)
        values: dict[str, Any] = {
            "tenant_id": house.tenant_id,
            "connection_id": connection.id,
            "participant_id": person,
        }
        release = None
        if released_days is not None:
            release = Release(**values, released_at=utcnow() - released_days * DAY, released_by="CAS")
            db.session.add(release)
            db.session.flush()
        db.session.add(
            Registration(
                **values,
                release_id=release.id if release else None,
                **({"released": release is not None, "mediator_id": house.mediator} | state),
            )
        )
        commit()
    return person


def hold(house: House, people: list[int]) -> None:
    """A held delivery with these people in it."""
    with scoped_to(house.tenant_id):
        connection = db.session.query(Connection).one()
        delivery = Delivery(
            tenant_id=house.tenant_id,
            connection_id=connection.id,
            sequence=1,
            mode=Mode.FULL,
            cause=Trigger.NIGHTLY,
            started_by="system",
            state=DeliveryState.HELD,
            idempotency_key="k",
            created_at=utcnow(),
            held_at=utcnow(),
        )
        db.session.add(delivery)
        db.session.flush()
        for person in people:
            db.session.add(
                DeliveryPerson(
                    tenant_id=house.tenant_id,
                    delivery_id=delivery.id,
                    participant_id=person,
                    part=Inclusion.NAMED,
                    novelty=ChangeKind.UNCHANGED,
                )
            )
        commit()


@pytest.fixture
def stuck(house: House) -> House:
    """People who wait for one thing or another, each for another time; and some who wait for nothing."""
    now = utcnow()
    add(house, "Blocked", 9, mediator_id=None)
    add(house, "Rejected", 30, rejected_sequence=1, stuck_since=now - 8 * DAY)
    add(house, "Archived", 30, archived=True, archive_reason="mediator-unknown", stuck_since=now - 7 * DAY)
    add(house, "Clarified", 30, clarification="answers-contradict", stuck_since=now - 6 * DAY)
    add(house, "Late", 30, announced=True, waiting_since=now - 5 * DAY)
    add(house, "Fresh", 4)
    add(house, "Revoked", announced=True, announced_at=now - 3 * DAY)
    add(house, "Waiting", 30, announced=True, waiting_since=now - DAY / 24)
    add(house, "Online", 30, announced=True, status=Status.ONLINE)
    return house


def test_the_longest_wait_comes_first_whatever_people_wait_for(signed_in: SignedIn, stuck: House) -> None:
    page = signed_in("caseworker").get("/participants?sort=waiting")
    waits = ["Blocked", "Rejected", "Archived", "Clarified", "Late", "Fresh", "Revoked", "Waiting"]
    assert names(page)[:8] == [f"{name}, Ann" for name in waits]
    assert names(page)[8:] == ["Adam, Eva", "Online, Ann", "Zorn, Ben"]
    assert page.text.count("seit") >= 8


def test_action_counts_those_for_whom_somebody_can_do_something(signed_in: SignedIn, stuck: House) -> None:
    browser = signed_in("caseworker")
    page = browser.get("/participants?action=1")
    acting = ["Archived", "Blocked", "Clarified", "Late", "Rejected"]
    assert names(page) == [f"{name}, Ann" for name in acting]
    assert "braucht Aktion 5" in page.text
    assert names(browser.get("/participants?sort=action"))[:5] == [f"{name}, Ann" for name in acting]


def test_a_held_delivery_is_one_thing(signed_in: SignedIn, house: House) -> None:
    """Its people are not each something to do; those with trouble of their own are, all the same."""
    people = [add(house, f"Named{number}", 3, announced=True) for number in range(5)]
    people.append(add(house, "Blocked", 3, announced=True, mediator_id=None))
    hold(house, people)
    page = signed_in("supervisor").get("/participants")
    assert "braucht Aktion 1" in page.text
    assert page.text.count("Die Übertragung 1 ist angehalten.") == 1
    assert names(signed_in("supervisor").get("/participants?action=1")) == ["Blocked, Ann"]


FILTERS = {
    "action": "action=1",
    "phase": "phase=blocked&phase=sent",
    "status": "status=offline",
    "mine": "mine=1",
    "caseworker": f"caseworker={caseworker_key('KK')}",
    "mediator": "mediator={mediator}",
    "finding": "finding=name-missing&finding=mediator-missing",
    "left": "left=1",
    "number": "number=V-1",
}


@pytest.mark.sampled(9)
@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(FILTERS, 2)))
def test_two_filters_leave_whom_both_leave(
    signed_in: SignedIn, varied: House, first: str, second: str
) -> None:
    browser = signed_in("caseworker")

    def found(*filters: str) -> set[str]:
        parts = "&".join(FILTERS[name] for name in filters).format(mediator=varied.mediator)
        page = browser.get(f"/participants?{parts}")
        assert not page.find_all("div", id="ignored")
        return set(names(page))

    assert found(first, second) == found(first) & found(second)


@pytest.fixture
def varied(house: House) -> House:
    """Everybody of two of each kind."""
    with scoped_to(house.tenant_id):
        other = make_mediator(house.tenant_id, "V-2", "Anders", "Anna")
        commit()
    for number, (mediator, caseworker, announced) in enumerate(
        itertools.product((house.mediator, other, None), ("CAS", "KK"), (True, False))
    ):
        waits = {"waiting_since": utcnow()} if announced and number % 3 == 0 else {}
        person = add(house, f"Person{number:02}", 3, mediator_id=mediator, announced=announced, **waits)
        with scoped_to(house.tenant_id):
            row = db.session.get_one(Participant, person)
            row.caseworker = caseworker
            row.left_order_on = today() if number % 2 else None
            row.first_name = "" if number % 4 == 0 else "Ann"
            commit()
    return house


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("status=online&status=nowhere", "Status „nowhere“"),
        ("phase=SENT", "Vorgang „SENT“"),
        ("finding=licence-expired", "Was fehlt „licence-expired“"),
        ("order=1&order=2", "Auftrag/Maßnahme „2“"),
        ("order=0", "Auftrag/Maßnahme „0“"),
        ("mediator=abc", "Vermittler/in „abc“"),
        ("caseworker=Kurz", "Betreuer/in „Kurz“"),
        ("sort=fastest", "Sortieren nach „fastest“"),
        ("action=yes", "braucht Aktion „yes“"),
        ("left=2", "ausgetreten, noch freigegeben „2“"),
        ("number=%20%20", "Nummer"),
        ("fase=sent", "fase „sent“"),
        ("<b>=1", "<b> „1“"),
    ],
)
def test_what_cannot_be_applied_is_said(signed_in: SignedIn, house: House, address: str, said: str) -> None:
    browser = signed_in("caseworker")
    assert said in browser.get(f"/participants?{address}").text_of("ignored")
    assert not browser.get("/participants?order=&status=online").find_all("div", id="ignored")


def test_a_text_and_a_number_searched_at_once_are_not_mixed_up(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    browser.get("/participants")
    found = browser.submit("/participants/search", text="Zorn").location
    page = browser.get(f"{found}&number=1001")
    assert names(page) == ["Zorn, Ben"]
    assert "Nummer „1001“" in page.text_of("ignored")


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_no_file_has_more_people_than_its_address_means(
    signed_in: SignedIn, house: House, ending: str
) -> None:
    page = signed_in("supervisor").get(f"/participants/export.{ending}?phase=sended", status=409)
    assert "(Vorgang)" in page.text


def test_nothing_is_done_to_more_people_than_were_meant(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    browser.get("/participants")
    browser.submit("/bulk", action="release", whom="all", phase="sended")
    assert "(Vorgang)" in browser.follow().text
    with looking():
        assert db.session.query(BulkItem).count() == 0


def test_those_who_need_action_can_be_chosen_all_at_once(signed_in: SignedIn, stuck: House) -> None:
    """`action` is the name of the buttons, too."""
    browser = signed_in("supervisor")
    browser.get("/participants?action=1")
    browser.submit("/bulk", action=["1", "revoke"], whom="all")
    assert "5 Personen sind gewählt." in browser.follow().text


def test_a_saved_view_says_that_it_forgets_the_search(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    browser.get("/participants?status=offline&number=1001")
    browser.submit("/participants/views", name="Meine")
    assert "ohne den Suchtext" in browser.follow().text
