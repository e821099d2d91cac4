"""Deliveries on their pages: what they are, and what a person decides about a held one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from portal.core.database import EVERY_TENANT, commit, db, scoped_to, utcnow
from portal.domain.accounts import Account
from portal.domain.audit import AuditEntry, AuditEvent
from portal.domain.deliveries import Attempt, Delivery, DeliveryPerson, OddAnswer
from portal.domain.delivery_states import ChangeKind, DeliveryProblem, DeliveryState, Inclusion, Mode, Trigger
from portal.domain.releases import Registration
from portal.domain.tenants import Connection, Heartbeat
from tests.support.factories import House, looking, make_person
from tests.support.pages import Browser, Page

SignedIn = Callable[[str], Browser]
DIGEST = "d" * 64


def make_delivery(house: House, sequence: int = 1, **values: Any) -> int:
    with scoped_to(EVERY_TENANT):
        connection = db.session.query(Connection).filter_by(tenant_id=house.tenant_id).one()
        delivery = Delivery(
            **{
                "tenant_id": house.tenant_id,
                "connection_id": connection.id,
                "sequence": sequence,
                "mode": Mode.FULL,
                "cause": Trigger.NIGHTLY,
                "started_by": "system",
                "idempotency_key": str(sequence),
                "state": DeliveryState.COMPLETE,
                "created_at": utcnow(),
                "counts": {"new": 2, "leaving": 1},
                "answered": {"active": 2},
            }
            | values
        )
        db.session.add(delivery)
        connection.last_sequence = max(connection.last_sequence, sequence)
        db.session.flush()
        found = delivery.id
        commit()
    return found


def add_person(house: House, delivery_id: int, person: int, **values: Any) -> None:
    with scoped_to(EVERY_TENANT):
        row = {"part": Inclusion.NAMED, "novelty": ChangeKind.NEW} | values
        db.session.add(
            DeliveryPerson(tenant_id=house.tenant_id, delivery_id=delivery_id, participant_id=person, **row)
        )
        commit()


@pytest.fixture
def held(house: House) -> int:
    """A held delivery: Eva vanished, Ben was revoked."""
    found = make_delivery(
        house,
        7,
        state=DeliveryState.HELD,
        problem=DeliveryProblem.BRAKE,
        held_at=utcnow(),
        built_at=utcnow(),
        brake={"holds": ["too-many"]},
        shown_digest=DIGEST,
    )
    leaving = {"part": Inclusion.OMITTED, "novelty": ChangeKind.LEAVING}
    add_person(house, found, house.eva, **leaving, explained=False, findings=["mediator-missing"])
    add_person(house, found, house.ben, **leaving, explained=True)
    return found


def test_the_list_says_what_became_of_each(signed_in: SignedIn, house: House) -> None:
    make_delivery(house, 1, completed_at=utcnow() + dt.timedelta(seconds=42.9))
    make_delivery(house, 2, state=DeliveryState.FAILED, cause=Trigger.NOW, started_by="SUP")
    page = signed_in("caseworker").get("/deliveries")
    first, second = (" ".join("".join(row.itertext()).split()) for row in page.find_all("tr")[1:])
    assert first.startswith("Übertragung 2 vollständig Jetzt übertragen")
    assert "gescheitert" in first
    assert "2 genannt, 2 neu, 1 scheiden aus" in second
    assert "2 bestätigt" in second
    assert "offen" not in second
    assert second.endswith("42 s")


def test_the_list_goes_on(signed_in: SignedIn, house: House) -> None:
    for number in range(1, 53):
        make_delivery(house, number)
    page = signed_in("caseworker").get("/deliveries")
    older = page.find("a", rel="next").get("href") or ""
    assert len(page.find_all("tr")) == 51
    page = signed_in("caseworker").get(older)
    assert len(page.find_all("tr")) == 3
    assert not page.find_all("a", rel="next")


def test_one_delivery_has_steps_people_attempts_and_odd_answers(signed_in: SignedIn, house: House) -> None:
    found = make_delivery(house, 3, state=DeliveryState.ANSWERING, committed_at=utcnow(), built_at=utcnow())
    add_person(house, found, house.eva, outcome="rejected", reason="email-missing", detail="leer")
    with scoped_to(EVERY_TENANT):
        row = {"tenant_id": house.tenant_id, "delivery_id": found, "at": utcnow()}
        connection = db.session.query(Connection).filter_by(tenant_id=house.tenant_id).one()
        db.session.add(
            Attempt(**row, connection_id=connection.id, call="putPart 1", http_status=503, duration_ms=37)
        )
        db.session.add(
            OddAnswer(**row, kind="stranger", subject="participant", number="666", outcome="active")
        )
        commit()
    page = signed_in("caseworker").get("/deliveries/3")
    assert "2 bestätigt, 1 offen" in page.text
    current = page.find("li", aria_current="step")
    assert "Antworten kommen" in "".join(current.itertext())
    assert "abgelehnt – E-Mail-Adresse fehlt – leer" in page.text
    assert "putPart 1 503 37 ms" in page.text
    assert "participant 666: active – über jemanden, den die Übertragung nicht nennt" in page.text


def test_every_attempt_is_reached_by_pages(signed_in: SignedIn, house: House) -> None:
    """What opened the delivery stays reachable, however often its answers were asked for since."""
    found = make_delivery(house, 3, state=DeliveryState.ANSWERING, committed_at=utcnow(), built_at=utcnow())
    with scoped_to(EVERY_TENANT):
        connection = db.session.query(Connection).filter_by(tenant_id=house.tenant_id).one()
        row = {"tenant_id": house.tenant_id, "delivery_id": found, "connection_id": connection.id}
        for number in range(250):
            call = "openDelivery" if number == 0 else f"putPart {number}"
            db.session.add(Attempt(**row, at=utcnow(), call=call, http_status=201, duration_ms=1))
        db.session.add(
            Attempt(
                **row, at=utcnow(), count=1234, call="readAcknowledgements", http_status=200, duration_ms=1
            )
        )
        commit()
    browser = signed_in("caseworker")
    page = browser.get("/deliveries/3")
    assert "1.234-mal, zuletzt" in page.text
    seen = attempts_on(page)
    while older := [it for it in page.find_all("a", rel="next") if "attempts=" in (it.get("href") or "")]:
        page = browser.get(older[0].get("href") or "")
        seen += attempts_on(page)
    assert len(seen) == len(set(seen)) == 251
    assert "openDelivery" in page.text
    assert "attempts=" in (page.by_id("delivery").get("hx-get") or ""), "the live page stays where it is"


def attempts_on(page: Page) -> list[str]:
    return [
        row.get("id") or "" for row in page.find_all("tr") if (row.get("id") or "").startswith("attempt-")
    ]


def test_who_is_in_it_goes_on_by_pages(signed_in: SignedIn, house: House) -> None:
    found = make_delivery(house, 3)
    for number in range(150):
        with scoped_to(EVERY_TENANT):
            person = make_person(house.tenant_id, f"8{number:03}", "Name", "Ann")
        add_person(house, found, person)
    browser = signed_in("caseworker")
    page = browser.get("/deliveries/3")
    assert len(page.find_all("th", scope="row")) == 100
    page = browser.get(page.find("a", rel="next").get("href") or "")
    assert len(page.find_all("th", scope="row")) == 50


@pytest.mark.parametrize("path", ["/deliveries/99", "/deliveries/99999999999", "/deliveries/3?connection=77"])
def test_an_unknown_delivery_is_not_found(signed_in: SignedIn, house: House, path: str) -> None:
    make_delivery(house, 3)
    signed_in("caseworker").get(path, status=404)
    signed_in("stranger").get("/deliveries/3", status=404)


@pytest.mark.usefixtures("held")
def test_a_held_one_names_who_leaves_and_why(signed_in: SignedIn) -> None:
    page = signed_in("caseworker").get("/deliveries/7")
    before, after = page.text.split("Scheiden mit Erklärung aus (1)")
    assert "Scheiden ohne Erklärung aus (1)" in before
    assert "Adam, Eva 1001 – Es ist niemand als Vermittler/in gewählt" in before
    assert "Zorn, Ben" in after
    assert "Mehr Personen als zugelassen" in page.text
    assert "Durchlassen" not in page.buttons()
    assert "Die Übertragung 7 ist angehalten." in page.text_of("transfer-status")


def test_a_supervisor_lets_it_go_as_it_was_shown(signed_in: SignedIn, held: int) -> None:
    browser = signed_in("supervisor")
    browser.get("/deliveries/7")
    browser.submit("/deliveries/7/approve")
    assert "wird gesendet" in browser.follow().text_of("notices")
    with looking():
        delivery = db.session.get_one(Delivery, held)
        assert (delivery.state, delivery.approved_by) == (DeliveryState.BUILT, "SUP")


def test_what_changed_since_is_not_approved(signed_in: SignedIn, held: int) -> None:
    browser = signed_in("supervisor")
    browser.get("/deliveries/7")
    with scoped_to(EVERY_TENANT):
        db.session.get_one(Delivery, held).shown_digest = "e" * 64
        commit()
    browser.submit("/deliveries/7/approve")
    assert "Prüfen Sie sie noch einmal" in browser.follow().text_of("notices")


def test_whoever_started_it_does_not_judge_it(signed_in: SignedIn, held: int) -> None:
    with scoped_to(EVERY_TENANT):
        account = db.session.query(Account).filter_by(email="supervisor@example.org").one()
        db.session.get_one(Delivery, held).started_by_account_id = account.id
        commit()
    browser = signed_in("supervisor")
    page = browser.get("/deliveries/7")
    assert not {"Durchlassen", "Verwerfen"} & set(page.buttons())
    assert "Wer die Übertragung angestoßen hat, darf sie nicht selbst" in page.text
    for action in ("approve", "discard"):  # as from a page that is older than that
        token = page.form("/sign-out")
        sent = {"Referer": "http://localhost/deliveries/7"}
        assert (
            "darf sie nicht selbst" in browser.post(f"/deliveries/7/{action}", token, status=403, **sent).text
        )
    browser = signed_in("support")
    browser.get("/deliveries/7")
    browser.submit("/deliveries/7/discard")
    assert "ist verworfen" in browser.follow().text_of("notices")


def test_transferring_everybody_leads_to_the_delivery(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    browser.get("/participants")
    browser.submit("/deliveries")
    assert "Es gibt nichts zu übertragen" in browser.follow().text_of("notices")
    browser.get(f"/participants/{house.eva}/mediator")
    browser.submit(f"/participants/{house.eva}/mediator", mediator=str(house.mediator))
    browser.get(f"/participants/{house.eva}")
    browser.submit(f"/participants/{house.eva}/release")
    browser.get("/participants")
    assert browser.submit("/deliveries").location == "/deliveries/1"
    page = browser.follow()
    assert "geplant" in page.text
    assert "1 – geplant" in page.text_of("transfer-status")
    assert "Jetzt alle übertragen" not in page.buttons()


def test_the_head_warns_of_a_silent_worker(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    assert "meldet sich nicht" not in browser.get("/participants").text
    beat = db.session.query(Heartbeat).one()
    beat.seen_at = utcnow() - dt.timedelta(minutes=3)
    commit()
    assert "meldet sich nicht" in browser.get("/participants").text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reconcile_since": utcnow()}, "kennt Übertragungen, die hier nicht bekannt sind"),
        ({"quarantined_at": utcnow(), "problem": "unauthorised"}, "lehnt die Zugangsdaten ab"),
        ({"token_encrypted": None}, "Die Zugangsdaten zum Jobportal fehlen"),
    ],
)
def test_the_head_warns_of_what_keeps_the_network_from_us(
    signed_in: SignedIn, house: House, changes: dict[str, Any], words: str
) -> None:
    with scoped_to(EVERY_TENANT):
        connection = db.session.query(Connection).filter_by(tenant_id=house.tenant_id).one()
        for name, value in changes.items():
            setattr(connection, name, value)
        commit()
    assert words in signed_in("caseworker").get("/help").text_of("transfer-status")


def test_the_coming_delivery_is_foreseen(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    page = browser.get("/deliveries/next")
    assert "Personen genannt0" in page.text
    browser.get(f"/participants/{house.eva}/mediator")
    browser.submit(f"/participants/{house.eva}/mediator", mediator=str(house.mediator))
    browser.get(f"/participants/{house.eva}")
    browser.submit(f"/participants/{house.eva}/release")
    page = browser.get("/deliveries/next")
    assert "Personen genannt1 neu1" in page.text
    assert browser.get("/deliveries").find("a", href="/deliveries/next") is not None
    assert "Personen genannt0" in signed_in("stranger").get("/deliveries/next").text


@pytest.fixture
def forgotten(house: House) -> int:
    """A delivery with Eva of which the network knows nothing any more."""
    found = make_delivery(
        house,
        7,
        state=DeliveryState.COMMITTED,
        problem=DeliveryProblem.FORGOTTEN,
        committed_at=utcnow(),
        fruitless=1,
    )
    add_person(house, found, house.eva)
    with scoped_to(EVERY_TENANT):
        connection = db.session.query(Connection).filter_by(tenant_id=house.tenant_id).one()
        common = {"tenant_id": house.tenant_id, "connection_id": connection.id}
        db.session.add(Registration(**common, participant_id=house.eva, announced=True, announced_sequence=7))
        commit()
    return found


def test_waiting_for_answers_in_trouble_is_ended_by_a_person(
    signed_in: SignedIn, house: House, forgotten: int
) -> None:
    browser = signed_in("supervisor")
    assert "kennt diese Übertragung jetzt nicht mehr" in browser.get("/deliveries").text
    page = browser.get("/deliveries/7")
    assert "kennt diese Übertragung jetzt nicht mehr" in page.text
    assert "wird mit der nächsten Übertragung neu gemeldet" in page.text
    browser.submit("/deliveries/7/stop-waiting")
    assert "wird nicht mehr gewartet" in browser.follow().text
    with looking():
        found = db.session.get_one(Delivery, forgotten)
        assert (found.state, found.next_step_at) == (DeliveryState.COMPLETE, None)
        registration = db.session.query(Registration).filter_by(participant_id=house.eva).one()
        assert registration.clarification == "answer-missing"
        entry = db.session.query(AuditEntry).filter_by(event=AuditEvent.WAITING_ENDED).one()
        assert (entry.subject, entry.subject_id) == ("delivery", 7)


def test_answers_in_trouble_are_asked_for_at_once(signed_in: SignedIn, house: House, forgotten: int) -> None:
    browser = signed_in("supervisor")
    browser.get("/deliveries/7")
    with scoped_to(EVERY_TENANT):
        db.session.get_one(Delivery, forgotten).next_step_at = utcnow() + dt.timedelta(hours=1)
        commit()
    browser.submit("/deliveries/7/ask-again")
    assert "wird gefragt" in browser.follow().text
    with looking():
        due = db.session.get_one(Delivery, forgotten).next_step_at
    assert due is not None and due <= utcnow()


def test_answers_that_only_take_their_time_are_waited_for(signed_in: SignedIn, house: House) -> None:
    make_delivery(house, 3, state=DeliveryState.ANSWERING, committed_at=utcnow())
    browser = signed_in("supervisor")
    assert "stop-waiting" not in browser.get("/deliveries/3").html
    token = browser.get("/help").form("/sign-out")
    for action in ("ask-again", "stop-waiting"):
        assert "keine Schwierigkeit" in browser.post(f"/deliveries/3/{action}", token, status=409).text
    caseworker = signed_in("caseworker")
    token = caseworker.get("/help").form("/sign-out")
    caseworker.post("/deliveries/3/stop-waiting", token, status=403)
