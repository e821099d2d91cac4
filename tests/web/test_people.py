"""The list of participants: counters, filters, pages, and searches that leave no name in an address."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.core.database import commit, db
from portal.domain.accounts import SearchTerm
from tests.support.factories import House, looking, make_person
from tests.support.pages import Browser, Page

SignedIn = Callable[[str], Browser]


def names(page: Page) -> list[str]:
    return ["".join(item.itertext()) for item in page.find_all("th", scope="row")]


def search(browser: Browser, text: str) -> str:
    browser.get("/participants")
    return browser.submit("/participants/search", text=text).location


def test_a_name_is_searched_for_under_a_key(signed_in: SignedIn) -> None:
    browser = signed_in("caseworker")
    address = search(browser, "Adam")
    assert address.startswith("/participants?q=")
    assert "Adam" not in address
    page = browser.follow()
    assert names(page) == ["Adam, Eva"]
    assert page.by_id("search-text").get("value") == "Adam"


@pytest.mark.parametrize("text", ["1001", "BW-1"])
def test_a_number_may_stand_in_the_address(signed_in: SignedIn, text: str) -> None:
    assert search(signed_in("caseworker"), text) == f"/participants?number={text}"


@pytest.mark.parametrize("text", ["65 170839 J 003", "65170839J003"])
def test_social_insurance_numbers_are_neither_kept_nor_searched_for(signed_in: SignedIn, text: str) -> None:
    browser = signed_in("caseworker")
    assert search(browser, text) == "/participants"
    assert "Sozialversicherungsnummern" in browser.follow().text_of("notices")
    with looking():
        assert db.session.query(SearchTerm).count() == 0


def test_another_tenants_search_is_not_found(signed_in: SignedIn) -> None:
    address = search(signed_in("caseworker"), "Adam")
    page = signed_in("stranger").get(address, status=404)
    assert "suchen Sie noch einmal" in page.text


def test_filters_stay_while_searching(signed_in: SignedIn) -> None:
    browser = signed_in("caseworker")
    browser.get("/participants?status=offline&phase=not-released")
    address = browser.submit("/participants/search", text="Zorn").location
    assert "status=offline" in address
    assert "phase=not-released" in address
    assert names(browser.follow()) == ["Zorn, Ben"]


def test_counters_are_links_with_numbers(signed_in: SignedIn) -> None:
    page = signed_in("caseworker").get("/participants")
    links = {
        " ".join("".join(item.itertext()).split()): item.get("href")
        for item in page.find_all("a", class_="counter")
    }
    assert links["Offline 2"] == "/participants?status=offline"
    assert links["Online 0"] == "/participants?status=online"
    assert links["Online archiviert 0"] == "/participants?status=online-archived"
    assert links["Offline - archiviert 0"] == "/participants?status=offline-archived"
    assert links["braucht Aktion 0"] == "/participants?action=1"


def test_an_empty_list_says_why(signed_in: SignedIn) -> None:
    page = signed_in("caseworker").get("/participants?status=online")
    assert "Niemand entspricht der Suche" in page.text


def test_nonsense_in_the_address_is_passed_over_and_said(signed_in: SignedIn) -> None:
    """Control characters alone are refused: a database takes some of them amiss, and nobody types any."""
    browser = signed_in("caseworker")
    nonsense = "status=x&phase=&order=-1&mediator=9e9&after=abc&before=²&finding=licence-missing&fase=sent"
    page = browser.get(f"/participants?{nonsense}")
    assert len(names(page)) == 2
    said = page.text_of("ignored")
    for word in (
        "Status „x“",
        "Auftrag/Maßnahme „-1“",
        "Vermittler/in „9e9“",
        "„licence-missing“",
        "fase „sent“",
    ):
        assert word in said
    browser.get(f"/participants?{nonsense}&number=%00", status=400)


def test_pages_go_on_and_back_without_gap_or_repetition(signed_in: SignedIn, house: House) -> None:
    for number in range(118):
        make_person(house.tenant_id, f"9{number:03}", f"Nachname{number:03}", "Ann")
    commit()
    browser = signed_in("caseworker")
    page = browser.get("/participants?status=offline")
    forward = [names(page)]
    while following := page.find_all("a", rel="next"):
        page = browser.get(following[0].get("href") or "")
        forward.append(names(page))
    assert [len(part) for part in forward] == [50, 50, 20]
    assert len({name for part in forward for name in part}) == 120
    back = [names(page)]
    while previous := page.find_all("a", rel="prev"):
        page = browser.get(previous[0].get("href") or "")
        back.append(names(page))
    assert list(reversed(back)) == forward
