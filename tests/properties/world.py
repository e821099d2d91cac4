"""The real thing for the property test: services, worker's steps, database, queue, and a tapped sandbox.

One application serves all examples; each example has a copy of a database in which eight people are in Qualli.life
and nobody is released. The clock stands still unless it is moved.
"""

from __future__ import annotations

import copy
import datetime as dt
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import time_machine
from flask import Flask
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import create_engine, inspect, make_url, select, text

from portal.core.database import EVERY_TENANT, commit, db, rollback, scope_to, utcnow
from portal.core.queue import QUEUE, function_of
from portal.deliveries import attempts
from portal.deliveries import jobs as steps
from portal.deliveries.network_change import choose_network
from portal.domain.actors import Actor
from portal.domain.deliveries import Delivery, DeliveryPerson, OddAnswer
from portal.domain.erasures import ErasureRun
from portal.domain.imports import ImportMode, ImportRun, ImportState
from portal.domain.participants import Mediator, Participant
from portal.domain.releases import MediatorRegistration, Registration
from portal.domain.tenants import Connection, Tenant
from portal.imports import running as imports
from portal.imports.service import approve as let_import_go
from portal.imports.service import discard as discard_import
from portal.imports.service import keep_export, start_import
from portal.networks.registry import Network
from portal.privacy import jobs as erasing
from portal.releases.imported import people_changed
from portal.releases.queries import explain
from portal.tenants.context import load_tenant_context
from portal.tenants.service import create_tenant, set_licence, set_token
from tests.imports.exports import zipped
from tests.properties.model import BERLIN, Model, Person, Violation, demand
from tests.properties.wire import Opened, Tap, TappedSandbox
from tests.support.failpoints import armed
from tests.support.services import RedisServer
from worker import schedule

START = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
"""A Monday; no holiday comes for a month."""
LICENCE = dt.date(2020, 1, 1)
WITHDRAWN_ON = dt.date(2026, 3, 1)
PEOPLE = tuple(f"T{number}" for number in range(1, 9))
PASSES = 60
CASEWORKER, SUPERVISOR = Actor("SB"), Actor("LT")
SETTINGS: dict[str, object] = {"poll_seconds": 2, "poll_limit_seconds": 10}


class Crash(BaseException):
    """The process dies here: nothing after it is written."""


