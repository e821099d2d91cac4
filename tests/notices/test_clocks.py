"""Clocks for people, by page and mail: 1, 2, 3 and 5 working days, what fell silent, and the morning of each role."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from flask import Flask

from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.domain.accounts import Role
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryProblem, DeliveryState
from portal.domain.imports import ImportMode, ImportRun, ImportState
from portal.domain.notice_kinds import MailKind, NoticeKind
from portal.domain.participants import Mediator
from portal.domain.releases import Registration, Release
from portal.domain.tenants import Connection, Tenant
from tests.notices.conftest import (
    DAY,
    MINUTE,
    TUESDAY,
    connection_of,
    held,
    look,
    notices,
    send_due,
    told,
    wait_since,
)
from tests.support.clock import today
from tests.support.database import Cast
from tests.support.factories import make_account, make_person
from tests.support.mail_server import MailServer
from tests.support.pages import Browser

STEPS = (
    "Erinnerung: Eine Antwort steht aus",
    "Eine Antwort ist überfällig",
    "Eine fehlende Antwort ist zu klären",
    "Eine fehlende Antwort ist an die Betreuung gegeben",
)
FIRST_STEP = {"caseworker": 1, "supervisor": 2, "administrator": 3, "support": 1, "stranger": 9}
"""From which step on a page shows it; support sees whatever anybody was told."""


def noon(date: int, month: int = 3, year: int = 2026) -> dt.datetime:
    """A minute past the time at which people began to wait."""
    return dt.datetime(year, month, date, 12, 1, tzinfo=dt.UTC)


def subjects(server: MailServer) -> list[tuple[str, str]]:
    """Who got which subject, oldest first; and forget them."""
    found = [(str(mail["To"]).partition("@")[0], str(mail["Subject"])) for mail in server.mails]
    server.mails.clear()
    return found


def test_each_step_is_mailed_once_and_stands_on_the_pages_of_who_is_told(
    mail_app: Flask, house: Cast, mail_server: MailServer
) -> None:
    """Sent on a Tuesday at noon: Wednesday, Thursday, Friday, and Tuesday of the next week."""
    with time_machine.travel(noon(3), tick=False) as clock:
        wait_since(house.alpha, noon(3) - MINUTE)
        for step, (date, whom) in enumerate(
            (
                (4, ["caseworker"]),
                (5, ["supervisor"]),
                (6, ["supervisor", "administrator"]),
                (10, ["supervisor", "support"]),
            ),
            1,
        ):
            clock.move_to(noon(date) - 2 * MINUTE)
            look()
            send_due()
            assert [who for who, title in subjects(mail_server) if STEPS[step - 1] in title] == []
            clock.move_to(noon(date))
            for _ in range(2):
                look()
                send_due()
            mailed = [
                who
                for who, title in subjects(mail_server)
                if title == f"Jobbrücke (Alpha): {STEPS[step - 1]}"
            ]
            assert sorted(mailed) == sorted(whom), step
            for name, first in FIRST_STEP.items():
                browser = Browser(mail_app)
                browser.sign_in(f"{name}@example.org")
                text = browser.get("/notices").text
                assert [it for it in STEPS if it in text] == ([STEPS[step - 1]] if step >= first else []), (
                    step,
                    name,
                )


def test_holidays_are_those_of_the_tenants_federal_state(house: Cast) -> None:
    """The 8th of March 2027 is a Monday, and a holiday in Berlin alone."""
    scope_to(EVERY_TENANT)
    make_account("theirs", Role.CASEWORKER, house.beta, "CAS")
    db.session.get_one(Tenant, house.beta).federal_state = "NW"
    with time_machine.travel(noon(5, year=2027), tick=False) as clock:
        for tenant_id in (house.alpha, house.beta):
            wait_since(tenant_id, utcnow() - MINUTE)
        seen = {}
        for date in (8, 9, 10):
            clock.move_to(noon(date, year=2027))
            before = len(told(MailKind.NOTICE))
            look()
            seen[date] = sorted(told(MailKind.NOTICE)[before:])
    # beta: reminder on Monday, overdue on Tuesday, to be cleared up on Wednesday; alpha a working day later
    assert seen == {8: ["theirs"], 9: ["caseworker", "stranger"], 10: ["stranger", "supervisor"]}


# --- what fell silent -------------------------------------------------------------------------------------


def _late_night(tenant: Tenant, _: Connection) -> None:
    tenant.next_transfer_at = utcnow() - 31 * MINUTE


def _stuck(tenant: Tenant, _: Connection) -> None:
    delivery = held(tenant.id)
    delivery.state, delivery.problem, delivery.created_at = (
        DeliveryState.SENDING,
        None,
        utcnow() - 3 * DAY / 24,
    )


def _nothing_sent(tenant: Tenant, connection: Connection) -> None:
    person = make_person(tenant.id, "88", "Muster", "Max")
    about = {"tenant_id": tenant.id, "connection_id": connection.id, "participant_id": person}
    db.session.add(Release(**about, released_at=utcnow() - 51 * DAY / 24, released_by="CAS"))


def _unknown(tenant: Tenant, _: Connection) -> None:
    delivery = held(tenant.id)
    delivery.state, delivery.problem, delivery.outcome_unknown = DeliveryState.SENDING, None, True
    delivery.created_at = delivery.commit_attempted_at = utcnow() - 61 * MINUTE


def _licence_ends(tenant: Tenant, _: Connection) -> None:
    tenant.licence_until = today() + 30 * DAY


def _their_licence_ends(_: Tenant, connection: Connection) -> None:
    connection.network_licensed_until = today() + 3 * DAY


def _token_refused(_: Tenant, connection: Connection) -> None:
    connection.problem = "unauthorised"


def _no_import(tenant: Tenant, _: Connection) -> None:
    ended = {"state": ImportState.DONE, "created_at": utcnow() - 6 * DAY, "finished_at": utcnow() - 6 * DAY}
    db.session.add(
        ImportRun(tenant_id=tenant.id, mode=ImportMode.FULL, door="file", started_by="SUP", **ended)
    )


def _in_clarification(tenant: Tenant, _: Connection) -> None:
    wait_since(tenant.id, utcnow())
    db.session.query(Registration).update({"clarification": "answer-missing", "waiting_since": None})


def _answers_forgotten(tenant: Tenant, _: Connection) -> None:
    delivery = held(tenant.id)
    delivery.state, delivery.problem, delivery.fruitless = (
        DeliveryState.COMMITTED,
        DeliveryProblem.FORGOTTEN,
        1,
    )


def _answers_stalled(tenant: Tenant, _: Connection) -> None:
    delivery = held(tenant.id)
    delivery.state, delivery.problem, delivery.fruitless = DeliveryState.ANSWERING, DeliveryProblem.STALLED, 5


def _archived_for_want_of_a_mediator(tenant: Tenant, _: Connection) -> None:
    wait_since(tenant.id, utcnow())
    mediator = Mediator(
        tenant_id=tenant.id,
        number="V-7",
        initials="VV",
        last_name="Vogel",
        first_name="Vera",
        sort_key="vogel",
    )
    db.session.add(mediator)
    db.session.flush()
    state = {"archived": True, "archive_reason": "mediator-unknown", "released": True, "waiting_since": None}
    db.session.query(Registration).update({**state, "mediator_id": mediator.id})


_ADMINISTRATION = ["administrator", "support"]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("arrange", "kind", "whom"),
    [
        (_late_night, NoticeKind.DELIVERY_MISSING, _ADMINISTRATION),
        (_stuck, NoticeKind.DELIVERY_MISSING, _ADMINISTRATION),
        (_nothing_sent, NoticeKind.DELIVERY_MISSING, _ADMINISTRATION),
        (_unknown, NoticeKind.OUTCOME_UNKNOWN, ["support"]),
        (_licence_ends, NoticeKind.LICENCE_ENDING, ["administrator"]),
        (_their_licence_ends, NoticeKind.NETWORK_LICENCE_ENDING, _ADMINISTRATION),
        (_token_refused, NoticeKind.TOKEN_REFUSED, _ADMINISTRATION),
        (_no_import, NoticeKind.IMPORT_SILENT, ["administrator"]),
        (_answers_forgotten, NoticeKind.ANSWERS_STUCK, ["supervisor", "support"]),
        (_answers_stalled, NoticeKind.ANSWERS_STUCK, ["supervisor", "support"]),
        (_in_clarification, NoticeKind.CLARIFICATION, ["supervisor"]),
        (_archived_for_want_of_a_mediator, NoticeKind.MEDIATOR_UNKNOWN, ["supervisor"]),
    ],
)
def test_what_fell_silent_is_told_once_and_its_recovery_once(
    house: Cast,
    mail_server: MailServer,
    arrange: Callable[[Tenant, Connection], None],
    kind: NoticeKind,
    whom: list[str],
) -> None:
    with time_machine.travel(TUESDAY, tick=False) as clock:
        _all_is_well(house)
        look()
        assert notices() == []
        scope_to(EVERY_TENANT)
        arrange(db.session.get_one(Tenant, house.alpha), connection_of(house.alpha))
        commit()
        for _ in range(3):
            look()
            send_due()
            clock.shift(MINUTE / 2)
        assert [it[0] for it in notices()] == [kind]
        mails = subjects(mail_server)
        assert sorted(who for who, _ in mails) == sorted(whom)
        assert all(title.startswith("Jobbrücke (Alpha): ") for _, title in mails)
        _all_is_well(house)
        for _ in range(2):
            look()
            send_due()
        assert [it[2] for it in notices()] == [False]
        mails = subjects(mail_server)
        assert sorted(who for who, _ in mails) == sorted(whom)
        assert all(": Erledigt: " in title for _, title in mails)


def _all_is_well(house: Cast) -> None:
    """Credentials, a licence without end, nights to come, nobody who waits."""
    scope_to(EVERY_TENANT)
    for table in (Release, Registration, Delivery, ImportRun):
        db.session.query(table).delete()
    db.session.query(Tenant).update({"next_transfer_at": utcnow() + DAY, "licence_until": None})
    well: dict[Any, Any] = {"token_encrypted": b"encrypted", "problem": None, "network_licensed_until": None}
    db.session.query(Connection).update(well)
    commit()


# --- the morning ------------------------------------------------------------------------------------------


def test_a_morning_tells_each_role_what_concerns_it(house: Cast, mail_server: MailServer) -> None:
    """A caseworker her own people, those who lead all of the tenant's, support the tenants by their names."""
    with time_machine.travel(dt.datetime(2026, 3, 10, 6, 1, tzinfo=dt.UTC), tick=False):
        wait_since(house.alpha, utcnow() - 6 * DAY)
        other = make_person(house.alpha, "99", "Muster", "Max")  # of another caseworker
        about = {
            "tenant_id": house.alpha,
            "connection_id": connection_of(house.alpha).id,
            "participant_id": other,
        }
        db.session.add(Registration(**about, released=True, announced=True, waiting_since=utcnow() - 6 * DAY))
        commit()
        held(house.alpha)
        connection_of(house.beta).quarantined_at = utcnow()
        commit()
        look()
        send_due()
        said = {
            str(mail["To"]).partition("@")[0]: str(mail.get_content())
            for mail in mail_server.mails
            if str(mail["Subject"]) == "Jobbrücke: Was heute ansteht"
        }
    late, brake, away = STEPS[2], "Eine Übertragung ist angehalten", "Ein Jobportal ist ausgesetzt"
    expected = {
        "caseworker": ("von Ihren Personen", "1 × in Klärung", {late}),
        "supervisor": ("Personen, die jemanden brauchen", "2 × in Klärung", {late, brake}),
        "administrator": ("Personen, die jemanden brauchen", "2 × in Klärung", {late, brake}),
        "support": (f"Alpha: {late}", f"Beta: {away}", {late, brake, away}),
    }
    assert {name for name in said if name != "colleague"} == set(
        expected
    )  # beta's supervisor has nothing to do
    for name, (first, second, titles) in expected.items():
        assert first in said[name] and second in said[name], name
        assert {title for title in (late, brake, away) if title in said[name]} == titles, name
        assert "Muster" not in said[name]
    assert "in Klärung" not in said.get("colleague", "")
