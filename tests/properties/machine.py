"""The state machine: what people, Qualli.life, the network, the clock and accidents do, in any order.

Rules are grouped in classes; `machine` puts a state machine together of the groups that are wanted.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RULE_MARKER, RuleBasedStateMachine, initialize, invariant, precondition, rule

from portal.audit.verifying import verify
from portal.core.database import EVERY_TENANT, commit, db, rollback, scope_to, utcnow
from portal.core.refusal import Refusal
from portal.deliveries import approval
from portal.deliveries.approval import discard
from portal.deliveries.transfer_requests import request_transfer
from portal.domain.actors import Actor
from portal.domain.imports import ImportMode
from portal.domain.releases import Event, ProtocolEntry
from portal.domain.tenants import Tenant
from portal.releases.drift import find_drift
from portal.releases.service import choose_mediator, release, revoke
from portal.tenants.service import set_licence
from tests.properties.model import AWAITING, UNDER_WAY, Person, demand
from tests.properties.wire import Fault
from tests.properties.world import CASEWORKER, LICENCE, PEOPLE, SUPERVISOR, Discarded, World

somebody = st.sampled_from(PEOPLE)
mediators = st.sampled_from(["V1", "V2"])
crashes = st.just(0) | st.integers(1, 24)
some = st.sets(somebody, min_size=1, max_size=4).map(sorted)
calls = st.sampled_from(["readAccount", "openDelivery", "putPart", "commitDelivery", "readAcknowledgements"])
kept_calls = st.sampled_from(["openDelivery", "putPart", "commitDelivery", "readAcknowledgements"])
_ONCE = frozenset(
    {
        Event.SENT,
        Event.SENT_WITHDRAWAL,
        Event.ANSWERED_ACTIVE,
        Event.ANSWERED_ARCHIVED,
        Event.ANSWERED_REJECTED,
    }
)
_ANSWERS = (
    *("answers-held", "answers-doubled", "answers-contradictory", "answers-reordered", "answers-foreign"),
    "answers-complete-early",
)


class Base(RuleBasedStateMachine):
    """Begins with some people online, ends with everything settled and compared."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.world.begin()

    @initialize(numbers=st.sets(somebody, min_size=2).map(sorted))
    def begin_with_people_online(self, numbers: list[str]) -> None:
        self.before_all(self.world)
        for number in self.online or numbers:
            self._release(number)
        self._plan(None)
        self.world.work()

    online: ClassVar[tuple[str, ...]] = ()
    """Who is delivered in the beginning; empty: whoever chance wants."""

    @staticmethod
    def before_all(world: World) -> None:
        """What the network does from the beginning; nothing."""

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:  # the story has gone well so far
                self.settle_and_compare()
        finally:
            self.world.end()

    # --- what the rules have in common ------------------------------------------------------------------------

    def _say(self, number: str, action: Any, expected: str | None) -> None:
        """Do what somebody decides; it is refused if and only if the model says so."""
        try:
            action()
            commit()
        except Refusal as refusal:
            rollback()
            demand(refusal.code == expected, f"{number}: refused as {refusal.code} instead of {expected}")
        else:
            demand(expected is None, f"{number}: should be refused as {expected}")

    def _release(self, number: str) -> None:
        expected = self.world.model.release(number, self.world.today)
        self._say(number, lambda: release(self.world.id(number), CASEWORKER, utcnow()), expected)

    def _revoke(self, number: str) -> None:
        expected = self.world.model.revoke(number)
        self._say(number, lambda: revoke(self.world.id(number), CASEWORKER, utcnow()), expected)

    def _plan(self, numbers: list[str] | None, by: Actor = CASEWORKER) -> str | None:
        """Press "Jetzt übertragen"; the code of a refusal."""
        chosen = [self.world.id(number) for number in numbers] if numbers else None
        try:
            request_transfer(self.world.tenant_id, by, utcnow(), chosen)
            commit()
        except Refusal as refusal:
            rollback()
            return refusal.code
        return None

    def _person(self, number: str) -> Person:
        return self.world.model.people[number]

    def _bring(
        self,
        mode: ImportMode,
        numbers: list[str],
        crash: int = 0,
        keep: bool = True,
        active: bool | None = None,
    ) -> None:
        mediators = self.world.model.mediators
        before = mediators["V2"]
        mediators["V2"] = before if active is None else active
        try:
            self.world.import_(mode, numbers, crash, keep)
        except Discarded:
            mediators["V2"] = before
            return
        self.world.model.follow_qualli(PEOPLE, self.world.today)
        self.world.observe()

    def look(self) -> None:
        """What everybody sees now is what the model knows."""
        self.world.compare_pages(self.world.observe())

    # --- the promise ------------------------------------------------------------------------------------------

    def settle_and_compare(self) -> None:
        """Once faults have stopped and 90 seconds have passed, everything is finished, or waits for what can come."""
        world = self.world
        world.settle()
        found = world.observe()
        waiting_for_person = any(it["problem"] == "reconcile" for it in found)
        for delivery in found:
            what = f"delivery {delivery['sequence']} is still {delivery['state']} ({delivery['problem']})"
            demand(delivery["state"] not in UNDER_WAY, what)
            if delivery["state"] in AWAITING:
                answers = world.sandbox.answers(world.provider, delivery["remote_id"])
                demand(
                    any(answer["fate"] != "given" for answer in answers), f"{what}, with all answers given"
                )
        for person in world.model.people.values():
            urgent = person.announced and not person.released and person.has_lost_consent(world.today)
            demand(
                not urgent or waiting_for_person, f"{person.number} has no consent, and the network holds her"
            )
        self._compare_network(found)
        self._check_protocol()
        world.compare_pages(found)

    def _compare_network(self, found: list[dict[str, Any]]) -> None:
        """The network holds what the committed deliveries say, in their order, less what it rejected."""
        world = self.world
        counted = {it["sequence"]: it for it in found if it["committed_at"] is not None}
        demand(set(counted) == set(world.tap.committed), f"{sorted(counted)} count here, there others")
        held = world.sandbox.applicants(world.provider)
        rejected = {
            (it["sequence"], number)
            for it in counted.values()
            for number in it["rows"]
            if any(
                a["id"] == number and a["outcome"] == "rejected"
                for a in world.sandbox.answers(world.provider, it["remote_id"])
            )
        }
        expected: dict[str, Any] = {}
        for sequence, opened in sorted(world.tap.committed.items()):
            named = {r["participant_id"]: r for r in opened.records if r["type"] == "participant"}
            gone = {r["participant_id"] for r in opened.records if r["type"] == "withdrawal"}
            gone |= set(expected) - set(named) if opened.mode == "full" else set()
            expected |= dict.fromkeys(gone & set(expected))
            expected |= {n: record for n, record in named.items() if (sequence, n) not in rejected}
        for number, record in expected.items():
            there = held[number]
            gone = (there["state"], there["reason"]) == ("archived", "withdrawn")
            demand(gone == (record is None), f"the network holds {number} as {there['state']}")
            demand(
                record is None or there["record"] == record, f"the network holds another record of {number}"
            )
        demand(set(held) == set(expected), "the network holds others than were delivered")

    @invariant()
    def stored_states_are_what_the_rules_say(self) -> None:
        rollback()
        scope_to(self.world.tenant_id)
        drift = find_drift(self.world.tenant_id, utcnow())
        commit()
        demand(not drift, f"stored otherwise than the rules say: {drift}")

    def _check_protocol(self) -> None:
        scope_to(EVERY_TENANT)
        seen: set[Any] = set()
        bar: dict[int, Event] = {}
        for entry in db.session.query(ProtocolEntry).order_by(ProtocolEntry.id):
            if entry.event in (Event.RELEASED, Event.REVOKED):
                demand(bar.get(entry.participant_id) is not entry.event, "the bar turns twice the same way")
                bar[entry.participant_id] = entry.event
            if entry.event in _ONCE:
                group = "answer" if entry.event.value.startswith("answered") else "sent"
                key = (entry.participant_id, entry.delivery_id, group)
                demand(key not in seen, f"the protocol says {entry.event.value} twice of one delivery")
                seen.add(key)
        finding = verify().finding
        commit()
        scope_to(self.world.tenant_id)
        demand(finding is None, f"the chain does not fit: {finding}")


