"""The audit: each act that changes or carries out data is in it, refused ones are not; support's looks are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from flask import Flask

from portal.audit.acts import act_of
from portal.audit.verifying import verify
from portal.core.database import db, utcnow
from portal.domain.audit import AuditEntry, AuditEvent
from portal.domain.participants import Participant
from tests.support.all_pages import NO_PAGES
from tests.support.factories import House, looking
from tests.support.pages import PASSWORD, Browser

SignedIn = Callable[[str], Browser]


NO_ACTS = {
    "accounts.send_sign_in",  # says itself who it was
    "accounts.send_code",
    "accounts.set_first_password",
    "by_provider.begin",  # nobody is signed in yet
    "second_factor.begin",  # nothing is asked for until it is confirmed
    "general.preferences",  # of a browser
    "notices.seen",  # of what one looks at
    "people.search",
    "people.keep_view",  # of what one looks at, for oneself or the tenant
    "people.drop_view",
    "releases.search_mediators",
}
"""What is sent by POST and changes nothing of anybody's data."""


def entries(event: AuditEvent) -> list[AuditEntry]:
    with looking():
        return list(db.session.query(AuditEntry).filter_by(event=event).order_by(AuditEntry.id))


def test_every_route_that_changes_something_says_what_it_does(sqlite_app: Flask) -> None:
    posts = {rule.endpoint for rule in sqlite_app.url_map.iter_rules() if "POST" in (rule.methods or set())}
    assert {endpoint for endpoint in posts if not act_of(sqlite_app.view_functions[endpoint])} == NO_ACTS


def test_every_file_that_carries_data_out_says_so(sqlite_app: Flask) -> None:
    carried = (AuditEvent.EXPORTED, AuditEvent.DISCLOSED)
    nobody_in_it = {
        *("static", "general.start", "api.describe", "api.show_import"),
        *("health.live", "health.ready", "health.metrics"),
        *("accounts.ask_code", "second_factor.draw", "by_provider.come_back"),
    }
    acts = {name: act for name, view in sqlite_app.view_functions.items() if (act := act_of(view))}
    assert {name for name, act in acts.items() if act.event in carried} == NO_PAGES - nobody_in_it


