"""Mediators: whom they carry, whether the network knows them, and the hand-over of everybody to another."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.bulk.jobs import run_bulk
from portal.core.database import commit, db, scoped_to, utcnow
from portal.domain.participants import Mediator
from portal.domain.releases import MediatorRegistration, Registration
from portal.domain.tenants import Connection
from tests.support.factories import House, make_mediator, registration_of
from tests.support.pages import Browser

SignedIn = Callable[[str], Browser]


@pytest.fixture
def weg(house: House) -> int:
    """Somebody who left: inactive, unknown to the network, and both people still have her."""
    with scoped_to(house.tenant_id):
        gone = make_mediator(house.tenant_id, "V-9", "Weg", "Wanda", active=False)
        make_mediator(house.tenant_id, "V-8", "Ungenutzt", "Uwe", active=False)
        connection = db.session.query(Connection).one()
        owner = {"tenant_id": house.tenant_id, "connection_id": connection.id}
        for person, released in ((house.eva, True), (house.ben, False)):
            db.session.add(Registration(**owner, participant_id=person, mediator_id=gone, released=released))
        db.session.add(
            MediatorRegistration(
                **owner, mediator_id=gone, known=False, answered_sequence=1, answered_at=utcnow()
            )
        )
        commit()
    return gone


def test_each_says_whom_she_carries_and_whether_she_is_known(
    signed_in: SignedIn, house: House, weg: int
) -> None:
    page = signed_in("caseworker").get("/mediators")
    assert "Weg, Wanda V-9 WW nicht mehr aktiv nicht bekannt 2 Teilnehmer/innen von Weg 1" in page.text_of(
        f"mediator-{weg}"
    )
    assert "aktiv noch nicht gemeldet 0 0" in page.text_of(f"mediator-{house.mediator}")
    assert "1 Vermittler/in ist in Qualli.life nicht mehr aktiv" in page.text
    assert "Ungenutzt" not in page.text


def test_everybody_is_handed_over(signed_in: SignedIn, house: House, weg: int) -> None:
    browser = signed_in("caseworker")
    browser.get("/mediators")
    browser.submit(f"/mediators/{weg}/hand-over")
    page = browser.follow()
    assert "2 Personen sind gewählt." in page.text
    address = browser.last_path
    browser.submit(f"{address}/mediator", mediator=str(house.mediator))
    assert "2 Personen bekommen diese Vermittlung" in browser.follow().text
    browser.submit(f"{address}/start")
    run_bulk(int(address.rpartition("/")[2]))
    assert {registration_of(person).mediator_id for person in (house.eva, house.ben)} == {house.mediator}  # type: ignore[union-attr]
    page = browser.get("/mediators")
    assert not page.find_all("tr", id=f"mediator-{weg}")


def test_another_tenants_mediators_are_not_there(signed_in: SignedIn, house: House, weg: int) -> None:
    stranger = signed_in("stranger")
    assert "Es gibt noch keine." in stranger.get("/mediators").text
    stranger.get("/participants")
    token = stranger.last.form("/bulk")  # type: ignore[union-attr]
    stranger.post(f"/mediators/{weg}/hand-over", token, status=404)


def test_a_page_goes_on_where_the_last_one_ended(signed_in: SignedIn, house: House) -> None:
    with scoped_to(house.tenant_id):
        for number in range(60):
            make_mediator(house.tenant_id, f"W-{number:02}", f"Wer{number:02}", "A")
        everybody = [row.last_name for row in db.session.query(Mediator).order_by(Mediator.sort_key)]
        commit()
    browser = signed_in("caseworker")
    seen: list[str] = []
    address = "/mediators"
    while address:
        page = browser.get(address)
        rows = page.find_all("th", scope="row")
        seen += ["".join(item.itertext()).partition(",")[0] for item in rows]
        following = page.find_all("a", rel="next")
        address = following[0].get("href") or "" if following else ""
    assert seen == everybody
