"""Deciding on a person's page whose an identifier is that an import gave to another person."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.core.database import EVERY_TENANT, commit, db, scoped_to
from portal.domain.imports import ImportMode
from portal.domain.participants import Participant
from tests.imports.exports import bring
from tests.support.factories import House, looking, registration_of
from tests.support.pages import Browser

SignedIn = Callable[[str], Browser]
HEADER = "tn_id;nachname;vorname;geburtsdatum\n"


@pytest.fixture
def doubted(signed_in: SignedIn, house: House) -> House:
    """Eva Adam was released; then an import named Olaf Zander under her number."""
    bring(house.tenant_id, {"teilnehmer.csv": HEADER + "1001;Adam;Eva;01.02.1990\n"}, ImportMode.DELTA)
    browser = signed_in("caseworker")
    browser.get(f"/participants/{house.eva}")
    browser.submit(f"/participants/{house.eva}/release")
    import_other(house)
    return house


def import_other(house: House) -> None:
    bring(house.tenant_id, {"teilnehmer.csv": HEADER + "1001;Zander;Olaf;13.07.1985\n"}, ImportMode.DELTA)


def names(house: House) -> list[tuple[str, str]]:
    with looking(), scoped_to(house.tenant_id):
        rows = db.session.query(Participant).filter(Participant.number.like("1001%")).order_by(Participant.id)
        return [(row.number, row.name) for row in rows]


def test_the_page_asks_and_the_lists_show_who_is_asked_about(signed_in: SignedIn, doubted: House) -> None:
    browser = signed_in("caseworker")
    page = browser.get(f"/participants/{doubted.eva}")
    assert "Andere Person unter derselben Nummer?" in page.text_of("logbook")
    assert "in Klärung" in page.text_of("phase")
    assert {"Dieselbe Person", "Andere Person"} <= set(page.buttons())
    assert "Nummer gehört vielleicht einer anderen Person" in page.text
    assert "Adam, Eva" in browser.get("/participants?action=1").text
    browser.get(f"/participants/{doubted.eva}")
    browser.submit(f"/participants/{doubted.eva}/release")
    assert "Erst muss entschieden sein" in browser.follow().text_of("notices")


def test_the_same_person_is_corrected_by_the_next_import(signed_in: SignedIn, doubted: House) -> None:
    browser = signed_in("caseworker")
    browser.get(f"/participants/{doubted.eva}")
    browser.submit(f"/participants/{doubted.eva}/identity", person="same")
    page = browser.follow()
    assert "Der nächste Import berichtigt die Angaben." in page.text_of("notices")
    assert "Andere Person unter derselben Nummer?" not in page.text_of("logbook")
    assert names(doubted) == [("1001", "Adam, Eva")]
    import_other(doubted)
    assert names(doubted) == [("1001", "Zander, Olaf")]


def test_another_person_is_added_by_the_next_import(signed_in: SignedIn, doubted: House) -> None:
    browser = signed_in("caseworker")
    browser.get(f"/participants/{doubted.eva}")
    part = browser.submit(f"/participants/{doubted.eva}/identity", person="other", fragment=True, status=200)
    assert "Andere Person: Der nächste Import legt sie neu an." in part.text
    import_other(doubted)
    (former, eva), (number, olaf) = names(doubted)
    assert former.startswith("1001 (bis ")
    assert (number, eva, olaf) == ("1001", "Adam, Eva", "Zander, Olaf")


def test_while_the_network_has_the_one_before_no_other_is_added(signed_in: SignedIn, doubted: House) -> None:
    with scoped_to(EVERY_TENANT):
        registration = registration_of(doubted.eva)
        assert registration is not None
        db.session.merge(registration).announced = True
        commit()
    browser = signed_in("caseworker")
    page = browser.get(f"/participants/{doubted.eva}")
    assert "Andere Person" not in page.buttons()
    assert "sobald das Jobportal die bisherige archiviert hat" in page.text_of("logbook")
    browser.submit(f"/participants/{doubted.eva}/identity", person="other")
    assert "noch nicht archiviert" in browser.follow().text_of("notices")


def test_without_an_answer_nothing_is_decided(signed_in: SignedIn, doubted: House) -> None:
    browser = signed_in("caseworker")
    browser.get(f"/participants/{doubted.eva}")
    browser.submit(f"/participants/{doubted.eva}/identity", person="perhaps")
    assert "dieselbe oder eine andere Person" in browser.follow().text_of("notices")
    assert "Andere Person unter derselben Nummer?" in browser.get(f"/participants/{doubted.eva}").text_of(
        "logbook"
    )