class Decisions(Base):
    """Release, revoke, choose a mediator."""

    @rule(numbers=some)
    def release(self, numbers: list[str]) -> None:
        for number in numbers:
            self._release(number)

    @rule(numbers=some)
    def revoke(self, numbers: list[str]) -> None:
        for number in numbers:
            self._revoke(number)

    @rule(number=somebody, mediator=mediators)
    def choose_mediator(self, number: str, mediator: str) -> None:
        model = self.world.model
        expected = None if model.mediators[mediator] else "mediator-inactive"
        if expected is None:
            model.people[number].mediator = mediator
        chosen = self.world.mediator_id(mediator)
        self._say(
            number, lambda: choose_mediator(self.world.id(number), chosen, CASEWORKER, utcnow()), expected
        )


class Imports(Base):
    """What Qualli.life exports: people change, vanish and come back; an import that is killed is taken up again."""

    @rule(numbers=some, crash=crashes)
    def a_delta_is_imported(self, numbers: list[str], crash: int) -> None:
        numbers = [number for number in numbers if self._person(number).listed]
        for number in numbers:
            self._person(number).city += 1
        if numbers:
            self._bring(ImportMode.DELTA, numbers, crash)

    @rule(
        missing=st.sets(somebody, max_size=5).map(sorted),
        crash=crashes,
        keep=st.booleans(),
        active=st.booleans(),
    )
    def all_is_imported(self, missing: list[str], crash: int, keep: bool, active: bool) -> None:
        left = [number for number in PEOPLE if number not in missing]
        self._bring(ImportMode.FULL, left, crash, keep, active)


