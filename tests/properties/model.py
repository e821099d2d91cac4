"""What must be true, told once more and more simply than the product tells it (docs/domain.md).

The model hears what people and Qualli.life did, reads along on the wire, and looks after each job at what the
product says has happened: built, committed, answered. From these it works out everything else by itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from tests.properties.wire import Opened, Record

Facts = dict[str, Any]
BERLIN = ZoneInfo("Europe/Berlin")
WEEK = dt.timedelta(days=7)
UNDER_WAY = ("planned", "built", "sending")
UNCOMMITTED = (*UNDER_WAY, "held")
AWAITING = ("committed", "answering")


class Violation(AssertionError):
    """The product did, or says, what must not be."""


def demand(condition: object, what: str) -> None:
    if not condition:
        raise Violation(what)


@dataclass
class Person:
    """One participant: what Qualli.life says, what people decided, what the network was told and answered."""

    number: str
    order: str
    listed: bool = True
    city: int = 1
    withdrawn: bool = False
    until: dt.date | None = None
    released: bool = False
    ended: str | None = None
    """Why the last release ended: person, consent or left."""
    mediator: str | None = None
    announced: bool = False
    told_order: str | None = None
    told_as: Record | None = None
    urgent: bool = False
    """Her consent ended while the network held her."""
    status: str = "offline"
    applied: int = 0
    rejected: int = 0
    archived: str | None = None
    """Reason of the newest answer that counts, if that was `archived`."""
    clarification: bool = False
    concerned: dict[int, dt.datetime] = field(default_factory=dict)
    """Committed deliveries about her, with the time of their receipt."""
    answered: set[int] = field(default_factory=set)

    def has_lost_consent(self, today: dt.date) -> bool:
        return self.withdrawn or (self.until is not None and self.until < today)

    def is_explained(self, today: dt.date) -> bool | None:
        """Whether her leaving is explained; None where Qualli.life and a person gave different reasons."""
        if self.released or self.ended not in ("person", "consent"):
            return None if self.has_lost_consent(today) else False
        return True

    @property
    def is_answered(self) -> bool:
        """Whether the newest delivery about her has an answer that counts."""
        return self.applied >= max(self.concerned, default=0)

    @property
    def is_archived_unexpectedly(self) -> bool:
        if self.archived == "withdrawn":
            return self.announced and self.is_answered
        return self.archived not in (None, "mediator-unknown")

    def lacks_known_mediator(self, known: dict[str, tuple[bool, int]]) -> bool:
        """Whether the network archived her for want of a mediator, and nothing says that it knows hers by now."""
        if self.archived != "mediator-unknown" or self.mediator is None:
            return False
        answer, sequence = known.get(self.mediator, (None, 0))
        if answer is False:
            return True
        same = self.told_as is None or self.told_as.get("mediator_id") == self.mediator
        return self.is_answered and same and sequence <= self.applied

    @property
    def waiting_since(self) -> dt.datetime | None:
        newest = max(self.answered, default=0)
        return min((at for sequence, at in self.concerned.items() if sequence > newest), default=None)


@dataclass
class Frozen:
    """A delivery when it was built."""

    named: frozenset[str]
    leaving: frozenset[str]
    cities: dict[str, str]
    unexplained: frozenset[str]
    doubtful: bool
    """Of somebody it is not certain whether her leaving is explained."""
    must_hold: bool


@dataclass
class Model:
    people: dict[str, Person]
    mediators: dict[str, bool]
    """Whether Qualli.life has them as active."""
    licensed: bool = True
    frozen: dict[int, Frozen] = field(default_factory=dict)
    """By row of the delivery."""
    built: dict[int, dt.datetime] = field(default_factory=dict)
    committed: dict[int, tuple[dt.datetime, int, bool]] = field(default_factory=dict)
    """By sequence: when, how many left unexplained, whether somebody let it go."""
    counted: set[int] = field(default_factory=set)
    complete: set[int] = field(default_factory=set)
    answers: set[tuple[int, str]] = field(default_factory=set)
    odd: set[tuple[int, str]] = field(default_factory=set)

    # --- people and Qualli.life ------------------------------------------------------------------------------

    def listed(self) -> list[str]:
        return [number for number, person in self.people.items() if person.listed]

    def is_deliverable(self, person: Person, today: dt.date) -> bool:
        return (
            self.licensed
            and person.released
            and person.listed
            and not person.has_lost_consent(today)
            and person.mediator is not None
            and self.mediators[person.mediator]
        )

    def release(self, number: str, today: dt.date) -> str | None:
        """Release somebody; the refusal that must come, None where it must work."""
        person = self.people[number]
        if not self.licensed:
            return "licence-expired"
        if person.released:
            return "already-released"
        if person.has_lost_consent(today) or not person.listed:
            return "ends-at-once"
        person.released, person.urgent = True, False
        person.mediator = person.mediator or "V1"
        return None

    def revoke(self, number: str) -> str | None:
        person = self.people[number]
        if not person.released:
            return "not-released"
        person.released, person.ended = False, "person"
        return None

    def follow_qualli(self, numbers: Iterable[str], today: dt.date) -> None:
        """End what ends at once when Qualli.life, or the date, takes somebody's consent or the person away."""
        for number in numbers:
            person = self.people[number]
            lost = person.has_lost_consent(today)
            if person.released and (lost or not person.listed):
                person.released, person.ended = False, "consent" if lost else "left"
            if lost and person.announced and not person.released:
                person.urgent = True

    # --- what the network sees -------------------------------------------------------------------------------

    def network_takes_in(self, delivery: Opened, today: dt.date) -> None:
        """Look at a delivery at the moment from which it counts."""
        named = [record for record in delivery.records if record["type"] == "participant"]
        demand(self.licensed or not named, f"delivery {delivery.sequence} goes out without a licence")
        for record in named:
            person = self.people[record["participant_id"]]
            demand(person.released, f"{person.number} is delivered without a release")
            demand(not person.has_lost_consent(today), f"{person.number} is delivered without consent")
            demand(person.listed, f"{person.number} is delivered and is not in Qualli.life")

    # --- what the product says has happened ------------------------------------------------------------------

    def see_built(self, delivery: Facts, rows: dict[str, Facts], now: dt.datetime) -> None:
        """Check who is in a frozen delivery, and whether it had to be held."""
        if delivery["built_at"] is None or self.built.get(delivery["id"]) == delivery["built_at"]:
            return
        self.built[delivery["id"]] = delivery["built_at"]
        today = now.astimezone(BERLIN).date()
        named, leaving = self._expected(delivery, today)
        found_named = {number for number, row in rows.items() if row["part"] == "named"}
        what = f"delivery {delivery['sequence']} ({delivery['mode']}, {delivery['cause']})"
        demand(found_named == named, f"{what} names {sorted(found_named)} instead of {sorted(named)}")
        found = set(rows) - found_named
        demand(found == leaving, f"{what} archives {sorted(found)} instead of {sorted(leaving)}")
        frozen = self._freeze(delivery, named, leaving, now)
        self.frozen[delivery["id"]] = frozen
        if not frozen.doubtful:
            held = delivery["held_at"] is not None
            demand(held or not frozen.must_hold, f"{what} has to be held: {sorted(frozen.unexplained)} leave")
            demand(not held or frozen.must_hold, f"{what} is held for no reason: {sorted(leaving)} leave")

    def _expected(self, delivery: Facts, today: dt.date) -> tuple[set[str], set[str]]:
        people = self.people.values()
        announced = {person.number for person in people if person.announced}
        if delivery["cause"] == "consent":
            return set(), {n for n in delivery["selection"] if n in announced and not self.people[n].released}
        named = {person.number for person in people if self.is_deliverable(person, today)}
        if delivery["mode"] == "full":
            return named, announced - named
        chosen = set(delivery["selection"])
        return named & chosen, {n for n in chosen & announced if not self.people[n].released}

    def _freeze(self, delivery: Facts, named: set[str], leaving: set[str], now: dt.datetime) -> Frozen:
        today = now.astimezone(BERLIN).date()
        people = self.people
        only_consent = delivery["cause"] == "consent"
        lost = [people[n] for n in leaving if not people[n].archived]
        reasons = {p.number: True if only_consent else p.is_explained(today) for p in lost}
        unexplained = {number for number, explained in reasons.items() if explained is False}
        if only_consent:
            for person in lost:
                demand(person.urgent, f"{person.number} leaves by a delta that is for consent alone")
        return Frozen(
            frozenset(named),
            frozenset(leaving),
            {number: f"Ort {people[number].city}" for number in named},
            frozenset(unexplained),
            doubtful=None in reasons.values(),
            must_hold=self._must_hold(unexplained, len(lost) - len(unexplained), now),
        )

    def _must_hold(self, unexplained: set[str], explained: int, now: dt.datetime) -> bool:
        """The removal brake, from its description (docs/domain.md#removal-brake)."""
        if not unexplained:
            return False
        announced = [person for person in self.people.values() if person.announced and not person.archived]
        before = sum(
            gone for at, gone, approved in self.committed.values() if at >= now - WEEK and not approved
        )
        orders = {self.people[number].told_order for number in unexplained}
        for order in orders - {None}:
            of_order = {person.number for person in announced if person.told_order == order}
            if len(of_order) >= 2 and of_order <= unexplained:
                return True
        remaining = len(announced) - explained
        too_many = len(unexplained) + before > max(3, len(announced) * 5 // 100)
        return too_many or (remaining - len(unexplained)) * 2 < remaining

    def see_committed(self, delivery: Facts, opened: Opened | None) -> None:
        """Follow a receipt that was stored, and compare what was sent with what was frozen."""
        if delivery["committed_at"] is None or delivery["id"] in self.counted:
            return
        self.counted.add(delivery["id"])
        sequence, frozen = delivery["sequence"], self.frozen[delivery["id"]]
        demand(opened is not None, f"delivery {sequence} counts here, and not at the network")
        assert opened is not None
        demand(opened.key == delivery["idempotency_key"], f"delivery {sequence} was opened under another key")
        records = {r["participant_id"]: r for r in opened.records if r["type"] == "participant"}
        by_name = {r["participant_id"] for r in opened.records if r["type"] == "withdrawal"}
        demand(set(records) == frozen.named, f"delivery {sequence} named others than were frozen")
        demand(opened.mode == "full" or by_name == frozen.leaving, f"delivery {sequence} withdrew others")
        for number, record in records.items():
            demand(record["city"] == frozen.cities[number], f"{number} was told anew in delivery {sequence}")
        approved = delivery["approved_at"] is not None
        demand(
            approved or frozen.doubtful or not frozen.must_hold,
            f"delivery {sequence} went past the removal brake",
        )
        demand(
            not approved or delivery["approved_by"] != delivery["started_by"],
            "approved by the account that started it",
        )
        self.committed[sequence] = (delivery["committed_at"], len(frozen.unexplained), approved)
        self._receive(sequence, delivery["committed_at"], frozen, records)

    def _receive(self, sequence: int, at: dt.datetime, frozen: Frozen, records: dict[str, Record]) -> None:
        for number in frozen.named | frozen.leaving:
            person = self.people[number]
            person.concerned[sequence] = at
            person.announced = number in frozen.named
            if person.announced:
                person.told_order, person.told_as = records[number].get("order_id"), records[number]
                continue
            person.urgent = False
            if person.applied <= sequence:
                person.applied = sequence
                if person.status in ("online", "online-archived"):
                    person.status = "online-archived"

    def see_answers(self, delivery: Facts, rows: dict[str, Facts], given: list[Facts]) -> None:
        """Follow the answers that were applied: the first that was given about each person counts."""
        first: dict[str, Facts] = {}
        for answer in given:
            if answer["subject"] == "participant" and answer["fate"] == "given":
                first.setdefault(answer["id"], answer)
        for number, row in rows.items():
            if row["outcome"] is None or (delivery["id"], number) in self.answers:
                continue
            self.answers.add((delivery["id"], number))
            answer = first.get(number)
            demand(answer is not None, f"nobody answered {row['outcome']} about {number}")
            assert answer is not None
            demand(answer["outcome"] == row["outcome"], f"{number} was answered {answer['outcome']}")
            self._apply(self.people[number], delivery["sequence"], answer)
        if delivery["state"] == "complete" and delivery["id"] not in self.complete:
            self.complete.add(delivery["id"])
            for number, row in rows.items():
                lost = number in first and row["outcome"] is None
                demand(not lost, f"the answer about {number} to delivery {delivery['sequence']} was lost")
                person = self.people[number]
                if row["outcome"] is None and max(person.concerned) == delivery["sequence"]:
                    person.clarification = True

    def _apply(self, person: Person, sequence: int, answer: Facts) -> None:
        person.answered.add(sequence)
        if sequence < person.applied:
            return
        if answer["outcome"] == "rejected":
            if sequence >= person.rejected:
                person.rejected, person.clarification = sequence, False
            return
        person.applied, person.clarification = sequence, False
        person.archived = answer["reason"] if answer["outcome"] == "archived" else None
        if answer["outcome"] == "active":
            person.status = "online"
        else:
            unknown = answer["reason"] == "mediator-unknown"
            person.status = "online-archived" if unknown else "offline-archived"

    def see_odd(self, delivery: Facts, contradicted: Iterable[str]) -> None:
        for number in contradicted:
            if (delivery["id"], number) not in self.odd:
                self.odd.add((delivery["id"], number))
                self.people[number].clarification = True

    # --- what pages say --------------------------------------------------------------------------------------

    def phase(
        self, person: Person, transit: str | None, now: dt.datetime, known: dict[str, tuple[bool, int]]
    ) -> str:
        """The first phase that applies; `known`: the network's last answer about each mediator."""
        today, waiting = now.astimezone(BERLIN).date(), person.waiting_since
        steps = (
            ("clarification", person.clarification or _waits(waiting, 3, now)),
            ("outcome-unknown", transit == "unknown"),
            ("held", transit == "held"),
            ("transferring", transit == "under-way"),
            (
                "rejected",
                person.rejected > person.applied or (person.released and person.is_archived_unexpectedly),
            ),
            ("mediator-unknown", person.released and person.lacks_known_mediator(known)),
            ("overdue", _waits(waiting, 2, now)),
            ("archiving", waiting is not None and not person.announced),
            ("sent", waiting is not None),
            ("withdrawal-scheduled", not person.released and person.announced),
            ("not-released", not person.released),
            ("blocked", not self.is_deliverable(person, today)),
            (
                "scheduled",
                not person.announced or not self.is_told_all(person) or person.status != "online",
            ),
        )
        return next((name for name, applies in steps if applies), "current")

    def is_told_all(self, person: Person) -> bool:
        """Whether the network was last told what is true of her now."""
        announced = person.told_as or {}
        now = {"city": f"Ort {person.city}", "mediator_id": person.mediator, "order_id": person.order}
        return all(announced.get(name) == value for name, value in now.items())


def _waits(since: dt.datetime | None, days: int, now: dt.datetime) -> bool:
    """Whether somebody has waited for more than so many working days; in these weeks there are no holidays."""
    if since is None:
        return False
    local = now.astimezone(BERLIN)
    if local.weekday() > 4:
        local = dt.datetime.combine(_workday_before(local.date()), dt.time.max, BERLIN)
    day = local.date()
    for _ in range(days):
        day = _workday_before(day)
    return since < dt.datetime.combine(day, local.time(), BERLIN)


def _workday_before(day: dt.date) -> dt.date:
    day -= dt.timedelta(days=1)
    while day.weekday() > 4:
        day -= dt.timedelta(days=1)
    return day
