"""Settings of a tenant: who may, what is refused, credentials that are never shown, a change of network foreseen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from portal.core.crypto import current_keyring
from portal.core.database import commit, db, scoped_to
from portal.domain.releases import Registration
from portal.domain.tenants import Connection, ConnectionState, Tenant, token_place
from portal.networks.registry import Network
from tests.support.factories import House, looking
from tests.support.pages import Browser

SignedIn = Callable[[str], Browser]
GOOD = {
    "transfer_time": "21:30",
    "federal_state": "NW",
    "brake_minimum": "4",
    "brake_percent": "6",
    "brake_days": "8",
    "brake_order_minimum": "3",
    "protocol_months": "36",
    "payload_days": "60",
}


def tenant_of(house: House) -> Tenant:
    with looking():
        return db.session.get_one(Tenant, house.tenant_id)


def connections(house: House) -> list[Connection]:
    with looking():
        return db.session.query(Connection).filter_by(tenant_id=house.tenant_id).order_by(Connection.id).all()


def open_settings(signed_in: SignedIn) -> Browser:
    browser = signed_in("administrator")
    browser.get("/settings")
    return browser


@pytest.mark.parametrize("name", ["caseworker", "supervisor"])
def test_only_administrators_and_support_get_there(signed_in: SignedIn, house: House, name: str) -> None:
    browser = signed_in(name)
    browser.get("/settings", status=403)
    token = browser.get("/participants").form("/bulk")
    for path in ("", "/token", "/test", "/network"):
        browser.post(f"/settings{path}", token | GOOD, status=403)


def test_support_gets_there_too(signed_in: SignedIn, house: House) -> None:
    signed_in("support").get("/settings")


def test_what_is_typed_is_kept(signed_in: SignedIn, house: House) -> None:
    browser = open_settings(signed_in)
    browser.submit("/settings", **GOOD, svnr="1")
    assert "Gespeichert." in browser.follow().text
    tenant = tenant_of(house)
    assert (tenant.transfer_time, tenant.federal_state) == (dt.time(21, 30), "NW")
    assert (tenant.brake_minimum, tenant.brake_percent, tenant.brake_days) == (4, 6, 8)
    assert (tenant.brake_order_minimum, tenant.protocol_months, tenant.payload_days) == (3, 36, 60)
    assert tenant.sends_social_insurance_number
    assert tenant.next_transfer_at is not None
    browser.get("/settings")
    browser.submit("/settings", **GOOD)
    assert not tenant_of(house).sends_social_insurance_number


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("transfer_time", "25:00", "nicht lesbar"),
        ("transfer_time", "", "nicht lesbar"),
        ("brake_days", "viele", "nicht lesbar"),
        ("brake_days", "0", "erlaubt sind 1 bis 366"),
        ("brake_percent", "101", "erlaubt sind 0 bis 100"),
        ("protocol_months", "9" * 30, "erlaubt sind 1 bis 120"),
        ("federal_state", "XX", "Dieses Bundesland gibt es nicht"),
    ],
)
def test_nonsense_changes_nothing(
    signed_in: SignedIn, house: House, field: str, value: str, said: str
) -> None:
    browser = open_settings(signed_in)
    browser.submit("/settings", **(GOOD | {field: value}))
    assert said in browser.follow().text_of("notices")
    tenant = tenant_of(house)
    assert (tenant.transfer_time, tenant.brake_minimum, tenant.protocol_months) == (dt.time(22), 3, 24)


def test_credentials_are_kept_encrypted_and_never_shown(signed_in: SignedIn, house: House) -> None:
    browser = open_settings(signed_in)
    browser.submit("/settings/token", token="a-secret-token")
    page = browser.follow()
    assert "a-secret-token" not in page.html
    assert "hinterlegt" in page.text_of("connection")
    assert "wird gefragt" in page.text_of("connection")
    (connection,) = connections(house)
    assert connection.token_encrypted is not None
    assert (
        current_keyring().decrypt(connection.token_encrypted, token_place(connection.id)) == b"a-secret-token"
    )
    assert connection.probe_at is not None  # the worker asks


@pytest.mark.parametrize("token", ["", "two words", "ü", "x" * 5000])
def test_credentials_that_cannot_be_any_are_refused(signed_in: SignedIn, house: House, token: str) -> None:
    browser = open_settings(signed_in)
    before = connections(house)[0].token_encrypted
    browser.submit("/settings/token", token=token)
    assert browser.follow().text_of("notices")
    assert connections(house)[0].token_encrypted == before


def test_a_change_of_network_is_shown_before_it_is_made(signed_in: SignedIn, house: House) -> None:
    with scoped_to(house.tenant_id):
        old = db.session.query(Connection).one()
        for person, announced in ((house.eva, True), (house.ben, False)):
            db.session.add(
                Registration(
                    tenant_id=house.tenant_id,
                    connection_id=old.id,
                    participant_id=person,
                    announced=announced,
                    released=True,
                )
            )
        commit()
    browser = open_settings(signed_in)
    page = browser.submit("/settings/network", network="job4you", status=200)
    assert "1 Person wird bei Jobnetzwerk abgemeldet" in page.text
    assert "2 Freigaben enden" in page.text
    assert "auch das Profil" in page.text
    assert len(connections(house)) == 1
    browser.submit("/settings/network")
    closing, opened = connections(house)
    assert closing.state is ConnectionState.CLOSING
    assert (opened.state, opened.network, opened.token_encrypted) == (
        ConnectionState.OPEN,
        Network.JOB4YOU,
        None,
    )


def test_what_was_not_shown_is_not_confirmed(signed_in: SignedIn, house: House) -> None:
    with scoped_to(house.tenant_id):
        old = db.session.query(Connection).one()
        db.session.add(
            Registration(
                tenant_id=house.tenant_id, connection_id=old.id, participant_id=house.eva, announced=True
            )
        )
        commit()
    browser = open_settings(signed_in)
    page = browser.submit("/settings/network", network="job4you", confirmed="0-0", status=200)
    assert "Zu Job4You wechseln?" in page.text
    assert len(connections(house)) == 1


def test_a_network_that_nobody_knows_is_changed_at_once(signed_in: SignedIn, house: House) -> None:
    browser = open_settings(signed_in)
    browser.submit("/settings/network", network="job4you")
    assert [item.network for item in connections(house)] == [Network.JOBNETZWERK, Network.JOB4YOU]
    browser.get("/settings")
    browser.submit("/settings/network", network="nonsense")
    assert "nicht lesbar" in browser.follow().text