class Changes(Base):
    """What an import changes of one person, without the way through the files: vanishing, moving, consent."""

    @rule(numbers=some)
    def some_vanish(self, numbers: list[str]) -> None:
        self._change(numbers, listed=False)

    @rule(numbers=some)
    def some_come_back(self, numbers: list[str]) -> None:
        self._change(numbers, listed=True)

    @rule(numbers=some)
    def some_move(self, numbers: list[str]) -> None:
        for number in numbers:
            self._change([number], city=self._person(number).city + 1)

    @rule(number=somebody)
    def consent_is_withdrawn(self, number: str) -> None:
        self._change([number], withdrawn=True)

    @rule(number=somebody, days=st.none() | st.integers(-1, 1))
    def consent_is_given(self, number: str, days: int | None) -> None:
        until = None if days is None else self.world.today + dt.timedelta(days=days)
        self._change([number], withdrawn=False, until=until)

    def _change(self, numbers: list[str], **values: Any) -> None:
        for number in numbers:
            for name, value in values.items():
                setattr(self._person(number), name, value)
        self.world.write_people(numbers)
        self.world.model.follow_qualli(numbers, self.world.today)


class Transfers(Base):
    """Transfers of all or some, worked on until they are done, or until the worker dies at some failpoint."""

    @rule(numbers=st.none() | some, crash=st.just(0) | st.integers(1, 60))
    def transfer(self, numbers: list[str] | None, crash: int) -> None:
        self._plan(numbers)
        self.world.work(crash)
        self.look()

    @rule(numbers=st.none() | some)
    def plan_only(self, numbers: list[str] | None) -> None:
        self._plan(numbers)

    @rule()
    def cron_sweeps(self) -> None:
        self.world.sweep()
        self.world.work()
        self.look()


class Accidents(Base):
    """Connections break, workers sleep past their lease, Redis forgets; then faults stop for 90 seconds."""

    @rule(call=calls, fault=st.sampled_from(Fault))
    def a_call_goes_wrong(self, call: str, fault: Fault) -> None:
        self.world.tap.faults[call] = fault

    @rule(call=kept_calls)
    def a_worker_oversleeps(self, call: str) -> None:
        self.world.overtake(call)

    @rule()
    def redis_forgets(self) -> None:
        self.world.redis.flush()

    @rule()
    def faults_stop(self) -> None:
        self.settle_and_compare()


class Answers(Base):
    """Answers late, twice, reordered, contradicting; people rejected; mediators whom the network does not know."""

    @rule(kind=st.sampled_from(_ANSWERS), numbers=some)
    def answers_go_astray(self, kind: str, numbers: list[str]) -> None:
        more = {
            "answers-foreign": {"ids": ["T1", "T9"]},
            "answers-complete-early": {"participants": numbers},
        }.get(kind, {})
        self.world.sandbox.misbehave(kind, provider_id=self.world.provider, count=1, **more)

    @rule()
    def late_answers_come(self) -> None:
        self.world.sandbox.behave()
        self.world.clock.shift(10)
        self.world.work()
        self.look()

    @rule(number=somebody, rejects=st.booleans())
    def the_network_rejects(self, number: str, rejects: bool) -> None:
        outcome = ("rejected", "invalid-data", "Unfug") if rejects else (None,)
        self.world.sandbox.force(self.world.provider, number, *outcome)

    @rule(mediator=mediators, known=st.booleans())
    def the_network_learns_of_a_mediator(self, mediator: str, known: bool) -> None:
        self.world.sandbox.set_mediator(self.world.provider, mediator, known)


class Clock(Base):
    """Time goes on; nights come."""

    @rule(seconds=st.sampled_from([5, 31, 61, 600]))
    def time_goes_on(self, seconds: int) -> None:
        self.world.clock.shift(seconds)

    @rule(hours=st.sampled_from([14, 24]))
    def a_night_passes(self, hours: int) -> None:
        self.world.clock.shift(dt.timedelta(hours=hours))
        self.world.sweep()
        self.world.work()
        self.look()


