"""A participant's page beyond the bar: who comes before and after, what would be sent, what to ask for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.core.crypto import current_keyring
from portal.core.database import commit, db, scoped_to
from portal.core.masking import MASK
from portal.domain.participants import Participant, social_insurance_place
from portal.domain.releases import Registration
from portal.domain.tenants import Connection, Tenant
from tests.support.factories import House, make_person
from tests.support.pages import Browser, Page

SignedIn = Callable[[str], Browser]
NUMBER = "65170839J003"


@pytest.fixture
def row(house: House) -> list[int]:
    """Adam, Bauer, Zorn: three people in the order of their names."""
    with scoped_to(house.tenant_id):
        bauer = make_person(house.tenant_id, "1003", "Bauer", "Bea")
        commit()
    return [house.eva, bauer, house.ben]


def beside(page: Page, rel: str) -> str | None:
    found = page.find_all("a", rel=rel)
    return found[0].get("href") if found else None


def test_one_goes_through_the_list_one_came_from(signed_in: SignedIn, row: list[int]) -> None:
    browser = signed_in("caseworker")
    page = browser.get("/participants?status=offline&sort=action")
    first = page.find("tr", id=f"participant-{row[0]}").find("./th/a")
    assert first is not None
    page = browser.get(first.get("href") or "")
    assert beside(page, "prev") is None
    for place in (1, 2):
        address = beside(page, "next")
        assert address == f"/participants/{row[place]}?status=offline&sort=action"
        page = browser.get(address)
    assert beside(page, "next") is None
    assert beside(page, "prev") == f"/participants/{row[1]}?status=offline&sort=action"
    assert page.find("a", href="/participants?status=offline&sort=action") is not None


def test_whom_the_filters_leave_out_is_passed_over(signed_in: SignedIn, row: list[int]) -> None:
    with scoped_to(1):
        db.session.get_one(Participant, row[1]).caseworker = "CAS"
        commit()
    page = signed_in("caseworker").get(f"/participants/{row[1]}?mine=1")
    assert (beside(page, "prev"), beside(page, "next")) == (None, None)


def test_the_list_is_kept_through_what_one_does(signed_in: SignedIn, row: list[int]) -> None:
    browser = signed_in("caseworker")
    browser.get(f"/participants/{row[0]}?status=offline&status=online")
    action = f"/participants/{row[0]}/release?status=offline&status=online"
    assert browser.submit(action).location == f"/participants/{row[0]}?status=offline&status=online"
    page = browser.follow()
    page = browser.get(f"/participants/{row[0]}/revoke?status=offline")
    assert f"/participants/{row[0]}?status=offline" in [item.get("href") for item in page.find_all("a")]


def test_a_search_that_is_gone_has_no_neighbours_and_no_error(signed_in: SignedIn, row: list[int]) -> None:
    page = signed_in("caseworker").get(f"/participants/{row[1]}?q=gone")
    assert (beside(page, "prev"), beside(page, "next")) == (None, None)


def test_what_would_be_sent_is_shown(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    page = browser.get(f"/participants/{house.eva}/record")
    assert "Das Jobportal hat diese Person noch nie bestätigt." in page.text
    assert "1001@example.org" in page.text
    assert "01.01.2026" in page.text  # dates as one writes them
    assert page.html.count("<table") == browser.get(
        f"/participants/{house.eva}/record", fragment=True
    ).html.count("<table")
    signed_in("stranger").get(f"/participants/{house.eva}/record", status=404)


def test_the_social_insurance_number_stands_masked(signed_in: SignedIn, house: House) -> None:
    with scoped_to(house.tenant_id):
        person = db.session.get_one(Participant, house.eva)
        place = social_insurance_place(house.tenant_id, person.number)
        person.social_insurance_number_encrypted = current_keyring().encrypt(NUMBER.encode(), place)
        commit()
    browser = signed_in("administrator")
    assert "Sozialversicherungsnummer" not in browser.get(f"/participants/{house.eva}/record").text
    with scoped_to(house.tenant_id):
        db.session.get_one(Tenant, house.tenant_id).sends_social_insurance_number = True
        commit()
    page = browser.get(f"/participants/{house.eva}/record")
    assert f"Sozialversicherungsnummer {MASK}" in page.text
    assert NUMBER not in page.html


def test_a_request_to_pass_on_names_the_number_and_the_way(signed_in: SignedIn, house: House) -> None:
    with scoped_to(house.tenant_id):
        person = db.session.get_one(Participant, house.eva)
        person.first_name = ""
        commit()
    asked = signed_in("caseworker").get(f"/participants/{house.eva}").text_of("request-text")
    assert "Teilnehmer/in 1001" in asked
    assert "TEILNEHMER→Stammdaten" in asked
    assert "Adam" not in asked


def test_nothing_is_asked_of_others_for_what_is_mended_here(signed_in: SignedIn, house: House) -> None:
    page = signed_in("caseworker").get(f"/participants/{house.eva}")
    assert "Es ist niemand als Vermittler/in gewählt" in page.text
    assert not page.find_all("p", id="request-text")


def test_the_applicants_page_in_the_network_is_linked(signed_in: SignedIn, house: House) -> None:
    with scoped_to(house.tenant_id):
        connection = db.session.query(Connection).one()
        db.session.add(
            Registration(
                tenant_id=house.tenant_id,
                connection_id=connection.id,
                participant_id=house.eva,
                applicant_id="BW/1",
            )
        )
        commit()
    browser = signed_in("caseworker")
    assert not browser.get(f"/participants/{house.eva}").find_all("a", target="_blank")
    settings = browser.client.application.extensions["jobbruecke_settings"]
    page_of = {"network_jobnetzwerk_page": "https://jn.example/a/{applicant_id}"}
    browser.client.application.extensions["jobbruecke_settings"] = settings.model_copy(update=page_of)
    link = browser.get(f"/participants/{house.eva}").find("a", target="_blank")
    assert link.get("href") == "https://jn.example/a/BW%2F1"
    assert not browser.get(f"/participants/{house.ben}").find_all("a", target="_blank")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (
            {"rejected_sequence": 3, "rejection_reason": "email-missing"},
            "TEILNEHMER→Stammdaten→Adressen",
        ),
        (
            {"archived": True, "archive_reason": "mediator-unknown"},
            "Legen Sie sie dort mit der Vermittler-ID an",
        ),
        ({"archived": True, "archive_reason": "duplicate"}, "Berichtigen Sie sie in Qualli.life."),
    ],
)
def test_a_refusal_says_what_to_do(
    signed_in: SignedIn, house: House, state: dict[str, object], said: str
) -> None:
    with scoped_to(house.tenant_id):
        registration = Registration(
            tenant_id=house.tenant_id,
            connection_id=db.session.query(Connection).one().id,
            participant_id=house.eva,
            mediator_id=house.mediator,
            released=True,
            announced=True,
            **state,
        )
        db.session.add(registration)
        commit()
    logbook = signed_in("caseworker").get(f"/participants/{house.eva}").text_of("logbook")
    assert said in logbook
    assert "Nichts fehlt. Es braucht nur noch" not in logbook
