"""No page asks the database more often because there is more to show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from portal.core.database import EVERY_TENANT, commit, db, scoped_to, utcnow
from portal.domain.accounts import Account, LoginSession, OneTimeLink, Role, SavedView
from portal.domain.audit import AuditEntry, AuditEvent
from portal.domain.bulk import BulkAction, BulkItem, BulkOutcome, BulkRun, BulkState
from portal.domain.deliveries import Attempt, Delivery, DeliveryMediator, DeliveryPerson, OddAnswer
from portal.domain.delivery_states import ChangeKind, DeliveryProblem, DeliveryState, Inclusion, Mode, Trigger
from portal.domain.imports import ImportMode, ImportRejection, ImportRun, ImportState
from portal.domain.notice_kinds import NoticeKind
from portal.domain.notices import Notice
from portal.domain.participants import Order, Participant
from portal.domain.releases import Event, MediatorRegistration, ProtocolEntry, Registration, Release
from portal.domain.rules.brake import Hold
from portal.domain.rules.preflight import Finding
from portal.domain.tenants import Connection, Heartbeat, Tenant
from portal.domain.tokens import ApiToken
from tests.support.all_pages import PAGES, PageOf
from tests.support.factories import House, make_account, make_mediator, make_person
from tests.support.pages import Browser
from tests.support.statements import statements as every_statement

SignedIn = Callable[[str], Browser]
FEW, MANY = 8, 60
"""Few is enough for one of every kind: a page that has nothing of one may ask less."""
STATES = {
    "people.list_page": ("", "group=cause", "sort=waiting", "action=1", "mine=1&number=1001", "caseworker=x"),
    "deliveries.show": ("", "after=1&attempts=9"),
}
"""What stands behind the question mark, beyond what every page is looked at with."""


class Town:
    """A house with so many of everything that pages show; what is added comes to what is there."""

    def __init__(self, house: House) -> None:
        self.house, self.built = house, 0
        self.rows: dict[str, int] = {"person": house.eva}

    def grow(self, number: int) -> None:
        with scoped_to(EVERY_TENANT):
            connection = db.session.query(Connection).filter_by(tenant_id=self.house.tenant_id).one()
            self.about = {"tenant_id": self.house.tenant_id, "connection_id": connection.id}
            if not self.built:
                self._once(connection)
            for place in range(self.built, number):
                self._add(place)
            commit()
        self.built = number

    def add(self, row: Any) -> int:
        db.session.add(row)
        db.session.flush()
        return int(row.id)

    def _once(self, connection: Connection) -> None:
        connection.reconcile_since = utcnow()
        mine = db.session.query(Account).filter_by(email="administrator@example.org").one()
        self.rows["account"] = self.account = mine.id
        self.rows["delivery"] = 1
        self.held = self._delivery(
            1, state=DeliveryState.HELD, brake={"holds": [hold.value for hold in Hold]}
        )
        self.rows["import_id"] = self.imported = self._import(ImportState.DONE)
        self.rows["bulk"] = self.run = self._run()

    def _delivery(self, sequence: int, **values: Any) -> int:
        given: dict[str, Any] = {"cause": Trigger.FOUND, "state": DeliveryState.COMPLETE, "counts": {}}
        return self.add(
            Delivery(
                **self.about,
                sequence=sequence,
                mode=Mode.FULL,
                started_by="SUP",
                idempotency_key=str(sequence),
                created_at=utcnow(),
                problem=DeliveryProblem.BRAKE,
                **(given | values),
            )
        )

    def _import(self, state: ImportState) -> int:
        return self.add(
            ImportRun(
                tenant_id=self.house.tenant_id,
                mode=ImportMode.FULL,
                door="file",
                started_by="SUP",
                state=state,
                created_at=utcnow(),
                finished_at=utcnow(),
            )
        )

    def _run(self) -> int:
        return self.add(
            BulkRun(
                tenant_id=self.house.tenant_id,
                action=BulkAction.RELEASE,
                state=BulkState.DONE,
                account_id=self.account,
                initials="SUP",
                created_at=utcnow(),
                started_at=utcnow(),
                finished_at=utcnow(),
            )
        )

    def _add(self, place: int) -> None:
        mediator = make_mediator(self.house.tenant_id, f"M-{place}", f"Vogel{place:03}", "Vera")
        person = self._person(place, mediator)
        self._around_deliveries(place, person, mediator)
        self._around_accounts(place, mediator)
        self._another_tenant(place)
        self._import(ImportState.DONE)
        self._run()
        tenant = {"tenant_id": self.house.tenant_id}
        code = f"code-{place}"
        self.add(
            BulkItem(
                **tenant, bulk_id=self.run, participant_id=person, outcome=BulkOutcome.REFUSED, code=code
            )
        )
        self.add(
            ImportRejection(
                **tenant, import_id=self.imported, file="a.csv", line=place, column="x", code="missing"
            )
        )
        subjects = {"participant": person, "account": self.account, "delivery": 1, "mediator": mediator}
        for subject, number in subjects.items():
            changes = {"account.mediator_id": [None, mediator], "account.role": [None, "caseworker"]}
            data = {"changes": changes, "token": place}
            self.add(
                AuditEntry(
                    **tenant,
                    at=utcnow(),
                    event=AuditEvent.ACCOUNT_CHANGED,
                    by="ADM",
                    subject=subject,
                    subject_id=number,
                    data=data,
                )
            )

    def _person(self, place: int, mediator: int) -> int:
        tenant = {"tenant_id": self.house.tenant_id}
        order = Order(
            **tenant, number=f"O-{place}", title=f"Maßnahme {place}", responsible=[], has_responsible=True
        )
        self.add(order)
        person = make_person(self.house.tenant_id, f"9{place:03}", f"Name{place:03}", "Ann", order=order)
        db.session.get_one(Participant, person).caseworker = f"K{place:03}"
        about = {**self.about, "participant_id": person}
        release = self.add(
            Release(**about, released_at=utcnow(), released_by="SUP", consent_lost_at=utcnow())
        )
        kinds: list[dict[str, Any]] = [
            {},
            {"archived": True, "archive_reason": "mediator-unknown"},
            {"mediator_id": None},
            {"waiting_since": utcnow()},
            {"released": False},
            {"clarification": "answer-missing"},
        ]
        values = {"mediator_id": mediator, "released": True, "announced": True} | kinds[place % len(kinds)]
        self.add(Registration(**about, release_id=release, **values))
        return person

    def _around_deliveries(self, place: int, person: int, mediator: int) -> None:
        tenant = {"tenant_id": self.house.tenant_id}
        other = self._delivery(place + 2, committed_at=utcnow(), completed_at=utcnow())
        for delivery in (self.held, other):
            row = {**tenant, "delivery_id": delivery}
            self.add(
                DeliveryPerson(
                    **row,
                    participant_id=person,
                    part=Inclusion.OMITTED,
                    novelty=ChangeKind.LEAVING,
                    explained=bool(place % 2),
                    findings=[Finding.NAME_MISSING.value],
                )
            )
            self.add(DeliveryMediator(**row, mediator_id=mediator))
            self.add(
                Attempt(
                    **row,
                    connection_id=self.about["connection_id"],
                    at=utcnow(),
                    call=f"putPart {place}",
                    duration_ms=1,
                )
            )
            self.add(
                OddAnswer(
                    **row,
                    kind="stranger",
                    subject="participant",
                    number=f"S{place}",
                    outcome="active",
                    at=utcnow(),
                )
            )
        self.add(
            MediatorRegistration(
                **self.about, mediator_id=mediator, known=False, answered_sequence=1, answered_at=utcnow()
            )
        )
        for data in ({"import": self.imported}, {}):
            self.add(
                ProtocolEntry(
                    **self.about,
                    participant_id=self.house.eva,
                    delivery_id=other,
                    at=utcnow(),
                    event=Event.SENT,
                    by="system",
                    data=data,
                )
            )

    def _around_accounts(self, place: int, mediator: int) -> None:
        tenant, now = {"tenant_id": self.house.tenant_id}, utcnow()
        make_account(f"somebody{place}", Role.CASEWORKER, self.house.tenant_id, f"S{place}")
        made = db.session.query(Account).filter_by(email=f"somebody{place}@example.org").one()
        made.mediator_id = mediator
        self.add(
            OneTimeLink(token_hash=bytes([place] * 32), account_id=made.id, created_at=now, expires_at=now)
        )
        for name in ("supervisor", "administrator"):
            own = db.session.query(Account).filter_by(email=f"{name}@example.org").one()
            key = f"{name}{place}".encode().ljust(32)
            self.add(LoginSession(token_hash=key, account_id=own.id, created_at=now, seen_at=now))
            self.add(
                SavedView(**tenant, account_id=own.id, name=f"Sicht {place}", query="left=1", created_at=now)
            )
        self.add(
            ApiToken(
                **tenant,
                name=f"Token {place}",
                token_hash=bytes([place, 1] * 16),
                hint="jobbruecke_",
                created_at=now,
                created_by="ADM",
                expires_at=now,
            )
        )
        self.add(
            Notice(
                **tenant,
                kind=NoticeKind.IMPORT_HELD,
                subject=f"import:{place}",
                level=1,
                notified_level=1,
                data={"import": place},
                opened_at=now,
            )
        )
        self.add(Heartbeat(name=f"worker:there:{place}", kind="worker", started_at=now, seen_at=now))

    def _another_tenant(self, place: int) -> None:
        """For what support sees: a tenant whose network fails, with a delivery and an import that are held."""
        now = utcnow()
        tenant = self.add(Tenant(slug=f"t{place}", name=f"T{place}", created_at=now))
        failing = {"failures": 9, "quarantined_at": now, "problem": "unavailable"}
        connection = self.add(Connection(tenant_id=tenant, network="jobnetzwerk", opened_at=now, **failing))
        about = {"tenant_id": tenant, "connection_id": connection}
        person = make_person(tenant, "1", "Fremd", "Fritz")
        self.add(Registration(**about, participant_id=person, waiting_since=now))
        self.add(
            Delivery(
                **about,
                sequence=1,
                mode=Mode.FULL,
                cause=Trigger.NOW,
                started_by="X",
                idempotency_key="x",
                created_at=now,
                state=DeliveryState.HELD,
            )
        )
        self.add(
            ImportRun(
                tenant_id=tenant,
                mode=ImportMode.FULL,
                door="file",
                started_by="X",
                state=ImportState.HELD,
                created_at=now,
            )
        )


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements of a block, but for signs of life, which come by the clock."""
    said: list[str] = []
    with every_statement() as found:
        yield said
    said += [it for it, _ in found if "seen_at" not in it.partition("WHERE")[0] or it.startswith("SELECT")]


