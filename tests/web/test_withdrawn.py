"""Nothing says that a person "goes with the next transfer" who is withdrawn by it, or of whom nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal.bulk.jobs import run_bulk
from portal.core.database import commit, db, scoped_to, utcnow
from portal.domain.releases import MediatorRegistration, Registration
from portal.domain.rules.status import Status
from portal.domain.tenants import Connection, Tenant
from tests.support.commands import Commands
from tests.support.factories import House, make_mediator, make_person
from tests.support.pages import Browser

SignedIn = Callable[[str], Browser]
GOES_WITH_IT = "Geht mit der nächsten Übertragung mit"
LEARNS_OF_IT = "Das Jobportal erfährt es mit der nächsten Übertragung"
EVA = ("--tenant", "alpha", "--participant", "1001")


def present(house: House, participant_id: int, **state: Any) -> None:
    """The person's registration, as it is after the network has confirmed, changed by `state`."""
    with scoped_to(house.tenant_id):
        connection = db.session.query(Connection).one()
        db.session.get_one(Tenant, house.tenant_id).next_transfer_at = utcnow()
        values: dict[str, Any] = {
            "announced": True,
            "mediator_id": house.mediator,
            "announced_mediator_id": house.mediator,
            "status": Status.ONLINE,
        }
        db.session.add(
            Registration(
                tenant_id=house.tenant_id,
                connection_id=connection.id,
                participant_id=participant_id,
                **(values | state),
            )
        )
        commit()


def another(house: House) -> int:
    with scoped_to(house.tenant_id):
        number = make_mediator(house.tenant_id, "V-2", "Anders", "Anna")
        commit()
    return number


@pytest.mark.parametrize("fragment", [False, True])
def test_a_revoked_person_is_said_to_be_withdrawn(signed_in: SignedIn, house: House, fragment: bool) -> None:
    present(house, house.eva, released=False)
    browser = signed_in("caseworker")
    page = browser.get(f"/participants/{house.eva}", fragment=fragment)
    assert GOES_WITH_IT not in page.text
    assert page.text_of("phase").startswith("wird abgemeldet mit der Übertragung")
    assert "meldet sie beim Jobportal ab" in page.text_of("phase")
    assert "wird abgemeldet" in browser.get("/participants?phase=withdrawal-scheduled").text


def test_where_consent_ended_it_is_said_to_happen_at_once(signed_in: SignedIn, house: House) -> None:
    present(house, house.eva, released=False, urgent=True)
    phase = signed_in("caseworker").get(f"/participants/{house.eva}").text_of("phase")
    assert phase.startswith("wird abgemeldet sofort")


@pytest.mark.parametrize(
    "state",
    [
        {"waiting_since": True},
        {"rejected_sequence": 2, "rejection_reason": "email-missing"},
        {"clarification": "answers-contradict"},
    ],
)
def test_whatever_else_is_going_on_the_withdrawal_is_said(
    signed_in: SignedIn, house: House, state: dict[str, Any]
) -> None:
    if "waiting_since" in state:
        state = {"waiting_since": utcnow()}
    present(house, house.eva, released=False, **state)
    page = signed_in("caseworker").get(f"/participants/{house.eva}")
    assert "Die nächste Übertragung meldet die Person beim Jobportal ab" in page.text_of("leaving")
    assert "erneut gesendet" not in page.text


def test_somebody_blocked_is_said_to_leave_with_the_next_whole_transfer(
    signed_in: SignedIn, house: House
) -> None:
    present(house, house.eva, released=True, mediator_id=None)
    page = signed_in("caseworker").get(f"/participants/{house.eva}")
    assert "nennt die nächste vollständige Übertragung die Person nicht" in page.text_of("leaving")
    assert "wird nichts davon gesendet" in (
        signed_in("caseworker").get(f"/participants/{house.eva}/record").text_of("unsent")
    )


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"released": False}, "die nächste Übertragung meldet sie ab"),
        ({"released": False, "announced": False}, "wenn die Person freigegeben ist"),
        ({"released": True}, LEARNS_OF_IT),
    ],
)
@pytest.mark.parametrize("fragment", [False, True])
def test_choosing_a_mediator_says_when_the_network_learns_of_it(
    signed_in: SignedIn, house: House, state: dict[str, Any], said: str, fragment: bool
) -> None:
    present(house, house.eva, **state)
    mediator = another(house)
    browser = signed_in("caseworker")
    browser.get(f"/participants/{house.eva}/mediator")
    address = f"/participants/{house.eva}/mediator"
    if fragment:
        page = browser.submit(address, fragment=True, status=200, mediator=str(mediator))
    else:
        browser.submit(address, mediator=str(mediator))
        page = browser.follow()
    assert said in page.text
    if said != LEARNS_OF_IT:
        assert LEARNS_OF_IT not in page.text
        assert "gilt dort ab der nächsten Übertragung" not in page.text


def test_a_mediator_chosen_for_somebody_blocked_is_told_later(signed_in: SignedIn, house: House) -> None:
    with scoped_to(house.tenant_id):
        person = make_person(house.tenant_id, "1003", "Kurz", "", consent=True)
        commit()
    present(house, person, released=True)
    mediator = another(house)
    browser = signed_in("caseworker")
    browser.get(f"/participants/{person}/mediator")
    browser.submit(f"/participants/{person}/mediator", mediator=str(mediator))
    page = browser.follow()
    assert "sobald nichts mehr fehlt" in page.text
    assert LEARNS_OF_IT not in page.text


