"""Every page, for whom it is meant: checked by the page client, and with the words people look for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask_babel import force_locale

from portal.core.database import commit, db, scoped_to, utcnow
from portal.domain.participants import Participant
from portal.domain.rules.status import Reason
from portal.releases.labels import PHASE_HELP, STATUS_HELP
from portal.releases.reason_help import REASON_FINDINGS, REASON_HELP
from portal.webkit.labels import label_of
from tests.support.factories import House
from tests.support.pages import Browser

SignedIn = Callable[[str], Browser]


def test_the_sign_in_page_has_two_fields_and_a_button(browser: Browser) -> None:
    page = browser.get("/sign-in")
    assert {"E-Mail", "Passwort"} <= {"".join(item.itertext()) for item in page.find_all("label")}
    assert "Anmelden" in page.buttons()


def test_the_list_has_everybody_of_the_tenant_and_nobody_else(signed_in: SignedIn) -> None:
    page = signed_in("caseworker").get("/participants")
    assert "Adam, Eva" in page.text
    assert "Zorn, Ben" in page.text
    assert "Fremd" not in page.text


def test_the_head_says_tenant_network_and_transfers(signed_in: SignedIn) -> None:
    text = signed_in("caseworker").get("/participants").text
    for words in ("Alpha", "Jobnetzwerk", "Letzte Übertragung", "Läuft gerade", "Nächste Übertragung"):
        assert words in text


def test_the_participants_page_has_bar_facts_logbook_and_protocol(signed_in: SignedIn, house: House) -> None:
    page = signed_in("caseworker").get(f"/participants/{house.eva}")
    assert "nicht freigegeben" in page.text_of("release-bar")
    assert "Für das Jobnetzwerk freigeben" in page.buttons()
    assert "Offline" in page.text_of("status")
    assert "Was fehlt bis Online?" in page.text
    assert "Übermittlungsprotokoll" in page.text


def test_the_network_is_called_by_its_name(signed_in: SignedIn, house: House) -> None:
    page = signed_in("stranger").get(f"/participants/{house.stranger_person}")
    assert "Für Job4You freigeben" in page.buttons()


def test_the_plain_pages_behind_the_dialogs(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    assert "Ja" in browser.get(f"/participants/{house.eva}/revoke").buttons()
    assert "Freigeben" in browser.get(f"/participants/{house.ben}/release").buttons()
    assert "Vogel, Vera VV · V-1" in browser.get(f"/participants/{house.eva}/mediator").buttons()
    browser.get(f"/participants/{house.eva}/protocol")


def test_help_explains_every_phase(signed_in: SignedIn) -> None:
    text = signed_in("caseworker").get("/help").text
    for words in ("in Klärung", "Ausgang unbekannt", "vorgemerkt", "TEILNEHMER→Stammdaten→Adressen"):
        assert words in text


def test_empty_deliveries_say_what_to_do(signed_in: SignedIn) -> None:
    assert "Noch keine Übertragung" in signed_in("supervisor").get("/deliveries").text


def test_fragments_are_answered_to_htmx(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    for path in ("/participants", f"/participants/{house.eva}", "/deliveries", "/transfer-status"):
        assert "<html" not in browser.get(path, fragment=True).html


@pytest.mark.parametrize("language", ["de", "en"])
def test_help_says_of_everything_what_it_is_and_what_to_do(signed_in: SignedIn, language: str) -> None:
    browser = signed_in("caseworker")
    browser.client.set_cookie("language", language)
    page = browser.get("/help")
    with force_locale(language):
        for texts in (STATUS_HELP, PHASE_HELP, REASON_HELP):
            for member, text in texts.items():
                assert str(label_of(member).text) in page.text
                assert str(text) in page.text
    assert set(REASON_HELP) == set(REASON_FINDINGS) == set(Reason)
    assert "TEILNEHMER→Teilnehmerprofil→Einverständniserklärung" in page.text_of("reasons-list")


def test_nobody_yet_leads_to_the_imports(signed_in: SignedIn, house: House) -> None:
    with scoped_to(house.other_id):
        db.session.get_one(Participant, house.stranger_person).left_at = utcnow()
        commit()
    page = signed_in("stranger").get("/participants")
    assert "Noch niemand ist aus Qualli.life übernommen." in page.text
    assert page.find("section", id="people").find(".//a[@href='/imports']") is not None