class Holds(Base):
    """The removal brake has held one: it is let go, or discarded, by whom it may."""

    @rule(by=st.sampled_from([SUPERVISOR, CASEWORKER]), honest=st.sampled_from([True, True, False]))
    def it_is_approved(self, by: Actor, honest: bool) -> None:
        held = self._held()
        if held is None:
            return
        same = "same-person" if by.initials == held["started_by"] else None
        expected = same or (None if honest else "changed-since-shown")
        shown = held["shown_digest"] if honest else "what was shown yesterday"
        self._say("hold", lambda: approval.approve(held["id"], shown, by, utcnow()), expected)
        self.world.work()

    @rule(by=st.sampled_from([SUPERVISOR, CASEWORKER]))
    def it_is_discarded(self, by: Actor) -> None:
        held = self._held()
        if held is not None:
            expected = "same-person" if by.initials == held["started_by"] else None
            self._say("hold", lambda: discard(held["id"], by, utcnow()), expected)

    def _held(self) -> dict[str, Any] | None:
        found = self.world.deliveries()
        return next((it for it in found if it["state"] == "held" and it["problem"] != "reconcile"), None)


class Licence(Base):
    """The licence ends, and is renewed."""

    @rule(licensed=st.booleans())
    def the_licence_changes(self, licensed: bool) -> None:
        self.world.model.licensed = licensed
        until = None if licensed else self.world.today - dt.timedelta(days=1)
        set_licence(db.session.get_one(Tenant, self.world.tenant_id), LICENCE, until)
        commit()


class Backups(Base):
    """Yesterday's backup: harmless where the network knows no more, and held where it does."""

    @rule()
    def a_backup_is_made(self) -> None:
        self.world.back_up()

    @precondition(lambda self: self.world.backup is not None)
    @rule()
    def the_backup_is_restored(self) -> None:
        self._restore()

    @rule(number=somebody, withdrawn=st.booleans())
    def a_backup_misses_a_decision(self, number: str, withdrawn: bool) -> None:
        """Made before somebody was revoked, or withdrew her consent, and the network was told so."""
        world = self.world
        world.back_up()
        if withdrawn:
            self._person(number).withdrawn = True
            world.write_people([number])
            world.model.follow_qualli([number], world.today)
        else:
            self._revoke(number)
        self._plan(None)
        for _ in range(3):
            world.clock.shift(31)
            world.sweep()
            world.work()
        self._restore()

    def _restore(self) -> None:
        world = self.world
        assert world.backup is not None
        known = max(world.tap.committed, default=0)
        if known <= world.backup[1]:
            world.restore()
            world.observe()
            return
        with world.yesterday() as attempted:
            self._nothing_goes_out(attempted)

    def _nothing_goes_out(self, attempted: int) -> None:
        """Nothing is sent, and whom the network has withdrawn since then does not come back to life."""
        world = self.world
        before = dict(world.tap.committed)
        world.tap.faults.clear()
        world.sandbox.behave()
        self._plan(None)
        for _ in range(4):
            world.clock.shift(31)
            world.sweep()
            world.work()
        demand(world.tap.committed == before, f"after {attempted} something goes out unreconciled")
        for number in world.found_withdrawn():
            demand(not world.is_released(number), f"{number} comes back to life with the backup")


class Chosen(Base):
    """What is left to chance otherwise, for stories about one thing."""

    @rule(number=st.integers(1, 6))
    def a_worker_dies_reading_answers(self, number: int) -> None:
        self._plan(None)
        self.world.work(number, since="call.readAcknowledgements")

    @rule(number=somebody)
    def one_vanishes_before_a_transfer(self, number: str) -> None:
        self._person(number).listed = False
        self.world.write_people([number])
        self.world.model.follow_qualli([number], self.world.today)
        self._plan(None)
        self.world.work()

    @rule(numbers=st.sets(somebody, min_size=5, max_size=7).map(sorted))
    def many_vanish_before_a_transfer(self, numbers: list[str]) -> None:
        for number in numbers:
            self._person(number).listed = False
        self.world.write_people(numbers)
        self.world.model.follow_qualli(numbers, self.world.today)
        self._plan(None)
        self.world.work()


GROUPS = (Decisions, Imports, Changes, Transfers, Accidents, Answers, Clock, Holds, Licence, Backups)


def machine(world: World) -> type[Base]:
    """A state machine of all rules."""
    return type("Story", GROUPS, {"world": world})


def focused(
    world: World, rules: tuple[str, ...], before: Callable[[World], None] | None = None
) -> type[Base]:
    """A state machine of these rules alone, with everybody online, and the network as `before` makes it."""
    members = {name: member for group in (*GROUPS, Chosen) for name, member in vars(group).items()}
    helpers = {name: member for name, member in members.items() if not hasattr(member, RULE_MARKER)}
    kept = {
        name: member for name, member in helpers.items() if name.startswith("_") and not name.startswith("__")
    }
    chosen = {name: members[name] for name in rules}
    own = {"world": world, "online": PEOPLE, "before_all": staticmethod(before or Base.before_all)}
    return type("Story", (Base,), kept | chosen | own)
