"""What pages say of a licence that ends or has ended, and what it still lets somebody do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from portal.core.database import EVERY_TENANT, commit, db, scoped_to
from portal.domain.tenants import Connection, Tenant
from tests.support.clock import today
from tests.support.factories import House, registration_of
from tests.support.pages import Browser, Page

SignedIn = Callable[[str], Browser]


@pytest.fixture
def ends_in(house: House) -> Callable[..., None]:
    """Let the house's licence, or the one at its network, end in so many days."""

    def set_end(days: int, *, there: bool = False) -> None:
        day = today() + dt.timedelta(days=days)
        with scoped_to(EVERY_TENANT):
            if there:
                db.session.query(Connection).filter_by(
                    tenant_id=house.tenant_id
                ).one().network_licensed_until = day
            else:
                db.session.get_one(Tenant, house.tenant_id).licence_until = day
            commit()

    return set_end


def licence_notice(page: Page) -> str:
    """The tone and words of the banner about a licence; nothing where there is none."""
    for item in page.find_all("div", class_="notice"):
        text = " ".join("".join(item.itertext()).split())
        if "Lizenz" in text:
            return f"{item.get('class', '').rpartition('--')[2]}: {text}"
    return ""


@pytest.mark.parametrize(("days", "tone"), [(30, "info"), (14, "warning"), (3, "danger")])
@pytest.mark.parametrize("there", [False, True])
def test_every_page_warns_whoever_can_have_it_prolonged(
    ends_in: Callable[..., None], signed_in: SignedIn, days: int, tone: str, there: bool
) -> None:
    ends_in(days, there=there)
    for name in ("administrator", "supervisor"):
        browser = signed_in(name)
        for path in ("/participants", "/deliveries", "/help"):
            said = licence_notice(browser.get(path))
            assert said.startswith(f"{tone}: Die Lizenz"), said
            assert ("beim Jobportal" in said.split("endet")[0]) is there
            assert f"noch {days} Tage" in said


def test_whoever_can_do_nothing_about_it_reads_a_quiet_line(
    ends_in: Callable[..., None], signed_in: SignedIn
) -> None:
    ends_in(3)
    page = signed_in("caseworker").get("/participants")
    assert licence_notice(page) == ""
    assert "Lizenz für das Modul „Jobportal“ endet" in page.text


def test_nobody_is_warned_too_early(ends_in: Callable[..., None], signed_in: SignedIn) -> None:
    ends_in(32)
    ends_in(32, there=True)
    assert "Lizenz" not in signed_in("administrator").get("/participants").text


def test_the_last_day_is_called_today_in_english_too(
    ends_in: Callable[..., None], signed_in: SignedIn
) -> None:
    """On the tenant's date, which the day of the test may not be at night."""
    ends_in(1)
    browser = signed_in("administrator")
    browser.client.set_cookie("language", "en")
    page = browser.get("/participants")
    assert "licence for the module" in page.text


def test_without_a_licence_nobody_is_released_and_a_release_still_ends(
    ends_in: Callable[..., None], signed_in: SignedIn, house: House
) -> None:
    browser = signed_in("supervisor")
    browser.get(f"/participants/{house.eva}")
    browser.submit(f"/participants/{house.eva}/release")
    ends_in(-2)
    browser.get(f"/participants/{house.eva}")
    browser.submit(f"/participants/{house.eva}/revoke")
    registration = registration_of(house.eva)
    assert registration is not None
    assert not registration.released
    browser.get(f"/participants/{house.eva}")
    token = browser.last.form(f"/participants/{house.eva}/release") if browser.last else {}
    browser.post(
        f"/participants/{house.eva}/release", token, Referer=f"http://localhost/participants/{house.eva}"
    )
    assert "abgelaufen" in browser.follow().text_of("notices")
    registration = registration_of(house.eva)
    assert registration is not None
    assert not registration.released


@pytest.mark.parametrize("starts_in", [None, 1])
def test_before_its_first_day_a_licence_lets_nobody_be_released(
    house: House, signed_in: SignedIn, starts_in: int | None
) -> None:
    day = None if starts_in is None else today() + dt.timedelta(days=starts_in + 1)
    with scoped_to(EVERY_TENANT):
        db.session.get_one(Tenant, house.tenant_id).licence_from = day
        commit()
    browser = signed_in("supervisor")
    page = browser.get(f"/participants/{house.eva}")
    assert "nicht lizenziert" in page.text_of("transfer-status")
    data = page.form(f"/participants/{house.eva}/release")
    browser.post(
        f"/participants/{house.eva}/release", data, Referer=f"http://localhost/participants/{house.eva}"
    )
    assert registration_of(house.eva) is None
