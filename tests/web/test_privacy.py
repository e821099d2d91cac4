"""Pages of data protection: reports, erasure on request with its preview, what retention does."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from portal.core.database import EVERY_TENANT, commit, db, scoped_to, utcnow
from portal.domain.accounts import SearchTerm
from portal.domain.audit import AuditEntry, AuditEvent
from portal.domain.participants import Participant
from portal.domain.releases import ProtocolEntry, Registration
from tests.privacy.past import CANARY, old_person
from tests.support.factories import House, looking
from tests.support.pages import Browser

SignedIn = Callable[[str], Browser]


def entries(event: AuditEvent) -> list[AuditEntry]:
    with looking():
        return list(db.session.query(AuditEntry).filter_by(event=event).order_by(AuditEntry.id))


@pytest.mark.parametrize("ending", ["json", "pdf"])
def test_a_report_is_handed_out_under_her_number_and_noted_in_the_audit(
    signed_in: SignedIn, house: House, ending: str
) -> None:
    browser = signed_in("supervisor")
    assert f"report.{ending}" in browser.get(f"/participants/{house.eva}").html
    response = browser.ask("GET", f"/participants/{house.eva}/report.{ending}")
    assert response.status_code == 200
    assert response.headers["Content-Disposition"] == f"attachment; filename=Auskunft-1001.{ending}"
    assert response.headers["Cache-Control"] == "no-store"
    if ending == "json":
        assert json.loads(response.data)["person"]["last_name"] == "Adam"
    else:
        assert response.data.startswith(b"%PDF-")
        assert b"/Lang(de)" in response.data
    (entry,) = entries(AuditEvent.DISCLOSED)
    assert (entry.by, entry.subject, entry.subject_id) == ("SUP", "participant", house.eva)


def test_a_caseworker_hands_out_no_report_and_erases_nobody(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    page = browser.get(f"/participants/{house.eva}")
    assert "report.pdf" not in page.html
    for path in ("report.pdf", "report.json", "erasure"):
        assert browser.ask("GET", f"/participants/{house.eva}/{path}").status_code == 403


def test_erasing_shows_first_what_goes_and_what_stays(signed_in: SignedIn, house: House) -> None:
    with scoped_to(house.tenant_id):
        person = old_person(house.tenant_id, "4711")
        db.session.add(
            SearchTerm(
                tenant_id=house.tenant_id,
                key="k1",
                text=CANARY[:8].lower(),
                account_id=1,
                created_at=utcnow(),
            )
        )
        db.session.add(
            SearchTerm(tenant_id=house.tenant_id, key="k2", text="Adam", account_id=1, created_at=utcnow())
        )
        commit()
    browser = signed_in("administrator")
    address = f"/participants/{person}/erasure"
    page = browser.get(address)
    assert "3 Einträge des Übermittlungsprotokolls" in page.text
    assert "Das bleibt, ohne ihren Namen" in page.text
    browser.submit(address)
    assert "Die Person ist gelöscht" in browser.follow().text_of("notices")
    browser.get(f"/participants/{person}", status=404)
    with looking():
        assert db.session.get(Participant, person) is None
        assert db.session.query(ProtocolEntry).count() == 0
        assert [term.key for term in db.session.query(SearchTerm)] == ["k2"]
    (entry,) = entries(AuditEvent.ERASED)
    assert (entry.by, entry.subject_id, entry.data) == ("ADM", person, {"entries": 3, "parts": 1})


def test_what_has_changed_since_it_was_shown_is_not_erased(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("administrator")
    address = f"/participants/{house.eva}/erasure"
    browser.get(address)
    with scoped_to(house.tenant_id):
        db.session.add(
            ProtocolEntry(
                tenant_id=house.tenant_id, participant_id=house.eva, at=utcnow(), event="returned", by="x"
            )
        )
        commit()
    browser.submit(address)
    assert "gelöscht wurde nichts" in browser.follow().text_of("notices")
    with looking():
        assert db.session.get(Participant, house.eva) is not None
    assert entries(AuditEvent.ERASED) == []


@pytest.mark.parametrize(("released", "way"), [(True, "Freigabe aufheben"), (False, "Jetzt abmelden")])
def test_whoever_the_network_holds_cannot_go_yet_and_the_page_offers_the_way(
    signed_in: SignedIn, house: House, released: bool, way: str
) -> None:
    browser = signed_in("administrator")
    browser.get(f"/participants/{house.eva}")
    browser.submit(f"/participants/{house.eva}/release")
    with scoped_to(EVERY_TENANT):
        registration = db.session.query(Registration).filter_by(participant_id=house.eva).one()
        registration.released, registration.announced = released, True
        commit()
    page = browser.get(f"/participants/{house.eva}/erasure")
    assert "Endgültig löschen" not in page.buttons()
    assert "Bestätigung des Jobportals abwarten" in page.text
    assert way in page.text
    data = {"csrf_token": browser.get("/account").form("/account/password")["csrf_token"], "shown": "1-0-0"}
    browser.post(f"/participants/{house.eva}/erasure", data, Referer="http://localhost/privacy")
    assert "kann noch nicht gelöscht werden" in browser.follow().text
    with looking():
        assert db.session.get(Participant, house.eva) is not None


def test_the_overview_counts_lists_and_explains(signed_in: SignedIn, house: House) -> None:
    with scoped_to(house.tenant_id):
        old_person(house.tenant_id, "1")
        person = old_person(house.tenant_id, "2")
        db.session.query(Registration).filter_by(participant_id=person).one().announced = True
        commit()
    page = signed_in("administrator").get("/privacy")
    assert "1 Person gelöscht" in page.text_of("due-soon")
    assert "Erst muss eine Übertragung sie abmelden" in page.text
    assert "24 Monate nach der letzten Aktivität" in page.text


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_record_of_processing_is_a_page_in_both_languages(signed_in: SignedIn, language: str) -> None:
    browser = signed_in("administrator")
    browser.client.set_cookie("language", language)
    text = browser.get("/privacy/processing").text
    assert ("Record of processing activities" in text) is (language == "en")
    for words in ("participant_word", "AES-GCM", "Alpha"):
        assert words in text
