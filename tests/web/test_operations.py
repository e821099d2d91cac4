"""Operations: what support sees of all tenants, and trying again for one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from portal.core.database import EVERY_TENANT, commit, db, scoped_to, utcnow
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryProblem, DeliveryState, Mode, Trigger
from portal.domain.releases import Registration
from portal.domain.tenants import Connection, Heartbeat
from tests.support.factories import House, looking
from tests.support.pages import Browser, Page

SignedIn = Callable[[str], Browser]


@pytest.fixture
def trouble(house: House) -> House:
    """Alpha's network is away, beta's delivery is held, and Ben has waited since yesterday."""
    now = utcnow()
    with scoped_to(EVERY_TENANT):
        alpha, beta = (
            db.session.query(Connection).filter_by(tenant_id=tenant_id).one()
            for tenant_id in (house.tenant_id, house.other_id)
        )
        alpha.failures, alpha.problem = 6, DeliveryProblem.UNAVAILABLE.value
        alpha.paused_until = alpha.probe_at = now + dt.timedelta(minutes=9)
        alpha.quarantined_at = now - dt.timedelta(hours=1)
        db.session.add(
            Delivery(
                tenant_id=house.other_id,
                connection_id=beta.id,
                sequence=1,
                mode=Mode.FULL,
                cause=Trigger.NIGHTLY,
                state=DeliveryState.HELD,
                problem=DeliveryProblem.BRAKE,
                started_by="system",
                idempotency_key="k",
                created_at=now,
            )
        )
        db.session.add(
            Registration(
                tenant_id=house.tenant_id,
                connection_id=alpha.id,
                participant_id=house.ben,
                announced=True,
                waiting_since=now - dt.timedelta(days=1),
            )
        )
        db.session.add(
            Heartbeat(name="cron:here:2", kind="cron", started_at=now, seen_at=now - dt.timedelta(minutes=10))
        )
        commit()
    return house


def operations(signed_in: SignedIn) -> tuple[Browser, Page]:
    browser = signed_in("support")
    return browser, browser.get("/operations")


def connection_of(house: House) -> Connection:
    with looking():
        return db.session.query(Connection).filter_by(tenant_id=house.tenant_id).one()


@pytest.mark.parametrize("name", ["caseworker", "supervisor", "administrator"])
def test_only_support_gets_there(signed_in: SignedIn, trouble: House, name: str) -> None:
    browser = signed_in(name)
    browser.get("/operations", status=403)
    token = browser.get("/participants").form("/bulk")
    browser.post(f"/operations/connections/{connection_of(trouble).id}/try-again", token, status=403)


def test_support_needs_no_tenant_for_it(web_app: object, signed_in: SignedIn, trouble: House) -> None:
    browser = Browser(web_app)  # type: ignore[arg-type]
    browser.sign_in("support@example.org")
    browser.get("/operations")


def test_it_says_what_is_wrong_where(signed_in: SignedIn, trouble: House) -> None:
    _browser, page = operations(signed_in)
    row = page.text_of(f"connection-{connection_of(trouble).id}")
    for words in ("Alpha", "Jobnetzwerk", "nicht erreichbar", "6", "Erneut versuchen"):
        assert words in row
    assert "Übertragung 1" in page.text
    assert "ungewöhnlich viele Personen" in page.text
    assert "meldet sich nicht" in page.text
    assert "Redis antwortet nicht." in page.text  # there is none in this test


def test_it_names_nobody(signed_in: SignedIn, trouble: House) -> None:
    _browser, page = operations(signed_in)
    assert "Zorn" not in page.text
    assert "1002" not in page.text


def test_trying_again_asks_the_network_at_once(signed_in: SignedIn, trouble: House) -> None:
    browser, _page = operations(signed_in)
    connection = connection_of(trouble)
    browser.submit(f"/operations/connections/{connection.id}/try-again")
    assert "Das Jobportal wird jetzt gefragt." in browser.follow().text
    probe_at = connection_of(trouble).probe_at
    assert probe_at is not None
    assert probe_at <= utcnow()


def test_what_the_network_ordered_is_waited_for(signed_in: SignedIn, trouble: House) -> None:
    with scoped_to(trouble.tenant_id):
        db.session.query(Connection).one().pause_is_ordered = True
        commit()
    browser, _page = operations(signed_in)
    browser.submit(f"/operations/connections/{connection_of(trouble).id}/try-again")
    assert "So lange warten wir." in browser.follow().text


def test_a_connection_that_is_well_is_left_alone(signed_in: SignedIn, trouble: House) -> None:
    browser, page = operations(signed_in)
    number = connection_of(trouble).id
    token = page.form(f"/operations/connections/{number}/try-again")
    with looking():
        beta = db.session.query(Connection).filter_by(tenant_id=trouble.other_id).one().id
    browser.post(f"/operations/connections/{beta}/try-again", token, Referer="http://localhost/operations")
    assert "es gibt nichts zu wiederholen" in browser.follow().text
    browser.post("/operations/connections/999/try-again", token, status=404)


def test_looking_at_all_tenants_ends_with_the_page(signed_in: SignedIn, trouble: House) -> None:
    browser, _page = operations(signed_in)
    assert "Fremd" not in browser.get("/participants").text


def test_what_waits_is_opened_where_it_is_decided(signed_in: SignedIn, trouble: House) -> None:
    browser = signed_in("support")
    page = browser.get("/operations")
    fields = [
        {item.get("name"): item.get("value") for item in form.iter("input")}
        for form in page.find_all("form", action="/tenants/beta")
    ]
    held = next(values for values in fields if "/deliveries/1" in (values.get("next") or ""))
    answer = browser.post("/tenants/beta", held, Referer="http://localhost/operations")
    assert answer.location == held["next"]
    assert "Angehalten: nichts davon ist gesendet" in browser.follow().text


@pytest.mark.parametrize("where", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_choosing_a_tenant_leads_nowhere_else(signed_in: SignedIn, house: House, where: str) -> None:
    browser = signed_in("support")
    browser.get("/tenants")
    assert browser.submit("/tenants/alpha", next=where).location == "/participants"
