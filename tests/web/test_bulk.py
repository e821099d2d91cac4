"""One decision for many: marked or matching, shown first, carried out by the worker, reported."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.bulk.jobs import run_bulk
from portal.core.database import commit, db, scoped_to
from portal.domain.bulk import BulkRun, BulkState
from portal.domain.participants import Participant
from portal.domain.releases import Event, ProtocolEntry
from tests.support.factories import House, looking, make_mediator, make_person, registration_of
from tests.support.pages import Browser, Page
from tests.support.workbooks import read_sheet

SignedIn = Callable[[str], Browser]


def choose(browser: Browser, action: str, address: str = "/participants", **values: object) -> Page:
    browser.get(address)
    browser.submit("/bulk", action=action, **values)
    return browser.follow()


def start(browser: Browser, **values: object) -> str:
    """Start what the page shows, and do it; the run's address."""
    address = browser.last_path
    browser.submit(f"{address}/start", **values)
    run_bulk(int(address.rpartition("/")[2]))
    return address


def last_run() -> BulkRun:
    with looking():
        return db.session.query(BulkRun).order_by(BulkRun.id.desc()).first()


def test_those_who_are_marked_are_released(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    page = choose(browser, "release", participant=[str(house.eva)])
    assert "1 Person wird freigegeben" in page.text
    assert "Noch ist nichts geändert." in page.text
    assert registration_of(house.eva) is None
    address = start(browser)
    assert "1 Person freigegeben" in browser.get(address).text
    found = registration_of(house.eva)
    assert found is not None
    assert found.released
    assert registration_of(house.ben) is None


def test_consent_is_confirmed_by_name(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    with scoped_to(house.tenant_id):
        make_person(house.tenant_id, "1003", "Kurz", "Kim")
        commit()
    page = choose(browser, "release", whom="all")
    boxes = {item.get("value") for item in page.find_all("input", name="consent")}
    assert len(boxes) == 2
    assert str(house.ben) in boxes
    address = start(browser, consent=[str(house.ben)])
    report = browser.get(address).text
    assert "2 Personen freigegeben" in report
    assert "1 Person abgelehnt: Dass die Einverständniserklärung vorliegt, hat niemand bestätigt." in report
    with looking():
        entry = (
            db.session.query(ProtocolEntry).filter_by(participant_id=house.ben, event=Event.RELEASED).one()
        )
    assert (entry.by, entry.data["consent_confirmed"]) == ("SUP", True)


def test_all_that_match_are_exactly_those(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    page = browser.get("/participants?number=1001")
    assert "1 auf der Liste" in page.text
    choose(browser, "release", "/participants?number=1001", whom="all")
    start(browser)
    assert registration_of(house.eva) is not None
    assert registration_of(house.ben) is None


def test_the_way_back_leads_to_the_list_as_it_was_narrowed(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    page = choose(browser, "release", "/participants?status=offline&sort=action", whom="all")
    back = page.find_all("a")
    assert "/participants?status=offline&sort=action" in [item.get("href") for item in back]


def test_who_stays_offline_is_said_before(signed_in: SignedIn, house: House) -> None:
    page = choose(signed_in("supervisor"), "release", participant=[str(house.eva)])
    assert "1 davon bleibt vorerst Offline, weil noch etwas fehlt" in page.text
    assert "Es ist niemand als Vermittler/in gewählt: 1" in page.text


def test_releases_are_revoked(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    choose(browser, "release", participant=[str(house.eva)])
    start(browser)
    page = choose(browser, "revoke", whom="all")
    assert "Bei 1 Person wird die Freigabe aufgehoben" in page.text
    assert "1 Person ist nicht freigegeben" in page.text
    start(browser)
    found = registration_of(house.eva)
    assert found is not None
    assert not found.released


def test_everybody_gets_another_mediator(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    with scoped_to(house.tenant_id):
        gone = make_mediator(house.tenant_id, "V-2", "Weg", "Willi", active=False)
        commit()
    page = choose(browser, "mediator", whom="all")
    offered = [item.get("value") for item in page.find_all("option")]
    assert offered == ["", str(house.mediator)]
    address = browser.last_path
    browser.submit(f"{address}/mediator", mediator=str(gone))  # nonsense: she is not offered
    assert "nicht mehr aktiv" in browser.follow().text
    browser.submit(f"{address}/mediator", mediator=str(house.mediator))
    assert "2 Personen bekommen diese Vermittlung" in browser.follow().text
    start(browser)
    assert {registration_of(person).mediator_id for person in (house.eva, house.ben)} == {house.mediator}  # type: ignore[union-attr]


def test_chosen_people_are_transferred(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    choose(browser, "mediator", whom="all")
    browser.submit(f"{browser.last_path}/mediator", mediator=str(house.mediator))
    browser.follow()
    start(browser)
    choose(browser, "release", participant=[str(house.eva)])
    start(browser)
    page = choose(browser, "transfer", whom="all")
    assert "1 Person wird übertragen" in page.text
    assert "Von 1 Person gibt es nichts zu übertragen" in page.text
    address = start(browser)
    assert browser.get(address).find("a", href="/deliveries/1?connection=1") is not None
    page = choose(browser, "transfer", whom="all")
    assert "Es läuft schon eine Übertragung" in page.text
    assert not page.find_all("button", id="bulk-start")


def test_nobody_marked_is_said_on_the_list(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    browser.get("/participants?status=offline")
    browser.submit("/bulk", action="release")
    assert "Markieren Sie erst jemanden" in browser.follow().text
    assert browser.last_path == "/participants?status=offline"
    assert last_run() is None


def test_what_changed_since_it_was_shown_is_shown_again(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    choose(browser, "release", participant=[str(house.eva)])
    with scoped_to(house.tenant_id):
        db.session.get_one(Participant, house.eva).consent_on = None
        commit()
    browser.submit(f"{browser.last_path}/start")
    assert "Seit der Anzeige hat sich etwas geändert" in browser.follow().text
    assert last_run().state is BulkState.SHOWN


def test_it_starts_once(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    page = choose(browser, "release", participant=[str(house.eva)])
    address, form = browser.last_path, page.form(f"{browser.last_path}/start")
    browser.post(f"{address}/start", form)
    browser.post(f"{address}/start", form, Referer=f"http://localhost{address}")
    assert "schon gestartet" in browser.follow().text


def test_only_who_began_it_starts_it(signed_in: SignedIn, house: House) -> None:
    supervisor, colleague = signed_in("supervisor"), signed_in("colleague")
    choose(supervisor, "release", participant=[str(house.eva)])
    address = supervisor.last_path
    colleague.get(address)
    colleague.submit(f"{address}/start")
    assert "Nur wer die Sammelaktion begonnen hat" in colleague.follow().text


def test_another_tenants_people_cannot_be_meant(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    browser.get("/participants")
    browser.submit("/bulk", action="release", participant=[str(house.stranger_person)])
    assert "Markieren Sie erst jemanden" in browser.follow().text
    choose(browser, "release", participant=[str(house.eva)])
    stranger = signed_in("stranger")
    for path in ("", "/report.csv"):
        stranger.get(browser.last_path + path, status=404)
    stranger.get("/participants")
    token = stranger.last.form("/bulk")  # type: ignore[union-attr]
    stranger.post(f"{browser.last_path}/start", token, status=404)


@pytest.mark.parametrize("nonsense", ["", "delete", "x" * 5000])
def test_no_such_action(signed_in: SignedIn, house: House, nonsense: str) -> None:
    browser = signed_in("supervisor")
    browser.get("/participants")
    browser.submit("/bulk", action=nonsense, whom="all", status=400)


@pytest.mark.parametrize("numbers", [["x"], ["-1"], ["9" * 40], ["٣"]])
def test_nonsense_for_people_means_nobody(signed_in: SignedIn, house: House, numbers: list[str]) -> None:
    browser = signed_in("supervisor")
    browser.get("/participants")
    browser.submit("/bulk", action="release", participant=numbers)
    assert "Markieren Sie erst jemanden" in browser.follow().text


def test_progress_is_asked_for_until_it_has_ended(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    choose(browser, "release", participant=[str(house.eva)])
    address = browser.last_path
    browser.submit(f"{address}/start")
    page = browser.follow()
    assert page.by_id("bulk-run").get("hx-get") == address
    assert page.find("progress").get("max") == "1"
    run_bulk(last_run().id)
    page = browser.get(address, fragment=True)
    assert page.by_id("bulk-run").get("hx-get") is None


def test_the_report_can_be_taken_along(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    choose(browser, "release", whom="all")
    address = start(browser)
    text = browser.client.get(f"{address}/report.csv").get_data(as_text=True)
    assert text.splitlines()[0].lstrip("\ufeff") == "Nummer;Nachname;Vorname;Ergebnis"
    assert "1001;Adam;Eva;erledigt" in text
    sheet = read_sheet(browser.client.get(f"{address}/report.xlsx").get_data())
    assert list(sheet.rows[0].values()) == ["Nummer", "Nachname", "Vorname", "Ergebnis"]
    assert list(sheet.rows[1].values()) == ["1001", "Adam", "Eva", "erledigt"]
    assert f'href="{address}/report.xlsx"' in browser.get(address).html
    assert "1002;Zorn;Ben;Dass die Einverständniserklärung vorliegt, hat niemand bestätigt." in text


def test_what_was_done_is_found_again(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    assert "Noch keine." in browser.get("/bulk").text
    choose(browser, "release", participant=[str(house.eva)])
    assert "Noch keine." in browser.get("/bulk").text  # not started
    choose(browser, "release", participant=[str(house.eva)])
    address = start(browser)
    page = signed_in("colleague").get("/bulk")
    assert page.find("a", href=address) is not None
    assert "Noch keine." in signed_in("stranger").get("/bulk").text
