"""The page on which a person decides about another account at the network; the settings, which show the account."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.core.database import EVERY_TENANT, commit, db, scoped_to, utcnow
from portal.domain.audit import AuditEntry, AuditEvent
from portal.domain.tenants import Connection
from tests.support.factories import House, looking
from tests.support.pages import Browser
from tests.web.test_reconciling import connection_of

SignedIn = Callable[[str], Browser]
PAGE = "/deliveries/network-account"


@pytest.fixture(params=["other-account"])
def doubted(request: pytest.FixtureRequest, house: House) -> str:
    with scoped_to(EVERY_TENANT):
        connection = db.session.query(Connection).filter_by(tenant_id=house.tenant_id).one()
        connection.provider_id, connection.network_name = "P-1", "Bildung eins"
        connection.provider_bound_at, connection.holdings_known = utcnow(), True
        connection.account_doubt, connection.doubted_since = request.param, utcnow()
        connection.found_provider_id, connection.found_provider_name = "P-2", "Bildung zwei"
        commit()
    return str(request.param)


def test_every_page_leads_to_it_and_it_names_both_accounts(
    signed_in: SignedIn, house: House, doubted: str
) -> None:
    browser = signed_in("supervisor")
    assert f'href="{PAGE}"' in browser.get("/participants").html
    page = browser.get(PAGE)
    for said in ("Bildung eins", "P-1", "Bildung zwei", "P-2", "ein anderes Konto als das bisherige"):
        assert said in page.text


def test_accepting_it_is_noted_and_the_next_one_is_full(
    signed_in: SignedIn, house: House, doubted: str
) -> None:
    browser = signed_in("supervisor")
    browser.get(PAGE)
    browser.submit(f"{PAGE}/accept")
    assert "Es gibt nichts zu entscheiden" in browser.follow().text
    found = connection_of(house)
    assert (found.provider_id, found.account_doubt, found.needs_full) == ("P-2", None, True)
    assert not found.holdings_known
    with looking():
        entry = db.session.query(AuditEntry).filter_by(event=AuditEvent.ACCOUNT_ACCEPTED).one()
    assert (entry.subject, entry.subject_id, entry.by) == ("connection", found.id, "SUP")


def test_only_what_was_shown_is_accepted(signed_in: SignedIn, house: House, doubted: str) -> None:
    browser = signed_in("supervisor")
    browser.get(PAGE)
    with scoped_to(EVERY_TENANT):
        db.session.query(Connection).filter_by(tenant_id=house.tenant_id).one().found_provider_id = "P-3"
        commit()
    browser.submit(f"{PAGE}/accept")
    assert "inzwischen ein anderes Konto" in browser.follow().text
    assert connection_of(house).provider_id == "P-1"


@pytest.mark.parametrize("doubted", ["taken-account"], indirect=True)
def test_what_another_tenant_has_support_alone_accepts(
    signed_in: SignedIn, house: House, doubted: str
) -> None:
    browser = signed_in("supervisor")
    page = browser.get(PAGE)
    assert "schon ein anderer Mandant" in page.text and f"{PAGE}/accept" not in page.html
    support = signed_in("support")
    support.get(PAGE)
    support.submit(f"{PAGE}/accept")
    assert connection_of(house).shares_provider


def test_a_caseworker_sees_it_and_decides_nothing(signed_in: SignedIn, house: House, doubted: str) -> None:
    browser = signed_in("caseworker")
    page = browser.get(PAGE)
    assert "Annehmen können das Leitung" in page.text and f"{PAGE}/accept" not in page.html
    browser.post(f"{PAGE}/accept", browser.get("/help").form("/sign-out"), status=403)


def test_where_nothing_is_doubted_it_says_so(signed_in: SignedIn, house: House) -> None:
    browser = signed_in("supervisor")
    assert "Es gibt nichts zu entscheiden" in browser.get(PAGE).text
    token = browser.get("/help").form("/sign-out")
    assert "Es gibt nichts zu entscheiden" in browser.post(f"{PAGE}/accept", token, status=409).text


def test_the_settings_show_the_account(signed_in: SignedIn, house: House, doubted: str) -> None:
    page = signed_in("administrator").get("/settings")
    assert "Bildung eins P-1" in page.text and "Bildung zwei P-2" in page.text
    assert f'href="{PAGE}"' in page.html
