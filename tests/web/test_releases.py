"""Releasing, revoking and choosing a mediator on the page, with and without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.core.database import EVERY_TENANT, commit, db, scoped_to, utcnow
from portal.domain.imports import ImportMode
from portal.domain.participants import Participant
from portal.domain.releases import Event, ProtocolEntry
from portal.domain.rules.status import Status
from tests.imports.exports import bring
from tests.support.factories import House, make_mediator, registration_of, seen
from tests.support.pages import Browser

SignedIn = Callable[[str], Browser]


def release(browser: Browser, person: int) -> None:
    browser.get(f"/participants/{person}")
    browser.submit(f"/participants/{person}/release")


def test_releasing_turns_the_bar_green_and_leaves_the_status(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    release(browser, house.eva)
    page = browser.follow()
    assert "Freigegeben." in page.text_of("notices")
    assert "Freigabe aufheben" in page.buttons()
    assert page.find_all("div", class_="bar--green")
    assert "Offline" in page.text_of("status")
    assert "CAS" in page.text
    assert seen(house, house.eva).status is Status.OFFLINE


def test_htmx_gets_the_changed_part(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    browser.get(f"/participants/{house.eva}")
    part = browser.submit(f"/participants/{house.eva}/release", fragment=True, status=200)
    assert part.find_all("div", class_="bar--green")
    assert part.response.headers["HX-PTag"]
    assert "Freigabe erteilt" in part.text_of("protocol")


def test_a_second_release_is_told(signed_in: SignedIn, house: House) -> None:
    one, other = signed_in("caseworker"), signed_in("colleague")
    one.get(f"/participants/{house.eva}")
    release(other, house.eva)
    one.submit(f"/participants/{house.eva}/release")
    page = one.follow()
    assert "schon freigegeben" in page.text_of("notices")
    notice = one.post(
        f"/participants/{house.eva}/release",
        page.form(f"/participants/{house.eva}/revoke"),
        fragment=True,
        status=409,
    )
    assert notice.response.headers["HX-Retarget"] == "#notices"


def test_unrecorded_consent_is_asked_for(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    page = browser.get(f"/participants/{house.ben}")
    form = page.find("form", data_dialog="release-dialog")
    assert form.get("action") == f"/participants/{house.ben}/release"
    assert form.get("method") == "get"
    browser.get(f"/participants/{house.ben}/release")
    browser.submit(f"/participants/{house.ben}/release")
    assert "Bestätigen Sie" in browser.follow().text_of("notices")
    assert registration_of(house.ben) is None
    browser.submit(f"/participants/{house.ben}/release", consent_confirmed="1")
    assert "Einverständniserklärung lag nach Angabe vor" in browser.follow().text


def test_revoking_asks_once_and_turns_the_bar_red(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    release(browser, house.eva)
    page = browser.follow()
    dialog = page.by_id("revoke-dialog")
    words = " ".join("".join(dialog.itertext()).split())
    assert words.startswith("Freigabe aufheben?")
    assert words.endswith("Ja Nein")
    browser.get(f"/participants/{house.eva}/revoke")
    browser.submit(f"/participants/{house.eva}/revoke")
    page = browser.follow()
    assert page.find_all("div", class_="bar--red")
    assert "Für das Jobnetzwerk freigeben" in page.buttons()


def test_what_an_import_ended_or_brought_back_leads_to_the_import(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    release(browser, house.eva)

    def bring_eva(withdrawn_on: str) -> str:
        columns = "tn_id;nachname;vorname;einverstaendnis_am;einverstaendnis_widerrufen_am"
        lines = f"{columns}\n1001;Adam;Eva;2026-01-01;{withdrawn_on}\n"
        return f"/imports/{bring(house.tenant_id, {'teilnehmer.csv': lines}, ImportMode.DELTA).import_id}"

    ended = bring_eva("2026-02-01")
    with scoped_to(house.tenant_id):
        db.session.get_one(Participant, house.eva).left_at = utcnow()
        commit()
    returned = bring_eva("2026-02-01")
    page = browser.get(f"/participants/{house.eva}")
    entries = page.by_id("protocol").findall(".//li")
    links = [link.get("href") for entry in entries for link in entry.iter("a")]
    assert links == [returned, ended]
    assert "Wieder in Qualli.life Import" in page.text_of("protocol")
    assert browser.get(ended).status == 200


def test_the_mediator_is_picked_from_a_search(signed_in: SignedIn, house: House) -> None:
    make_mediator(house.tenant_id, "V-2", "Müller", "Max")
    make_mediator(house.tenant_id, "V-3", "Müller", "Moni", active=False)
    make_mediator(house.other_id, "V-4", "Müller", "Mara")
    commit()
    browser = signed_in("caseworker")
    browser.get(f"/participants/{house.eva}/mediator")
    found = browser.submit(f"/participants/{house.eva}/mediator/search", text="muller", status=200)
    assert [name for name in found.buttons() if "Müller" in name] == ["Müller, Max MM · V-2"]
    button = found.find("button", name="mediator")
    browser.submit(f"/participants/{house.eva}/mediator", mediator=button.get("value"))
    page = browser.follow()
    assert "Müller, Max" in page.text_of("mediator")
    assert "Vermittler-ID V-2" in page.text


def test_the_picker_is_a_part_of_the_page_too(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    browser.get(f"/participants/{house.eva}/mediator")
    part = browser.submit(
        f"/participants/{house.eva}/mediator/search", text="nobody", status=200, fragment=True
    )
    assert "Niemand Aktives passt dazu" in part.text_of("mediators")


@pytest.mark.parametrize("typed", ["Yildiz", "yıldız ay", "Ayşe Yıl", "AY", "v 2", "V-2", "ildi"])
def test_a_mediator_is_found_however_the_name_is_typed(signed_in: SignedIn, house: House, typed: str) -> None:
    make_mediator(house.tenant_id, "V-2", "Yıldız", "Ayşe")
    make_mediator(house.tenant_id, "V-3", "Müller", "Max")
    commit()
    browser = signed_in("caseworker")
    browser.get(f"/participants/{house.eva}/mediator")
    found = browser.submit(f"/participants/{house.eva}/mediator/search", text=typed, status=200)
    assert "Yıldız, Ayşe" in found.text_of("mediators")
    assert "Müller, Max" not in found.text_of("mediators")


@pytest.mark.parametrize("typed", ["Mueller", "MÜLLER", "muller m"])
def test_a_mediator_is_found_by_the_spellings_of_an_umlaut(
    signed_in: SignedIn, house: House, typed: str
) -> None:
    make_mediator(house.tenant_id, "V-2", "Müller", "Max")
    make_mediator(house.tenant_id, "V-3", "Mueller", "Moni")
    commit()
    browser = signed_in("caseworker")
    browser.get(f"/participants/{house.eva}/mediator")
    found = browser.submit(f"/participants/{house.eva}/mediator/search", text=typed, status=200)
    assert len(found.find_all("button", name="mediator")) == 2


def test_signs_alone_find_no_mediator(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    browser.get(f"/participants/{house.eva}/mediator")
    found = browser.submit(f"/participants/{house.eva}/mediator/search", text="%", status=200)
    assert "Niemand Aktives passt dazu" in found.text_of("mediators")


def test_a_mediator_that_is_none_is_refused(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    for wrong in ("999999", "x", ""):
        browser.get(f"/participants/{house.eva}/mediator")
        browser.submit(f"/participants/{house.eva}/mediator", mediator=wrong, status=404)


def test_the_hint_stays_until_the_network_was_told(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    release(browser, house.eva)
    with scoped_to(EVERY_TENANT):
        registration = registration_of(house.eva)
        assert registration is not None
        registration = db.session.merge(registration)
        registration.announced, registration.announced_mediator_id = True, None
        registration.mediator_id = house.mediator
        commit()
    assert "ab der nächsten Übertragung" in browser.get(f"/participants/{house.eva}").text


def test_an_open_page_is_told_only_what_is_new(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    page = browser.get(f"/participants/{house.eva}")
    tag = page.by_id("person").get("hx-ptag") or ""
    address = page.by_id("person").get("hx-get") or ""
    assert browser.get(address, fragment=True, status=304, HX_PTag=tag).html == ""
    release(signed_in("colleague"), house.eva)
    part = browser.get(address, fragment=True, HX_PTag=tag)
    assert "freigegeben" in part.text_of("release-bar")
    assert part.response.headers["HX-PTag"] == part.by_id("person").get("hx-ptag") != tag


def test_the_protocol_goes_on_by_pages_and_loses_no_line(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    release(browser, house.eva)
    registration = registration_of(house.eva)
    assert registration is not None
    entry = {
        "tenant_id": house.tenant_id,
        "participant_id": house.eva,
        "connection_id": registration.connection_id,
    }
    for number in range(50):
        line = ProtocolEntry(
            **entry, at=utcnow(), event=Event.MEDIATOR_CHOSEN, by="CAS", data={"mediator": f"V{number}"}
        )
        db.session.add(line)
    commit()
    page = browser.get(f"/participants/{house.eva}")
    first = [item.get("id") for item in page.find_all("li", class_="protocol__entry")]
    assert len(first) == 20
    seen_ids = list(first)
    while more := page.find_all("li", class_="protocol__more"):
        page = browser.get(more[0].get("hx-get") or "", fragment=True)
        seen_ids += [item.get("id") for item in page.find_all("li", class_="protocol__entry")]
    assert len(seen_ids) == len(set(seen_ids)) == 51
    since = (first[-1] or "").removeprefix("entry-")
    db.session.add(ProtocolEntry(**entry, at=utcnow(), event=Event.SENT, by="system", data={}))
    commit()
    live = browser.get(f"/participants/{house.eva}?since={since}", fragment=True)
    assert len(live.find_all("li", class_="protocol__entry")) == 21


def test_names_are_text(signed_in: SignedIn, house: House) -> None:
    with scoped_to(EVERY_TENANT):
        person = db.session.get_one(Participant, house.eva)
        person.last_name = '<script>alert(1)</script><b hx-get="/x" onclick="y()">'
        commit()
    for path in ("/participants", f"/participants/{house.eva}", f"/participants/{house.eva}/revoke"):
        assert "&lt;script&gt;" in signed_in("caseworker").get(path).html
