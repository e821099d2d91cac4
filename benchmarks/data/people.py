"""Invented participants as Qualli.life would bring them, with what is often missing in real life."""

from __future__ import annotations

import datetime as dt
import json
import random
from dataclasses import dataclass
from functools import lru_cache

from benchmarks.data import names
from benchmarks.data.calendar import Calendar
from benchmarks.data.houses import House
from benchmarks.data.staff import Staff
from benchmarks.data.stories import NEVER, Story
from benchmarks.data.writing import Row, moment
from demo.words import EDUCATIONS, EXPERIENCES, LANGUAGES, LICENCES, OCCUPATIONS, SKILLS
from portal.core.crypto import Keyring
from portal.core.masking import check_digit
from portal.domain.participants import social_insurance_place
from portal.domain.releases import EndCause
from portal.domain.rules.identifiers import lookup_key
from portal.domain.rules.normalise import normalise, person_words, sort_key
from portal.networks.registry import Network

COLUMNS = (
    "id tenant_id number lookup_key salutation last_name first_name birth_date social_insurance_number_encrypted"
    " social_insurance_number_since street postal_code city email email_readable phone caseworker order_id"
    " left_order_on consent_on consent_until consent_withdrawn_on left_at changed_at sort_key"
)
FIRST_NUMBER = 1_000_000
_PROFILES = 200
_INSURED = 0.3
"""Share of participants whose social insurance number is kept."""


@dataclass(slots=True)
class Person:
    """What the rules ask about a participant; something may be missing or wrong."""

    id: int
    last_name: str
    first_name: str
    email: str | None
    caseworker: str | None
    order_id: int | None
    mediator_id: int | None
    """The mediator to be chosen, if there is a registration."""
    consent_on: dt.date | None
    left_order_on: dt.date | None
    email_readable: bool = True
    consent_until: dt.date | None = None
    consent_withdrawn_on: dt.date | None = None
    left_at: dt.datetime | None = None
    doubted_identity: None = None
    doubted_since: None = None
    sort_key: str = ""

    @property
    def number(self) -> str:
        """tn_id."""
        return str(FIRST_NUMBER + self.id)


