"""Fill one tenant: participants, releases, registrations, protocols, and who was in last night's delivery."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import update

from benchmarks.data import people, protocol, registrations
from benchmarks.data.calendar import DAY, Calendar
from benchmarks.data.houses import House
from benchmarks.data.people import People, Person
from benchmarks.data.protocol import VARIANTS, Protocol, plan_steps
from benchmarks.data.registrations import Registrations
from benchmarks.data.staff import write_deliveries, write_staff
from benchmarks.data.stories import BY_SHARE, LAST, MEDIATOR_UNKNOWN, NEVER, ONLINE, SCHEDULED, Story
from benchmarks.data.writing import Row, begin_writing, write
from portal.core.crypto import current_keyring
from portal.core.database import db
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryState
from portal.networks.registry import Network
from portal.releases.counts import mend
from portal.releases.states import read_clock

BLOCK = 5000
"""People whose rows are written together."""
_PROFILED = 0.5
"""Share of participants with a profile, where the network takes it."""
_ASKED_AGAIN = dt.timedelta(hours=20)


class _Block:
    """The rows of some people, by table."""

    def __init__(self) -> None:
        self.people: list[Row] = []
        self.words: list[Row] = []
        self.profiles: list[Row] = []
        self.releases: list[Row] = []
        self.registrations: list[Row] = []
        self.delivered: list[Row] = []
        self.states: list[Row] = []
        self.entries: list[protocol.Entry] = []


class Filling:
    """Everything of one tenant, in the session's transaction."""

    def __init__(self, house: House, now: dt.datetime) -> None:
        self._house, self._dice = house, house.dice
        self._calendar = Calendar(house.wanted.today)
        begin_writing()
        self._staff = write_staff(house, self._dice)
        write_deliveries(house, self._staff, self._calendar, self._dice)
        self._codes = frozenset(self._staff.codes)
        self._people = People(house, self._staff, self._calendar, current_keyring(), self._dice)
        clock = read_clock(house.tenant_id, now)
        self._registrations = Registrations(house, self._staff, self._calendar, clock)
        self._protocol = Protocol(house, self._staff.numbers, self._calendar, self._dice)
        self._named = self._open = 0

    def fill(self) -> None:
        """Write everybody, block by block. Never commits."""
        end = self._house.first_person + self._house.size
        for start in range(self._house.first_person, end, BLOCK):
            block = _Block()
            for row in range(start, min(end, start + BLOCK)):
                self._add(block, row)
            self._write(block)
        if self._house.connection_id:
            self._count_delivered()
        mend(self._house.tenant_id)

    def _add(self, block: _Block, row: int) -> None:
        house, story = self._house, self._choose_story()
        person, found, words = self._people.invent(row, story)
        block.people.append(found)
        block.words += [(house.tenant_id, row, word) for word in sorted(words)]
        if house.network == Network.JOB4YOU.value and self._dice.random() < _PROFILED:
            block.profiles.append((house.tenant_id, row, self._people.profile()))
        registration, release = None, None
        if story is not NEVER:
            registration, release = self._register(block, person, story)
        block.states.append(self._registrations.state_row(person, registration, release))

    def _register(self, block: _Block, person: Person, story: Story) -> tuple[Any, Any]:
        """Add what comes of a release; registration and release."""
        if story is MEDIATOR_UNKNOWN:
            person.mediator_id = self._staff.unknown[0]
        plan = self._plan(story)
        code = person.caseworker if person.caseworker in self._codes else self._staff.codes[0]
        assert code is not None
        block.entries += [(slot, step, person.id, code) for slot, step in plan]
        release = self._registrations.release(person, story, plan, code)
        registration = self._registrations.registration(person, story)
        block.releases.append(self._registrations.release_row(release))
        block.registrations.append(self._registrations.registration_row(registration))
        if story.told:
            self._named += story.columns["announced"]
            self._open += story.nights_waiting != 0
            block.delivered.append(self._registrations.delivered_row(person, story))
        return registration, release

    def _choose_story(self) -> Story:
        story = BY_SHARE[int(self._dice.random() * len(BY_SHARE))]
        if not self._house.connection_id:
            return NEVER
        if not self._house.licensed:
            return story if story is SCHEDULED else NEVER
        return ONLINE if story is MEDIATOR_UNKNOWN and not self._staff.unknown else story

    def _plan(self, story: Story) -> registrations.Plan:
        """The steps of a protocol: most are short, a few very long."""
        fewest, most = self._house.wanted.entries
        number = fewest + int((most - fewest + 1) * self._dice.random() ** 5)
        waiting = registrations.nights_waiting(story, self._calendar)
        return plan_steps(story, number, int(self._dice.random() * VARIANTS), waiting)

    def _write(self, block: _Block) -> None:
        write("participant", people.COLUMNS, block.people)
        write("participant_word", "tenant_id participant_id word", block.words)
        write("profile", "tenant_id participant_id entries", block.profiles)
        write("release", registrations.RELEASE, block.releases)
        write("registration", registrations.REGISTRATION, block.registrations)
        write("delivery_person", registrations.DELIVERED, block.delivered)
        write("participant_state", registrations.STATE, block.states)
        self._protocol.write(block.entries)

    def _count_delivered(self) -> None:
        """Let last night's delivery say how many it names, and wait for the answers that are open."""
        values = {
            "counts": {"participant": self._named, "unchanged": self._named - self._open, "new": self._open},
            "answered": {"active": self._named - self._open},
        }
        if self._open:
            asked = self._calendar.times[DAY - 1] + _ASKED_AGAIN
            values |= {
                "state": DeliveryState.ANSWERING,
                "completed_at": None,
                "ended_at": None,
                "next_step_at": asked,
            }
        row = self._house.first_delivery + LAST - 1
        db.session.execute(update(Delivery).where(Delivery.id == row).values(values))