def test_a_release_says_who_did_it_to_whom_and_from_where(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    browser.get(f"/participants/{house.eva}")
    browser.submit(f"/participants/{house.eva}/release")
    (entry,) = entries(AuditEvent.RELEASED)
    assert (entry.tenant_id, entry.by, entry.role) == (house.tenant_id, "CAS", "caseworker")
    assert (entry.subject, entry.subject_id, entry.address) == ("participant", house.eva, "127.0.0.1")


def test_what_is_refused_leaves_no_entry(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    page = browser.get(f"/participants/{house.eva}")
    token = page.form(f"/participants/{house.eva}/release")
    browser.post(f"/participants/{house.eva}/revoke", token, status=409)
    browser.post("/deliveries", token, status=403)
    assert entries(AuditEvent.REVOKED) == entries(AuditEvent.TRANSFER_ASKED) == []


def test_signing_in_and_out_and_failing_to(browser: Browser, house: House) -> None:
    browser.get("/sign-in")
    browser.submit("/sign-in", status=422, email="caseworker@example.org", password="nonsense")
    browser.submit("/sign-in", status=422, email="nobody@example.org", password="nonsense")
    browser.submit("/sign-in", email="caseworker@example.org", password=PASSWORD)
    browser.get("/participants")
    browser.submit("/sign-out")
    known, unknown = entries(AuditEvent.SIGN_IN_FAILED)
    assert (known.by, known.tenant_id, known.subject) == ("CAS", house.tenant_id, "account")
    assert (unknown.by, unknown.tenant_id, unknown.subject, unknown.data) == ("", None, None, {})
    assert [entry.by for entry in entries(AuditEvent.SIGNED_IN)] == ["CAS"]
    assert [entry.by for entry in entries(AuditEvent.SIGNED_OUT)] == ["CAS"]


def test_an_export_is_noted_before_it_is_handed_out(signed_in: SignedIn, house: House) -> None:
    signed_in("supervisor").get("/participants/export.csv")
    (entry,) = entries(AuditEvent.EXPORTED)
    assert (entry.by, entry.data) == ("SUP", {"page": "people.export_csv"})


def test_what_support_sees_of_a_tenant_stands_in_that_tenants_audit(
    signed_in: SignedIn, house: House
) -> None:
    support = signed_in("support")
    support.get(f"/participants/{house.eva}")
    support.get(f"/participants/{house.eva}")
    support.get(f"/participants/{house.ben}", fragment=True)  # a forged header hides nobody
    (opened,) = entries(AuditEvent.TENANT_OPENED)
    assert (opened.tenant_id, opened.by, opened.role) == (house.tenant_id, "SUP", "support")
    looks = [entry.subject_id for entry in entries(AuditEvent.LOOKED) if entry.subject == "participant"]
    assert looks == [house.eva, house.ben]
    page = signed_in("administrator").get("/audit?event=looked")
    assert "Seite angesehen: Teilnehmer/in" in page.text


def test_a_look_much_later_is_another_one(signed_in: SignedIn, house: House) -> None:
    support = signed_in("support")
    support.get(f"/participants/{house.eva}")
    with time_machine.travel(utcnow() + dt.timedelta(minutes=50)):
        support.get("/help")
    with time_machine.travel(utcnow() + dt.timedelta(minutes=70)):
        support.get(f"/participants/{house.eva}")
    assert len([entry for entry in entries(AuditEvent.LOOKED) if entry.subject_id == house.eva]) == 2


def test_looks_of_the_tenants_own_people_are_not_noted(signed_in: SignedIn, house: House) -> None:
    signed_in("supervisor").get(f"/participants/{house.eva}")
    assert entries(AuditEvent.LOOKED) == []


def test_the_page_shows_its_tenants_entries_and_narrows_them(signed_in: SignedIn, house: House) -> None:
    signed_in("stranger")
    administrator = signed_in("administrator")
    text = administrator.get("/audit").text
    assert "Angemeldet" in text and "ADM" in text and "STR" not in text
    assert "Dazu gibt es keine Einträge" in administrator.get("/audit?event=released").text
    assert "ADM" in administrator.get("/audit?by=ADM&from=2020-01-01").text
    assert "Dazu gibt es keine Einträge" in administrator.get("/audit?by=ADM&to=2020-01-01").text
    administrator.get("/audit?event=x&subject=y&number=z&from=a&to=b&before=c")


@pytest.mark.parametrize("role", ["caseworker", "supervisor"])
def test_others_do_not_see_it(signed_in: SignedIn, role: str) -> None:
    signed_in(role).get("/audit", status=403)


def test_older_entries_are_a_page_away(signed_in: SignedIn, house: House) -> None:
    administrator = signed_in("administrator")
    for _ in range(51):
        administrator.get("/participants/export.csv")
    page = administrator.get("/audit?event=exported")
    rows = [row for row in page.find_all("tr") if (row.get("id") or "").startswith("entry-")]
    assert len(rows) == 50
    older = page.find("a", rel="next").get("href")
    assert older is not None
    page = administrator.get(older)
    assert len([row for row in page.find_all("tr") if (row.get("id") or "").startswith("entry-")]) == 1


def test_all_that_was_written_verifies(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("caseworker")
    browser.get(f"/participants/{house.eva}")
    browser.submit(f"/participants/{house.eva}/release")
    browser.get(f"/participants/{house.eva}")
    browser.submit(f"/participants/{house.eva}/revoke")
    with looking():
        result = verify()
    assert result.finding is None
    assert result.entries >= 5


def test_people_have_the_number_by_which_one_knows_them(signed_in: SignedIn, house: House) -> None:
    """The row's number says nothing to anybody; it is shown by the one in Qualli.life, and found by it."""
    browser = signed_in("supervisor")
    browser.get(f"/participants/{house.eva}")
    browser.submit(f"/participants/{house.eva}/release")
    with looking():
        number = db.session.get_one(Participant, house.eva).number
    administrator = signed_in("administrator")
    page = administrator.get(f"/audit?event=released&number={number}")
    assert f"Teilnehmer/in {number}" in page.text
    assert "Freigabe" in page.text
    nobody = administrator.get(f"/audit?event=released&subject=participant&number={house.eva}000")
    assert "Dazu gibt es keine Einträge" in nobody.text