class People:
    """Participants of one tenant."""

    def __init__(
        self, house: House, staff: Staff, calendar: Calendar, keyring: Keyring, dice: random.Random
    ) -> None:
        self._house, self._staff, self._calendar = house, staff, calendar
        self._keyring, self._dice = keyring, dice
        self._changed_at = moment(calendar.times[0])
        self._recorded = house.network == Network.JOB4YOU.value
        self._days = [calendar.today - dt.timedelta(days=number) for number in range(800)]
        self._born = [calendar.today - dt.timedelta(days=day) for day in range(17 * 365, 64 * 365)]

    def invent(self, row: int, story: Story) -> tuple[Person, Row, set[str]]:
        """Return a participant, the row of their table, and the words by which they are found."""
        woman = self._dice.random() < 0.5
        person = self._person(row, names.last_name(self._dice), names.first_name(self._dice, woman=woman))
        self._spoil(person, story)
        if story is NEVER:
            self._thin_out(person)
        if story.flawed:
            self._block(person)
        person.sort_key = sort_key(person.last_name, person.first_name, person.number)
        words = {*_words_of_name(person.last_name), *_words_of_name(person.first_name), person.number}
        return person, self._row(person, woman), words

    def profile(self) -> str:
        """Return the lines of a profile as JSON."""
        return _profile(int(self._dice.random() * _PROFILES))

    def _person(self, row: int, last: str, first: str) -> Person:
        dice, staff = self._dice.random, self._staff
        share = dice()
        return Person(
            id=row,
            last_name=last,
            first_name=first,
            email=f"{_plain(first)}.{_plain(last)}.{FIRST_NUMBER + row}@example.org",
            caseworker=staff.codes[int(len(staff.codes) * share * share)],
            order_id=staff.orders[int(dice() * len(staff.orders))],
            mediator_id=staff.active[int(dice() * len(staff.active))],
            consent_on=self._days[220 + int(dice() * 500)] if self._recorded or dice() > 0.15 else None,
            left_order_on=self._days[20] if dice() < 0.05 else None,
        )

    def _spoil(self, person: Person, story: Story) -> None:
        """Let happen what ended the release."""
        if story.ended_by is EndCause.CONSENT and self._dice.random() < 0.5:
            person.consent_withdrawn_on, person.consent_on = self._days[10], self._days[400]
        elif story.ended_by is EndCause.CONSENT:
            person.consent_until, person.consent_on = self._days[11], self._days[400]
        elif story.ended_by is EndCause.LEFT:
            person.left_at = self._calendar.times[-30]

    def _thin_out(self, person: Person) -> None:
        """Let be missing what often is, of somebody who was never released."""
        dice = self._dice.random
        person.consent_on = person.consent_on if dice() > 0.3 else None
        person.email = person.email if dice() > 0.06 else None
        person.order_id = person.order_id if dice() > 0.04 else None
        person.caseworker = person.caseworker if dice() > 0.04 else "Frau Sommerfeld (Vertretung)"
        ended = dice()
        if ended < 0.04:
            person.consent_withdrawn_on = self._days[90]
        elif ended < 0.08:
            person.consent_until = self._days[60]
        elif ended < 0.11:
            person.left_at = self._calendar.times[int(ended * 100)]

    def _block(self, person: Person) -> None:
        """Let something be missing that the network of the tenant wants."""
        kind = int(self._dice.random() * (8 if self._recorded else 3))
        if kind == 0:
            person.mediator_id = None
        elif kind == 1:
            person.first_name = ""
        elif kind == 2:
            person.mediator_id = self._staff.inactive[0] if self._staff.inactive else None
        elif kind == 3:
            person.email, person.email_readable = "keine", False
        elif kind == 4:
            person.caseworker = None
        elif kind == 5:
            person.order_id = None
        elif kind == 6 and self._staff.unmanned:
            person.order_id = self._staff.unmanned[0]
        else:
            person.email = None

    def _row(self, person: Person, woman: bool) -> Row:
        dice, number = self._dice.random, person.number
        born = self._born[int(dice() * len(self._born))]
        code, town = names.TOWNS[int(dice() * len(names.TOWNS))]
        insured = self._insure(born, person) if dice() < _INSURED else None
        return (
            person.id,
            self._house.tenant_id,
            number,
            lookup_key(number),
            "Frau" if woman else "Herr",
            person.last_name,
            person.first_name,
            born.isoformat(),
            insured,
            self._changed_at if insured else None,
            f"{names.STREETS[int(dice() * len(names.STREETS))]} {int(dice() * 120) + 1}",
            code,
            town,
            person.email,
            person.email_readable,
            f"0155 5{int(dice() * 9_000_000) + 1_000_000}",
            person.caseworker,
            person.order_id,
            _iso(person.left_order_on),
            _iso(person.consent_on),
            _iso(person.consent_until),
            _iso(person.consent_withdrawn_on),
            moment(person.left_at) if person.left_at else None,
            self._changed_at,
            person.sort_key,
        )

    def _insure(self, born: dt.date, person: Person) -> bytes:
        """Return an invented social insurance number, encrypted as imports do."""
        letter = normalise(person.last_name)[:1].upper()
        bare = f"{11 + int(self._dice.random() * 3)}{born:%d%m%y}{letter}{int(self._dice.random() * 100):02}"
        place = social_insurance_place(self._house.tenant_id, person.number)
        return self._keyring.encrypt((bare + check_digit(f"{bare}0")).encode(), place)


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


@lru_cache(maxsize=100_000)
def _words_of_name(name: str) -> frozenset[str]:
    """Words of a part of a name: together with the number they are the person's, and names come again and again."""
    return frozenset(person_words(name, "", ""))


@lru_cache(maxsize=100_000)
def _plain(name: str) -> str:
    return "".join(char for char in normalise(name) if char.isascii() and char.isalnum())


@lru_cache(maxsize=_PROFILES)
def _profile(number: int) -> str:
    dice = random.Random(number)
    skill, skill_level = dice.choice(SKILLS)
    language, level = dice.choice(LANGUAGES)
    lines = [
        {"kind": "occupation", "title": dice.choice(OCCUPATIONS)},
        {"kind": "education", "title": dice.choice(EDUCATIONS)},
        {
            "kind": "experience",
            "title": dice.choice(EXPERIENCES),
            "starts_on": "2021-04-01",
            "ends_on": "2023-03-31",
        },
        {"kind": "skill", "title": skill, "level": skill_level},
        {"kind": "language", "title": language, "level": level},
        {"kind": "driving-licence", "title": dice.choice(LICENCES)},
    ]
    return json.dumps(lines, ensure_ascii=False)
