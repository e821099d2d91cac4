"""A social insurance number in full: to few, once, for a reason that the audit keeps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from portal.core.crypto import current_keyring
from portal.core.database import commit, db, scoped_to
from portal.domain.audit import AuditEntry, AuditEvent
from portal.domain.participants import Participant, social_insurance_place
from portal.domain.tenants import Tenant
from tests.support.factories import House, looking
from tests.support.pages import Browser, Page

SignedIn = Callable[[str], Browser]
NUMBER = "65170839J003"


@pytest.fixture
def page(house: House) -> str:
    """The page of Eva, whose number is kept; her tenant uses numbers."""
    with scoped_to(house.tenant_id):
        person = db.session.get_one(Participant, house.eva)
        place = social_insurance_place(house.tenant_id, person.number)
        person.social_insurance_number_encrypted = current_keyring().encrypt(NUMBER.encode(), place)
        db.session.get_one(Tenant, house.tenant_id).sends_social_insurance_number = True
        commit()
    return f"/participants/{house.eva}/social-insurance-number"


def send(browser: Browser, page: str, status: int, reason: str = "person") -> Page:
    """As if there were a form, with a token of one's own."""
    token = browser.get("/account").find_all("input", name="csrf_token")[0].get("value")
    return browser.post(page, {"csrf_token": token, "reason": reason}, status=status)


def shown() -> list[AuditEntry]:
    with looking():
        entries = select(AuditEntry).where(AuditEntry.event == AuditEvent.NUMBER_SHOWN)
        return list(db.session.scalars(entries))


def test_it_is_shown_once_and_the_audit_says_to_whom_and_why(
    signed_in: SignedIn, house: House, page: str
) -> None:
    browser = signed_in("supervisor")
    record = browser.get(f"/participants/{house.eva}/record")
    assert record.find_all("a", href=page)
    assert NUMBER not in record.html
    assert NUMBER not in browser.get(page).html
    answer = browser.submit(page, reason="person", status=200)
    assert answer.text_of("number") == NUMBER
    assert answer.response.headers["Cache-Control"] == "no-store"
    assert NUMBER not in browser.get(page).html
    (entry,) = shown()
    assert (entry.by, entry.subject, entry.subject_id) == ("SUP", "participant", house.eva)
    assert entry.data == {"reason": "person"}
    assert "Auskunft an die Person selbst" in signed_in("administrator").get("/audit").text


@pytest.mark.parametrize("reason", ["", "just so"])
def test_without_a_reason_it_stays_hidden(signed_in: SignedIn, page: str, reason: str) -> None:
    browser = signed_in("supervisor")
    browser.get(page)
    answer = browser.submit(page, reason=reason, status=422)
    assert "Wählen Sie einen Grund." in answer.text
    assert NUMBER not in answer.html
    assert shown() == []


@pytest.mark.parametrize("account", ["caseworker", "support"])
def test_not_everybody_sees_it(signed_in: SignedIn, house: House, page: str, account: str) -> None:
    browser = signed_in(account)
    browser.get(page, status=403)
    send(browser, page, 403)
    assert page not in browser.get(f"/participants/{house.eva}/record").html
    assert shown() == []


def test_another_tenants_person_is_not_there(signed_in: SignedIn, page: str) -> None:
    browser = signed_in("stranger")
    browser.get(page, status=404)
    send(browser, page, 404)
    send(browser, page, 404, reason="")


def test_where_a_tenant_uses_none_nobody_sees_any(signed_in: SignedIn, house: House, page: str) -> None:
    with scoped_to(house.tenant_id):
        db.session.get_one(Tenant, house.tenant_id).sends_social_insurance_number = False
        commit()
    browser = signed_in("administrator")
    assert "verwendet keine Sozialversicherungsnummern" in browser.get(page).text
    assert NUMBER not in send(browser, page, 409).html
    assert shown() == []


def test_who_has_none_shows_none(signed_in: SignedIn, house: House, page: str) -> None:
    other = page.replace(f"/{house.eva}/", f"/{house.ben}/")
    browser = signed_in("administrator")
    browser.get(other)
    browser.submit(other, reason="person")
    assert "liegt keine Sozialversicherungsnummer vor" in browser.follow().text
    assert shown() == []
