"""What supervisors do with the list: narrow it further, sort, group by cause, keep views, take it along."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Callable

import pytest

from portal.core.database import commit, db, scoped_to, utcnow
from portal.domain.participants import Participant
from portal.domain.releases import Registration
from portal.domain.tenants import Connection
from tests.support.factories import House, make_person
from tests.support.pages import PASSWORD, Browser, Page
from tests.support.workbooks import read_sheet

SignedIn = Callable[[str], Browser]


def names(page: Page) -> list[str]:
    links = [row.find("./th/a") for row in page.find_all("tr")]
    return ["".join(item.itertext()) for item in links if item is not None]


def link(page: Page, words: str) -> str:
    found = [item for item in page.find_all("a") if "".join(item.itertext()).strip() == words]
    assert found, words
    return found[0].get("href") or ""


@pytest.fixture
def waiting(house: House) -> House:
    """Ben Zorn has waited for an answer since yesterday, and his caseworker is CAS."""
    with scoped_to(house.tenant_id):
        connection = db.session.query(Connection).one()
        db.session.add(
            Registration(
                tenant_id=house.tenant_id,
                connection_id=connection.id,
                participant_id=house.ben,
                announced=True,
                released=True,
                mediator_id=house.mediator,
                waiting_since=utcnow(),
            )
        )
        db.session.get_one(Participant, house.ben).caseworker = "CAS"
        commit()
    return house


def test_a_caseworker_finds_her_own_people(signed_in: SignedIn, waiting: House) -> None:
    page = signed_in("caseworker").get("/participants?mine=1")
    assert names(page) == ["Zorn, Ben"]
    assert names(signed_in("colleague").get("/participants?mine=1")) == []


def test_the_caseworker_is_chosen_and_no_name_stands_in_the_address(
    signed_in: SignedIn, waiting: House
) -> None:
    page = signed_in("caseworker").get("/participants")
    options = {"".join(item.itertext()): item.get("value") for item in page.by_id("filter-caseworker")}
    assert list(options) == ["alle", "CAS", "KK"]
    assert "CAS" not in (options["CAS"] or "")
    assert names(signed_in("caseworker").get(f"/participants?caseworker={options['CAS']}")) == ["Zorn, Ben"]
    assert names(signed_in("caseworker").get("/participants?caseworker=000000000000")) == []


def test_who_waits_longest_comes_first(signed_in: SignedIn, waiting: House) -> None:
    page = signed_in("caseworker").get("/participants?sort=waiting")
    assert names(page) == ["Zorn, Ben", "Adam, Eva"]
    assert "sort=waiting" in link(page, "CSV")


@pytest.mark.parametrize("sort", ["name", "action", "waiting"])
def test_pages_of_every_order_show_everybody_once(signed_in: SignedIn, waiting: House, sort: str) -> None:
    for number in range(70):
        make_person(waiting.tenant_id, f"9{number:03}", f"Nachname{number:03}", "Ann")
    commit()
    browser = signed_in("caseworker")
    page = browser.get(f"/participants?sort={sort}")
    first = names(page)
    page = browser.get(page.find("a", rel="next").get("href") or "")
    second = names(page)
    assert len(set(first + second)) == len(first + second) == 72
    assert names(browser.get(page.find("a", rel="prev").get("href") or "")) == first


def test_the_list_is_grouped_by_cause_and_each_leads_to_its_people(
    signed_in: SignedIn, waiting: House
) -> None:
    with scoped_to(waiting.tenant_id):
        registration = db.session.query(Registration).one()
        registration.waiting_since, registration.announced, registration.mediator_id = None, False, None
        db.session.get_one(Participant, waiting.ben).first_name = ""
        commit()
    browser = signed_in("supervisor")
    page = browser.get(link(browser.get("/participants?status=offline"), "Nach Ursache"))
    assert "2 Teilnehmer/innen, 3 Ursachen" in page.text
    for words, found in (
        ("Vor- oder Nachname fehlt", ["Zorn"]),
        ("Es ist niemand als Vermittler/in gewählt", ["Zorn"]),
        ("nicht freigegeben", ["Adam, Eva"]),
    ):
        assert names(browser.get(link(page, words))) == found


def test_an_export_has_exactly_what_is_filtered(signed_in: SignedIn, waiting: House) -> None:
    browser = signed_in("supervisor")
    page = browser.get("/participants?phase=not-released&sort=waiting")
    answer = browser.get(link(page, "CSV")).response
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="teilnehmer-')
    assert answer.headers["Cache-Control"] == "no-store"
    lines = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig")), delimiter=";"))
    assert [(line["Nachname"], line["Nummer"], line["Status"]) for line in lines] == [
        ("Adam", "1001", "Offline")
    ]
    head, adam = read_sheet(browser.get(link(page, "XLSX")).response.get_data()).rows
    assert list(head.values()) == list(lines[0])
    assert (adam["A"], adam["B"]) == ("1001", "Adam")


def test_times_of_an_export_can_be_sorted(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    browser.get(f"/participants/{house.eva}")
    browser.submit(f"/participants/{house.eva}/release")
    rows = read_sheet(browser.client.get("/participants/export.xlsx").get_data()).rows
    column = next(letter for letter, title in rows[0].items() if title == "Freigegeben am")
    released = {row["B"]: row.get(column) for row in rows[1:]}
    assert isinstance(released["Adam"], dt.datetime)
    assert released["Zorn"] is None


def test_beside_csv_it_is_said_what_spreadsheets_do_to_it(signed_in: SignedIn, house: House) -> None:
    page = signed_in("supervisor").get("/participants")
    assert "XLSX CSV (Excel ändert Nummern)" in " ".join(page.text.split())


def test_nothing_that_is_exported_is_a_formula(signed_in: SignedIn, house: House) -> None:
    make_person(house.tenant_id, "1009", '=HYPERLINK("http://example.org")', "+Ann")
    commit()
    browser = signed_in("supervisor")
    page = browser.get("/participants?number=1009")
    text = browser.get(link(page, "CSV")).response.get_data().decode("utf-8-sig")
    assert "'=HYPERLINK" in text
    assert ";'+Ann;" in text
    book = zipfile.ZipFile(io.BytesIO(browser.get(link(page, "XLSX")).response.get_data()))
    assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()
    assert 'quotePrefix="1"' in book.read("xl/styles.xml").decode()


def test_a_view_is_saved_shared_and_deleted(signed_in: SignedIn, house: House) -> None:
    mine, theirs = signed_in("supervisor"), signed_in("colleague")
    mine.get("/participants?status=offline&sort=waiting")
    mine.submit("/participants/views", name="Montagsrunde")
    page = mine.follow()
    assert "Die Ansicht ist gespeichert." in page.text
    address = link(page, "Montagsrunde")
    assert "status=offline" in address
    assert "sort=waiting" in address
    assert "Montagsrunde" not in theirs.get("/participants").text
    mine.get("/participants?status=online")
    mine.submit("/participants/views", name="Montagsrunde", shared="1")
    page = theirs.get("/participants")
    assert "status=online" in link(page, "Montagsrunde")
    assert not [item for item in page.find_all("button") if "Löschen" in "".join(item.itertext())]
    assert "Montagsrunde" not in signed_in("stranger").get("/participants").text
    form = next(
        item for item in mine.get("/participants").find_all("form") if "forget" in (item.get("action") or "")
    )
    mine.submit(form.get("action") or "")
    assert "Montagsrunde" not in theirs.get("/participants").text


def test_a_view_of_everybody_or_without_name_is_not_saved(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    browser.get("/participants")
    browser.submit("/participants/views", name="Alle")
    assert "filtern oder sortieren Sie erst" in browser.follow().text
    browser.get("/participants?status=online")
    browser.submit("/participants/views", name=" ")
    assert "Geben Sie der Ansicht einen Namen." in browser.follow().text


def test_any_number_finds_its_people(signed_in: SignedIn, waiting: House) -> None:
    browser = signed_in("caseworker")
    for number, found in (
        ("1001", ["Adam, Eva"]),
        ("V-1", ["Zorn, Ben"]),
        ("A-1", ["Adam, Eva", "Zorn, Ben"]),
        ("A-2", []),
    ):
        assert names(browser.get(f"/participants?number={number}")) == found
    assert names(signed_in("stranger").get("/participants?number=A-1")) == []


def test_each_thing_it_is_narrowed_to_is_named_and_taken_away_alone(
    signed_in: SignedIn, waiting: House
) -> None:
    browser = signed_in("caseworker")
    browser.get("/participants?mine=1&sort=waiting")
    found = browser.submit("/participants/search", text="Zorn").location
    page = browser.get(f"{found}&status=online&status=offline&phase=current")
    named = page.find("nav", aria_label="Eingegrenzt auf")
    chips = {" ".join("".join(item.itertext()).split()): item.get("href") or "" for item in named.iter("a")}
    taken = "nicht mehr eingrenzen"
    assert list(chips) == [
        *(f"{text} {taken}" for text in ("Online", "Offline", "aktuell", "meine", "Suche: Zorn")),
        "Alle anzeigen",
    ]
    left = chips[f"Online {taken}"]
    for part in ("status=offline", "phase=current", "mine=1", "sort=waiting", "q="):
        assert part in left
    assert "status=online" not in left
    assert "q=" not in chips[f"Suche: Zorn {taken}"]
    assert not browser.get("/participants").find_all("nav", aria_label="Eingegrenzt auf")


def test_chosen_order_mediator_and_caseworker_are_named(signed_in: SignedIn, waiting: House) -> None:
    browser = signed_in("caseworker")
    options = {"".join(item.itertext()): item for item in browser.get("/participants").find_all("option")}
    key = options["CAS"].get("value")
    page = browser.get(f"/participants?order=1&mediator={waiting.mediator}&caseworker={key}&group=cause")
    named = page.find("nav", aria_label="Eingegrenzt auf")
    assert [item.text for item in named.iter("span") if item.get("class") is None] == [
        "Neustart",
        "Vogel, Vera",
        "CAS",
    ]
    assert all("group=cause" in (item.get("href") or "") for item in list(named.iter("a"))[:-1])


def test_filters_survive_signing_in(browser: Browser, house: House) -> None:
    page = browser.get("/participants?status=online&status=offline&sort=action", status=302)
    browser.get(page.location)
    answer = browser.submit("/sign-in", email="caseworker@example.org", password=PASSWORD)
    assert answer.location == "/participants?status=online&status=offline&sort=action"