def asked(browser: Browser, address: str) -> list[str]:
    """What a page asks, once it has been seen before: looks are noted the first time."""
    browser.get(address)
    with statements() as said:
        browser.get(address)
    return said


def addresses(page: PageOf, rows: dict[str, int]) -> Iterator[str]:
    path = page.address.format(**rows)
    for state in {*page.states, *STATES.get(page.endpoint, ())}:
        yield f"{path}?{state}" if state else path


LOOKED_AT = [page for page in PAGES if page.account and "{link}" not in page.address]


@pytest.fixture
def town(house: House) -> Town:
    return Town(house)


@pytest.mark.slow
def test_no_page_asks_more_for_more(signed_in: SignedIn, town: Town) -> None:
    """All pages at two sizes: pages that differ in one statement for each thing they show would differ by dozens."""
    browsers = {name: signed_in(name) for name in {page.account or "" for page in LOOKED_AT}}
    counted: dict[int, dict[str, list[str]]] = {}
    for number in (FEW, MANY):
        town.grow(number)
        counted[number] = {
            f"{page.account} {address}": asked(browsers[page.account or ""], address)
            for page in LOOKED_AT
            for address in addresses(page, town.rows)
        }
    more = {
        address: (len(counted[FEW][address]), len(said), said[-3:])
        for address, said in counted[MANY].items()
        if len(said) > len(counted[FEW][address])
    }
    assert more == {}