class Store:
    """The database as files or databases that can be copied."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"

    def save(self, name: str) -> None:
        """Keep a copy; nobody may be connected."""
        self._copy(self.url.database or "", self._place(name))

    def load(self, name: str) -> None:
        """Put a copy in the place of the database; nobody may be connected."""
        self._copy(self._place(name), self.url.database or "")

    def drop(self) -> None:
        """Remove the copies that PostgreSQL keeps; files go with their folder."""
        if not self.is_sqlite:
            for name in ("template", "backup", "present"):
                self._say(f'DROP DATABASE IF EXISTS "{self._place(name)}" WITH (FORCE)')

    def _place(self, name: str) -> str:
        return f"{self.url.database}-{name}"

    def _copy(self, source: str, target: str) -> None:
        if self.is_sqlite:
            for suffix in ("-wal", "-shm"):
                Path(target + suffix).unlink(missing_ok=True)
            shutil.copyfile(source, target)
            return
        self._say(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
        self._say(f'CREATE DATABASE "{target}" TEMPLATE "{source}" STRATEGY FILE_COPY')

    def _say(self, statement: str) -> None:
        engine = create_engine(
            self.url.set(database="postgres", username="postgres"), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


class World:
    """One example after the other; `begin` starts one, `end` ends it."""

    def __init__(self, app: Flask, sandbox: TappedSandbox, redis: RedisServer, url: str) -> None:
        self.app, self.sandbox, self.redis, self.store = app, sandbox, redis, Store(url)
        self.examples = 0
        self.is_yesterday = False
        """A backup is in the place of the database, and the network knows more."""
        with time_machine.travel(START - dt.timedelta(hours=1), tick=False):
            self.tenant_id = self._furnish()
        self._let_go_of_database()
        self.store.save("template")

    def _furnish(self) -> int:
        scope_to(EVERY_TENANT)
        tenant = create_tenant("alpha", "Alpha", utcnow())
        set_licence(tenant, LICENCE, None)
        choose_network(tenant, Network.JOBNETZWERK, SUPERVISOR, utcnow())
        commit()
        self.tenant_id = tenant.id
        self.model = Model(
            {number: Person(number, f"A{1 + place // 2}") for place, number in enumerate(PEOPLE)},
            {"V1": True, "V2": True},
        )
        self.import_(ImportMode.FULL, list(PEOPLE))
        return tenant.id

    # --- examples --------------------------------------------------------------------------------------------

    def begin(self) -> None:
        self.examples += 1
        self._travel = time_machine.travel(START, tick=False)
        self.clock = self._travel.start()
        self._let_go_of_database()
        self.store.load("template")
        self.redis.flush()
        self.model = Model(
            {number: Person(number, f"A{1 + place // 2}") for place, number in enumerate(PEOPLE)},
            {"V1": True, "V2": True},
        )
        self.sandbox.tap = self.tap = Tap(on_commit=self._on_commit)
        self.provider = f"{self.store.url.get_backend_name()}-{self.examples}-{self.sandbox.port}"
        token = self.sandbox.create_provider("jobnetzwerk", self.provider)
        self.backup: tuple[Model, int] | None = None
        self.wrong: list[str] = []
        scope_to(EVERY_TENANT)
        set_token(db.session.scalars(select(Connection)).one(), token)
        db.session.get_one(Connection, 1).probe_at = None
        commit()
        scope_to(self.tenant_id)

    def end(self) -> None:
        rollback()
        db.session.remove()
        self.sandbox.behave()
        self._travel.stop()

    def _let_go_of_database(self) -> None:
        db.session.remove()
        db.engine.dispose()
        scope_to(self.tenant_id)

    # --- time, and a worker's life ---------------------------------------------------------------------------

    @property
    def today(self) -> dt.date:
        return utcnow().astimezone(BERLIN).date()

    def work(self, crash: int = 0, since: str = "") -> None:
        """Tick and run what is in the queue until nothing is due; or die at the failpoint of this number.

        Failpoints are counted from the first whose name begins with `since`.
        """
        for _ in range(PASSES):
            schedule.tick()
            jobs = self._take_jobs()
            if not jobs:
                scope_to(self.tenant_id)
                return
            for job, row in jobs:
                died = self._run(job, row, crash, since)
                crash = 0
                if died:
                    scope_to(self.tenant_id)
                    return
        raise Violation("there is always something due")

    def sweep(self) -> None:
        """What cron does every half minute; consent that has expired by date ends releases now."""
        schedule.sweep()
        if self._connection().state == "open":
            self.model.follow_qualli(PEOPLE, self.today)
        scope_to(self.tenant_id)

    def settle(self) -> None:
        """Let 90 seconds pass without any fault."""
        self.tap.faults.clear()
        self.tap.on_the_way.clear()
        for _ in range(3):
            self.clock.shift(30)
            self.sweep()
            self.work()

    def _take_jobs(self) -> list[tuple[str, int]]:
        with self.redis.client() as client:
            jobs = Queue(QUEUE, connection=client, serializer=JSONSerializer).jobs
            client.flushall()
        return [(job.func_name, *job.args) for job in jobs]

    def _run(self, job: str, row: int, crash: int, since: str) -> bool:
        """Run a job as a worker does; whether it died. Then see what has come of it."""
        jobs: dict[str, Callable[[int], None]] = {
            function_of(Delivery): steps.run_delivery,
            function_of(ImportRun): imports.run_import,
            function_of(Connection): attempts.probe,
            function_of(ErasureRun): erasing.run_erasure,
        }
        with _dying(crash, since) as death:
            jobs[job](row)
        rollback()
        db.session.remove()
        scope_to(self.tenant_id)
        self.observe()
        return death.came

    def overtake(self, call: str) -> None:
        """While the next such call is on its way, its worker sleeps past its lease, and another one takes over."""

        def overtaking() -> None:
            with self.app.app_context():
                self.clock.shift(120)
                scope_to(EVERY_TENANT)
                try:
                    for delivery_id in db.session.scalars(
                        select(Delivery.id).where(Delivery.lease_until < utcnow())
                    ).all():
                        commit()
                        steps.run_delivery(delivery_id)
                finally:
                    rollback()
                    db.session.remove()

        def in_a_thread() -> None:
            other = threading.Thread(target=overtaking)
            other.start()
            other.join(60)

        self.tap.on_the_way[call] = in_a_thread

    # --- Qualli.life -----------------------------------------------------------------------------------------

    def import_(self, mode: ImportMode, numbers: list[str], crash: int = 0, keep: bool = True) -> None:
        """Import these people as the model has them; dead in the middle, it is taken up again."""
        scope_to(EVERY_TENANT)
        upload = keep_export(zipped(self._export(numbers)))
        run = start_import(db.session.get_one(Tenant, self.tenant_id), upload, mode, Actor("SB"), utcnow())
        commit()
        run_id = run.id
        self._run_import(run_id, crash)
        scope_to(EVERY_TENANT)
        run = db.session.get_one(ImportRun, run_id, populate_existing=True)
        listed = self.model.listed()
        gone = [number for number in listed if number not in numbers] if mode is ImportMode.FULL else []
        held = run.state is ImportState.HELD
        demand(held == (len(gone) * 2 > len(listed)), f"an import of {len(numbers)} is {run.state.value}")
        if held and not keep:
            discard_import(run, SUPERVISOR, utcnow())
        elif held:
            let_import_go(run, SUPERVISOR)
        commit()
        self._run_import(run_id, 0)
        scope_to(self.tenant_id)
        if held and not keep:
            raise Discarded
        for number in gone:
            self.model.people[number].listed = False
        for number in numbers:
            self.model.people[number].listed = True

    def write_people(self, numbers: list[str]) -> None:
        """What an import writes of these people, in one transaction, with what follows from it."""
        ids = []
        for row in db.session.scalars(select(Participant).where(Participant.number.in_(numbers))):
            person = self.model.people[row.number]
            row.city, row.consent_until = f"Ort {person.city}", person.until
            row.consent_withdrawn_on = WITHDRAWN_ON if person.withdrawn else None
            row.left_at = None if person.listed else row.left_at or utcnow()
            ids.append(row.id)
        db.session.flush()
        people_changed(self.tenant_id, ids, utcnow())
        commit()

    def _run_import(self, run_id: int, crash: int) -> None:
        with _dying(crash):
            imports.run_import(run_id)
        rollback()
        db.session.remove()
        if crash:
            self.clock.shift(61)
            imports.run_import(run_id)

    def _export(self, numbers: list[str]) -> dict[str, str]:
        columns = "tn_id;nachname;vorname;ort;betreuer;auftrag_id;einverstaendnis_am;einverstaendnis_bis"
        lines = [f"{columns};einverstaendnis_widerrufen_am"]
        for number in numbers:
            person = self.model.people[number]
            until = person.until.isoformat() if person.until else ""
            withdrawn = WITHDRAWN_ON.isoformat() if person.withdrawn else ""
            known = f"{number};Muster{number};Erika;Ort {person.city};VM;{person.order};2026-01-02"
            lines.append(f"{known};{until};{withdrawn}")
        active = {True: "ja", False: "nein"}
        mediators = [
            f"{number};{initials};Vermittler;{initials};{active[self.model.mediators[number]]}"
            for number, initials in (("V1", "VM"), ("V2", "KK"))
        ]
        orders = [f"A{number};Maßnahme;VM" for number in range(1, 5)]
        return {
            "vermittler.csv": "\n".join(["vermittler_id;kuerzel;nachname;vorname;aktiv", *mediators]) + "\n",
            "auftraege.csv": "\n".join(["auftrag_id;bezeichnung;zustaendig", *orders]) + "\n",
            "teilnehmer.csv": "\n".join(lines) + "\n",
        }

    # --- backup ----------------------------------------------------------------------------------------------

    def back_up(self) -> None:
        self._let_go_of_database()
        self.store.save("backup")
        self.backup = (copy.deepcopy(self.model), self._connection().attempted_sequence)

    @contextmanager
    def yesterday(self) -> Iterator[int]:
        """Yesterday's backup instead of the database, for as long as nobody has noticed; its last attempted number."""
        assert self.backup is not None
        present = self.model
        self._let_go_of_database()
        self.store.save("present")
        self.store.load("backup")
        self.model = copy.deepcopy(self.backup[0])
        self.is_yesterday = True
        try:
            yield self.backup[1]
        finally:
            self.is_yesterday = False
        self._let_go_of_database()
        self.store.load("present")
        self.model = present

    def found_withdrawn(self) -> set[str]:
        """Whom the newest delivery that only the network knew, and whose answers were read, has withdrawn."""
        newest: dict[str, bool] = {}
        found = [it for it in self.deliveries() if it["cause"] == "found"]
        for delivery in sorted(found, key=lambda it: int(it["sequence"])):
            read = delivery["state"] == "complete"
            for answer in self._answers(delivery["remote_id"]):
                if answer["subject"] == "participant" and answer["fate"] == "given":
                    newest[answer["id"]] = read and answer.get("reason") == "withdrawn"
        return {number for number, withdrawn in newest.items() if withdrawn}

    def is_released(self, number: str) -> bool:
        released = db.session.scalar(
            select(Registration.released).where(Registration.participant_id == self.id(number))
        )
        commit()
        return bool(released)

    def restore(self) -> None:
        """Go on with the backup, where the network knows nothing that it does not."""
        assert self.backup is not None
        self._let_go_of_database()
        self.store.load("backup")
        self.model = copy.deepcopy(self.backup[0])

    # --- what has come of it ---------------------------------------------------------------------------------

    def id(self, number: str) -> int:
        return db.session.scalars(select(Participant.id).where(Participant.number == number)).one()

    def mediator_id(self, number: str) -> int:
        return db.session.scalars(select(Mediator.id).where(Mediator.number == number)).one()

    def _connection(self) -> Connection:
        found = db.session.scalars(select(Connection).execution_options(populate_existing=True)).one()
        commit()
        return found

    def _on_commit(self, delivery: Opened) -> None:
        try:
            self.model.network_takes_in(delivery, self.today)
        except Violation as violation:
            self.wrong.append(str(violation))

    def deliveries(self) -> list[dict[str, Any]]:
        """All deliveries with their people by number, oldest first, as the database has them."""
        rows = db.session.scalars(
            select(Delivery).order_by(Delivery.id).execution_options(populate_existing=True)
        )
        numbers = dict(db.session.execute(select(Participant.id, Participant.number)).all())
        found = [_values(row) | {"rows": {}, "odd": []} for row in rows]
        by_id = {delivery["id"]: delivery for delivery in found}
        for row in db.session.scalars(select(DeliveryPerson).execution_options(populate_existing=True)):
            by_id[row.delivery_id]["rows"][numbers[row.participant_id]] = _values(row)
        for odd in db.session.scalars(select(OddAnswer).where(OddAnswer.kind == "contradictory")):
            if odd.subject == "participant":
                by_id[odd.delivery_id]["odd"].append(odd.number)
        for delivery in found:
            if delivery["selection"] is not None:
                delivery["selection"] = [numbers[chosen] for chosen in delivery["selection"]]
        commit()
        return found

    def observe(self) -> list[dict[str, Any]]:
        """Let the model follow what has happened, and compare what everybody sees.

        Nobody told the model what happened since a backup: of yesterday's database it says nothing.
        """
        found = self.deliveries()
        if self.is_yesterday:
            return found
        for delivery in found:
            rows = delivery["rows"]
            if delivery["state"] != "discarded":
                self.model.see_built(delivery, rows, utcnow())
            self.model.see_committed(delivery, self.tap.committed.get(delivery["sequence"]))
            news = any(
                row["outcome"] and (delivery["id"], n) not in self.model.answers for n, row in rows.items()
            )
            done = delivery["state"] == "complete" and delivery["id"] not in self.model.complete
            if news or done:
                self.model.see_answers(delivery, rows, self._answers(delivery["remote_id"]))
            self.model.see_odd(delivery, delivery["odd"])
        wrong = [*self.wrong, *self.tap.wrong]
        demand(not wrong, "; ".join(wrong))
        self._compare_registrations()
        return found

    def _answers(self, remote_id: str) -> list[dict[str, Any]]:
        return self.sandbox.answers(self.provider, remote_id)

    def _compare_registrations(self) -> None:
        query = select(Participant.number, Registration).join(
            Registration, Registration.participant_id == Participant.id
        )
        for number, registration in db.session.execute(query.execution_options(populate_existing=True)):
            person = self.model.people[number]
            self._accept_expiry(person, registration.released)
            demand(
                registration.status == person.status,
                f"{number} is {registration.status} instead of {person.status}",
            )
            demand(registration.released == person.released, f"{number}: released is {registration.released}")
            demand(registration.announced == person.announced, f"{number}: told is {registration.announced}")
        commit()

    def _accept_expiry(self, person: Person, released: bool) -> None:
        """Whoever's consent expires by date loses the release with whatever looks next."""
        if person.released and not released and person.has_lost_consent(self.today):
            self.model.follow_qualli([person.number], self.today)

    def compare_pages(self, found: list[dict[str, Any]]) -> None:
        """What each participant's page says, against what the model knows."""
        under_way = next((it for it in found if it["state"] in ("planned", "built", "held", "sending")), None)
        context, known = load_tenant_context(self.tenant_id, utcnow()), self._known_mediators()
        for number, person in self.model.people.items():
            if not person.listed and not person.concerned and not person.released and person.ended is None:
                continue  # nobody sees her any more
            said = explain(context, self.id(number)).phase.value
            expected = self.model.phase(person, _transit(under_way, person), utcnow(), known)
            if expected == "current" and said == "scheduled":
                continue  # told all there is; released anew since
            demand(said == expected, f"the page says {said} of {number} instead of {expected}")
        commit()

    def _known_mediators(self) -> dict[str, tuple[bool, int]]:
        rows = db.session.execute(
            select(Mediator.number, MediatorRegistration.known, MediatorRegistration.answered_sequence).join(
                MediatorRegistration, MediatorRegistration.mediator_id == Mediator.id
            )
        )
        return {number: (known, sequence) for number, known, sequence in rows}


class Discarded(Exception):
    """A held import was discarded."""


def _transit(delivery: dict[str, Any] | None, person: Person) -> str | None:
    if delivery is None:
        return None
    if delivery["state"] != "planned":
        concerned = person.number in delivery["rows"]
    elif delivery["selection"] is not None:
        concerned = person.number in delivery["selection"]
    else:
        concerned = person.released or person.announced
    if not concerned:
        return None
    if delivery["state"] == "held":
        return "held"
    return "unknown" if delivery["outcome_unknown"] else "under-way"


def _values(row: Any) -> dict[str, Any]:
    names = (column.key for column in inspect(type(row)).column_attrs)
    return {name: getattr(row, name) for name in names if name != "content_encrypted"}


@dataclass
class Death:
    came: bool = False


@contextmanager
def _dying(number: int, since: str = "") -> Iterator[Death]:
    """Die at the failpoint of this number; 0: live. The dead reach no further one."""
    death, reached = Death(), 0

    def come_to(point: str) -> None:
        nonlocal reached
        if reached or point.startswith(since):
            reached += 1
        if death.came or reached == number:
            death.came = True
            raise Crash

    try:
        with armed(come_to):
            yield death
    except BaseException:
        if not death.came:  # whatever else the dying say is of no account
            raise