@pytest.mark.parametrize(
    ("announced", "asked", "said"),
    [
        (True, "meldet die Person beim Jobportal ab", "Die nächste Übertragung meldet die Person ab."),
        (False, "weiß noch nichts von der Person", "abzumelden ist nichts"),
    ],
)
def test_revoking_says_what_follows(
    signed_in: SignedIn, house: House, announced: bool, asked: str, said: str
) -> None:
    present(house, house.eva, released=True, announced=announced)
    browser = signed_in("caseworker")
    assert asked in browser.get(f"/participants/{house.eva}/revoke").text
    browser.submit(f"/participants/{house.eva}/revoke")
    assert said in browser.follow().text


def test_a_transfer_of_many_says_who_is_withdrawn_by_it(signed_in: SignedIn, house: House) -> None:
    present(house, house.eva, released=False)
    browser = signed_in("supervisor")
    browser.get("/participants")
    browser.submit("/bulk", action="transfer", whom="all")
    page = browser.follow()
    assert "1 Person wird beim Jobportal abgemeldet: Sie ist nicht mehr freigegeben" in page.text
    assert "1 Person wird übertragen" not in page.text
    address = browser.last_path
    browser.submit(f"{address}/start")
    run_bulk(int(address.rpartition("/")[2]))
    assert "1 Person zur Abmeldung gegeben" in browser.get(address).text
    assert "zur Abmeldung gegeben" in browser.get(f"{address}/report.csv").html


def test_the_record_of_a_revoked_person_is_said_not_to_be_sent(signed_in: SignedIn, house: House) -> None:
    present(house, house.eva, released=False)
    page = signed_in("caseworker").get(f"/participants/{house.eva}/record")
    assert "Die nächste Übertragung meldet sie ab und sendet nichts davon" in page.text_of("unsent")


def test_commands_say_the_same(sqlite_app: Flask, house: House) -> None:
    present(house, house.eva, released=False)
    another(house)
    commands = Commands(sqlite_app)
    shown = commands.say("status", *EVA)
    assert "wird abgemeldet" in shown
    assert GOES_WITH_IT not in shown
    assert commands.ask("status", *EVA)["phase"] == "withdrawal-scheduled"
    assert "meldet sie beim Jobportal ab" in commands.say("why", *EVA)
    chosen = commands.say("mediator", *EVA, "--mediator", "V-2", "--by", "CAS")
    assert "die nächste Übertragung meldet sie ab" in chosen


def test_the_help_and_the_other_language_say_it_too(signed_in: SignedIn, house: House) -> None:
    present(house, house.eva, released=False)
    browser = signed_in("caseworker")
    assert "wird abgemeldet" in browser.get("/help").text_of("phases-list")
    browser.submit("/preferences", language="en")
    page = browser.get(f"/participants/{house.eva}")
    assert page.text_of("phase").startswith("being withdrawn with the transfer on")
    assert "Goes with the next transfer" not in page.text


# --- archived for want of a mediator --------------------------------------------------------------------------


def archived(house: House, **state: Any) -> None:
    values = {"released": True, "archived": True, "archive_reason": "mediator-unknown"}
    present(house, house.eva, status=Status.ONLINE_ARCHIVED, **(values | state))


def test_an_unknown_mediator_is_shown_with_what_to_do(signed_in: SignedIn, house: House) -> None:
    archived(house)
    browser = signed_in("caseworker")
    page = browser.get(f"/participants/{house.eva}")
    assert page.text_of("phase").startswith("dort archiviert: Vermittler/in unbekannt")
    assert "Zu tun ist nichts" not in page.text
    logbook = page.text_of("logbook")
    assert "Legen Sie sie dort mit der Vermittler-ID an" in logbook
    assert page.text_of("unknown-mediator-number") == "V-1"
    assert "Nichts" not in logbook
    assert "dort archiviert: Vermittler/in unbekannt" in browser.get("/help").text


def test_it_counts_and_is_a_cause_with_the_mediators(signed_in: SignedIn, house: House) -> None:
    archived(house)
    browser = signed_in("supervisor")
    assert "braucht Aktion 1" in browser.get("/participants").text
    page = browser.get("/participants?group=cause")
    row = next(row for row in page.find_all("tr") if "Vermittler/in unbekannt" in _words(row))
    assert "Vogel, Vera – Vermittler-ID V-1: 1" in _words(row)
    assert "legen Sie sie dort mit der Vermittler-ID an" in _words(row)


def test_once_another_mediator_is_chosen_nothing_is_to_be_done(signed_in: SignedIn, house: House) -> None:
    archived(house, mediator_id=another(house))
    page = signed_in("caseworker").get(f"/participants/{house.eva}")
    assert page.text_of("phase").startswith("vorgemerkt")
    assert "Inzwischen ist eine andere Vermittlung gewählt" in page.text_of("logbook")
    assert "braucht Aktion 0" in signed_in("caseworker").get("/participants").text


def test_what_the_network_last_said_of_the_mediator_is_shown(signed_in: SignedIn, house: House) -> None:
    present(house, house.eva, released=True)
    with scoped_to(house.tenant_id):
        connection = db.session.query(Connection).one()
        db.session.add(
            MediatorRegistration(
                tenant_id=house.tenant_id,
                connection_id=connection.id,
                mediator_id=house.mediator,
                known=False,
                answered_sequence=1,
                answered_at=utcnow(),
            )
        )
        commit()
    assert "nicht bekannt" in signed_in("caseworker").get(f"/participants/{house.eva}").text_of(
        "mediator-unknown"
    )


def test_the_command_says_why_and_whom_to_create(sqlite_app: Flask, house: House) -> None:
    archived(house)
    commands = Commands(sqlite_app)
    shown = commands.say("why", *EVA)
    assert "Nichts hält diese Person auf" not in shown
    assert "Vermittler/in im Jobportal unbekannt" in shown
    assert "Vermittler-ID V-1" in shown
    values = commands.ask("status", *EVA)
    assert (values["phase"], values["needs_action"]) == ("mediator-unknown", True)


def _words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())