@pytest.mark.parametrize("number", [1, 60])
def test_the_list_asks_once_for_all_caseworkers(signed_in: SignedIn, house: House, number: int) -> None:
    with scoped_to(house.tenant_id):
        for place in range(number):
            person = make_person(house.tenant_id, f"9{place:03}", f"Name{place:03}", "Ann")
            db.session.get_one(Participant, person).caseworker = f"K{place:03}"
        commit()
    browser = signed_in("caseworker")
    said = asked(browser, "/participants")
    assert len([statement for statement in said if "RECURSIVE" in statement]) == 1
    options = list(browser.get("/participants").by_id("filter-caseworker").iter("option"))
    assert len(options) == number + 2, "all of them, and KK, and none"


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/participants", 7),
        ("/participants?status=online&phase=current&finding=email-missing", 8),
        ("/participants?q=&number=4711&sort=waiting", 8),
        ("/participants/{eva}", 9),
        ("/help", 3),
        ("/mediators", 7),
        ("/deliveries", 5),
    ],
)
def test_a_page_asks_no_more_than_it_must(signed_in: SignedIn, house: House, address: str, most: int) -> None:
    said = asked(signed_in("supervisor"), address.format(eva=house.eva))
    said = [statement for statement in said if statement != "BEGIN"]
    assert len(said) <= most, "\n".join(said)


def test_what_a_page_asks_at_once_is_asked_of_its_tenant_alone(signed_in: SignedIn, house: House) -> None:
    """Choices and the head of the page are parts of larger statements: the tenant's scope reaches into each of them."""
    with scoped_to(EVERY_TENANT):
        make_mediator(house.other_id, "FREMD-1", "Fremdling", "Frieda")
        order = Order(tenant_id=house.other_id, number="FREMD-2", title="Fremder Kurs")
        db.session.add(order)
        db.session.flush()
        person = make_person(house.other_id, "FREMD-3", "Fremdmann", "Franz", order=order)
        db.session.get_one(Participant, person).caseworker = "FREMD-4"
        mode, state = ImportMode.FULL, ImportState.HELD
        held = {"door": "file", "started_by": "SUP", "created_at": utcnow()}
        db.session.add(ImportRun(tenant_id=house.other_id, mode=mode, state=state, **held))
        db.session.add(
            Notice(
                tenant_id=house.other_id,
                kind=NoticeKind.DELIVERY_HELD,
                subject="delivery:1",
                level=1,
                notified_level=1,
                opened_at=utcnow(),
            )
        )
        commit()
    page = signed_in("supervisor").get("/participants")
    assert "fremd" not in page.text.lower()
    assert "ist angehalten" not in page.text
    assert not list(page.find_all("span", class_="count"))
    theirs = signed_in("stranger").get("/participants")
    assert "ist angehalten" in theirs.text
    assert list(theirs.find_all("span", class_="count"))
    assert len(list(theirs.by_id("filter-order").iter("option"))) == 2
