"""The whole system in processes of its own, with many tenants, and accidents that befall it."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import or_, select, text
from sqlalchemy.exc import SQLAlchemyError

from demo.child import session_members
from portal.core.database import EVERY_TENANT, commit, db, rollback, scope_to, utcnow
from portal.core.migrating import upgrade
from portal.core.refusal import Refusal
from portal.core.settings import Settings
from portal.deliveries.approval import approve
from portal.deliveries.reconciling import find_differences, settle
from portal.deliveries.transfer_requests import request_transfer
from portal.domain.deliveries import Delivery, DeliveryPerson
from portal.domain.delivery_states import DeliveryState, Inclusion
from portal.domain.imports import UNFINISHED, ImportMode, ImportRun
from portal.domain.participants import Participant
from portal.domain.releases import ProtocolEntry, Registration
from portal.imports.service import keep_export, start_import
from portal.releases.service import release, revoke
from portal.tenants.service import ask_for_test
from tests.faults.test_restored_backup import backup
from tests.imports.exports import zipped
from tests.soak.checker import NetworkDelivery, OwnDelivery, Tenant
from tests.soak.reader import Reader
from tests.support.bridge import CASEWORKER, SUPERVISOR, Bridge, build_bridge
from tests.support.database import settings_environment
from tests.support.running import free_port
from tests.support.sandbox import SandboxServer
from tests.support.services import RedisServer
from tests.support.workers import _PACES as PACES

PEOPLE = 6
WORDS = ("worker", "worker", "cron", "web")
_WITHDRAWN_ON = dt.date(2026, 1, 3)


class Plant:
    """Everything up, supervised as a service manager would: what dies is started again."""

    def __init__(
        self, settings: Settings, folder: Path, sandbox: SandboxServer, redis: RedisServer, tenants: int
    ) -> None:
        self.settings, self.folder, self.sandbox, self.redis = settings, folder, sandbox, redis
        upgrade()
        self.bridges = [self._tenant(f"t{number}") for number in range(1, tenants + 1)]
        self._port = free_port()
        self._sessions: set[int] = set()
        """One a process that was started; what it starts belongs to it as well, and after its death."""
        self.processes: list[subprocess.Popen[bytes]] = [self._start(word) for word in WORDS]
        self._ends: list[tuple[float, Callable[[], object]]] = []
        self.starts = self.imports = 0
        self.reader = Reader(f"http://127.0.0.1:{self._port}", self.bridges)

    def _tenant(self, slug: str) -> Bridge:
        bridge = build_bridge(self.sandbox, slug=slug)
        for number in range(1, PEOPLE + 1):
            bridge.person(f"{slug}-{number}")
        return bridge

    def _start(self, word: str) -> subprocess.Popen[bytes]:
        words = [word, "--port", str(self._port), "--workers", "1"] if word == "web" else [word]
        with (self.folder / f"{word}.log").open("ab") as log:
            process = subprocess.Popen(
                [str(Path(sys.executable).with_name("jobbruecke")), *words],
                env=settings_environment(self.settings) | PACES,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._sessions.add(process.pid)
        return process

    def supervise(self) -> None:
        """Start again what has died, and end what was to last for a while."""
        for place, word in enumerate(WORDS):
            if self.processes[place].poll() is not None:
                self.processes[place] = self._start(word)
                self.starts += 1
        now = time.monotonic()
        for at, end in [it for it in self._ends if it[0] <= now]:
            self._ends.remove((at, end))
            end()

    def calm(self) -> None:
        """Whatever lasts, ends now."""
        for _, end in self._ends:
            end()
        self._ends.clear()
        self.sandbox.behave()

    def stop(self) -> None:
        """Kill everything that this has started, jobs whose worker is dead too: they have the database open."""
        for process in self.processes:
            process.kill()
            process.wait(10)
        while left := session_members(self._sessions):
            for pid in left:
                _signal(pid, signal.SIGKILL)
            time.sleep(0.02)

    def start_again(self) -> None:
        """All processes, after `stop`."""
        self.processes = [self._start(word) for word in WORDS]

    @contextmanager
    def backup(self) -> Iterator[Callable[[], None]]:
        """A backup of the database as it is now; calling what is given brings it back. Processes stop meanwhile."""
        self.stop()
        with backup(self.folder) as bring_back:
            self.start_again()

            def restore() -> None:
                self.stop()
                bring_back()
                self.start_again()

            yield restore

    # --- accidents -------------------------------------------------------------------------------------------

    def befall(self, dice: random.Random) -> str:
        """Let one thing go wrong; its name."""
        kinds: dict[str, Callable[[random.Random], object]] = {
            "a worker's job is killed": self._kill_job,
            "a worker is killed, its job lives on": lambda d: self._kill(d.randrange(2), group=False),
            "a worker is killed with its job": lambda d: self._kill(d.randrange(2), group=True),
            "a worker is stopped past its lease": self._freeze,
            "cron is killed": lambda _: self._kill(2, group=True),
            "web is killed": lambda _: self._kill(3, group=True),
            "Redis is emptied": lambda _: (self.redis.thaw(), self.redis.flush()),  # it may hang just now
            "Redis is killed and comes back": lambda _: (self.redis.kill(), self.redis.start()),
            "Redis hangs": lambda _: (self.redis.freeze(), self._later(3, self.redis.thaw)),
            "the network misbehaves": self._misbehave,
            "the network is killed and comes back": lambda _: (self.sandbox.kill(), self.sandbox.start()),
        }
        if db.engine.dialect.name == "postgresql":
            kinds["connections to PostgreSQL are cut"] = lambda _: self._cut()
        kind = dice.choice(sorted(kinds))
        kinds[kind](dice)
        return kind

    def _later(self, seconds: float, action: Callable[[], object]) -> None:
        self._ends.append((time.monotonic() + seconds, action))

    def _kill_job(self, dice: random.Random) -> None:
        for child in _children(self.processes[dice.randrange(2)].pid):
            _signal(child, signal.SIGKILL)

    def _kill(self, place: int, *, group: bool) -> None:
        pid = self.processes[place].pid
        if group:
            for child in _children(pid):
                _signal(child, signal.SIGKILL)
        _signal(pid, signal.SIGKILL)

    def _freeze(self, dice: random.Random) -> None:
        pid = self.processes[dice.randrange(2)].pid
        frozen = [pid, *_children(pid)]
        for each in frozen:
            _signal(each, signal.SIGSTOP)
        self._later(5, lambda: [_signal(each, signal.SIGCONT) for each in frozen])

    def _misbehave(self, dice: random.Random) -> None:
        calls = ("openDelivery", "putPart", "commitDelivery", "readAcknowledgements")
        kind, more = dice.choice(
            [
                ("drop-before", {}),
                ("drop-after", {}),
                ("status", {"status": 503}),
                ("status", {"status": 429, "retry_after": 2}),
                ("garbage", {"body": "not-json"}),
                ("delay", {"seconds": 3}),
                ("cut", {}),
            ]
        )
        self.sandbox.misbehave(kind, dice.choice(calls), count=dice.randint(1, 6), **more)

    def _cut(self) -> None:
        with db.engine.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )

    # --- people ----------------------------------------------------------------------------------------------

    def act(self, dice: random.Random) -> None:
        """Let somebody of some tenant do something; what is refused, or hindered by an accident, is not done."""
        bridge = dice.choice(self.bridges)
        try:
            scope_to(bridge.tenant_id)
            self._decide(bridge, dice)
            commit()
        except (Refusal, SQLAlchemyError):
            rollback()
        finally:
            db.session.remove()

    def _decide(self, bridge: Bridge, dice: random.Random) -> None:
        slug = bridge.tenant.slug
        number = f"{slug}-{dice.randint(1, PEOPLE)}"
        what = dice.choice(
            (
                *("release", "release", "revoke", "transfer", "transfer", "one", "move", "consent", "hold"),
                "import",
            )
        )
        if what == "release":
            release(bridge.id(number), CASEWORKER, utcnow())
        elif what == "revoke":
            revoke(bridge.id(number), CASEWORKER, utcnow())
        elif what in ("transfer", "one"):
            chosen = [bridge.id(number)] if what == "one" else None
            request_transfer(bridge.tenant_id, CASEWORKER, utcnow(), chosen)
        elif what == "move":
            bridge.person(number, city=f"Ort {dice.randint(1, 99)}")
        elif what == "consent":
            bridge.person(number, consent_withdrawn_on=dice.choice([_WITHDRAWN_ON, None, None]))
        elif what == "import":
            missing = dice.choice([number, None, None])
            self._import(bridge, missing)
        else:
            held = db.session.scalar(select(Delivery).where(Delivery.state == DeliveryState.HELD).limit(1))
            if held is not None:
                approve(held.id, held.shown_digest or "", SUPERVISOR, utcnow())

    def _import(self, bridge: Bridge, missing: str | None) -> None:
        """A full export of the tenant as it is, sometimes without somebody, who comes back with the next."""
        columns = (
            "tn_id;nachname;vorname;ort;betreuer;auftrag_id;einverstaendnis_am;einverstaendnis_widerrufen_am"
        )
        lines = [
            f"{row.number};{row.last_name};{row.first_name};{row.city or ''};VM;A1;2026-01-02;"
            f"{row.consent_withdrawn_on or ''}"
            for row in db.session.scalars(select(Participant).order_by(Participant.id))
            if row.number != missing
        ]
        commit()  # copying comes before any transaction
        files = {
            "vermittler.csv": "vermittler_id;kuerzel;nachname;vorname\n7;VM;Vermittlerin;VM\n",
            "auftraege.csv": "auftrag_id;bezeichnung;zustaendig\nA1;Maßnahme;VM\n",
            "teilnehmer.csv": "\n".join([columns, *lines]) + "\n",
        }
        upload = keep_export(zipped(files))
        start_import(bridge.tenant, upload, ImportMode.FULL, CASEWORKER, utcnow())
        self.imports += 1

    def transfer_all(self) -> None:
        """Everybody presses "Jetzt übertragen", and has the connection tested where there is nothing to transfer."""
        for bridge in self.bridges:
            try:
                scope_to(bridge.tenant_id)
                request_transfer(bridge.tenant_id, CASEWORKER, utcnow())
                commit()
            except Refusal:
                rollback()
                scope_to(bridge.tenant_id)
                ask_for_test(bridge.connection, utcnow())
                commit()
            finally:
                db.session.remove()

    def settle_all(self) -> bool:
        """Settle what is to be reconciled and has been read; whether nothing is left to be found out or settled."""
        done = True
        for bridge in self.bridges:
            scope_to(bridge.tenant_id)
            differences = find_differences(bridge.connection)
            if differences is not None and not differences.reading:
                settle(differences.connection, differences.digest, SUPERVISOR, utcnow())
            done = done and (differences is None or not differences.reading)
            commit()
            db.session.remove()
        return done and self.is_quiet()

    # --- afterwards ------------------------------------------------------------------------------------------

    def is_quiet(self) -> bool:
        """Whether nothing is under way, and nobody waits to be withdrawn."""
        scope_to(EVERY_TENANT)
        busy = select(Delivery.id).where(
            or_(
                Delivery.state.in_(("planned", "built", "sending", "committed", "answering")),
                Delivery.next_step_at.is_not(None),
            )
        )
        importing = select(ImportRun.id).where(ImportRun.state.in_(UNFINISHED))
        urgent = select(Registration.id).where(
            Registration.urgent, Registration.announced, ~Registration.released
        )
        try:
            found = next(
                (it for query in (busy, importing, urgent) if (it := db.session.scalar(query.limit(1)))), None
            )
            commit()
        except SQLAlchemyError:
            rollback()
            return False
        finally:
            db.session.remove()
        return found is None

    def read(self, bridge: Bridge) -> Tenant:
        """Everything that the checker wants to know of a tenant."""
        scope_to(bridge.tenant_id)
        people = {row.id: row for row in db.session.scalars(select(Participant))}
        numbers = {row: person.number for row, person in people.items()}
        found = Tenant(bridge.tenant.slug, held=self.sandbox.applicants(bridge.provider))
        found.without_consent = {person.number for person in people.values() if person.consent_withdrawn_on}
        own = {
            row.id: OwnDelivery(row.sequence, row.state.value) for row in db.session.scalars(select(Delivery))
        }
        for row in db.session.scalars(select(DeliveryPerson)):
            delivery, number = own[row.delivery_id], numbers[row.participant_id]
            (delivery.named if row.part is Inclusion.NAMED else delivery.leaving).add(number)
            if row.outcome:
                delivery.outcomes[number] = row.outcome
        found.own = list(own.values())
        for registration in db.session.scalars(select(Registration)):
            found.statuses[numbers[registration.participant_id]] = registration.status.value
            if registration.announced:
                found.announced.add(numbers[registration.participant_id])
        found.reconciling = bridge.connection.reconcile_since is not None
        for entry in db.session.scalars(select(ProtocolEntry).where(ProtocolEntry.delivery_id.is_not(None))):
            found.protocol.append(
                (numbers[entry.participant_id], own[entry.delivery_id or 0].sequence, entry.event.value)
            )
        commit()
        db.session.remove()
        for it in self.sandbox.deliveries(bridge.provider):
            if it["state"] in ("committed", "complete"):
                name = it["delivery_id"]
                answers = self.sandbox.answers(bridge.provider, name)
                records = self.sandbox.records(bridge.provider, name)
                given = [answer for answer in answers if answer["subject"] == "participant"]
                found.network.append(NetworkDelivery(it["sequence"], it["mode"], records, given))
        return found


def _children(pid: int) -> list[int]:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return [int(it) for it in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
