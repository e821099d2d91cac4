"""Two records side by side: what differs is marked, and the social insurance number is never shown."""

from __future__ import annotations

import datetime as dt

from portal.core.masking import MASK
from portal.deliveries.comparison import FIELDS, Line, compare
from portal.deliveries.records import Person, participant_record
from portal.networks.registry import Network

PERSON = Person(
    number="1",
    mediator="V-1",
    last_name="Adam",
    first_name="Eva",
    birth_date=dt.date(1990, 1, 2),
    social_insurance_number="65170839J003",
    email="eva@example.org",
    profile=({"kind": "skill", "title": "CAD", "level": "gut", "starts_on": None, "ends_on": None},),
)
RECORD = participant_record(PERSON, Network.JOB4YOU)


def changed(lines: list[Line]) -> list[str]:
    return [line.field for line in lines if line.changed]


def test_every_field_of_a_record_is_shown() -> None:
    announced = {name for name in RECORD if name not in ("type", "profile")}
    announced |= {f"profile.{name}" for name in RECORD["profile"]}
    assert announced == set(FIELDS)


def test_nothing_differs_from_itself() -> None:
    lines = compare(RECORD, RECORD)
    assert changed(lines) == []
    assert [line.field for line in lines][:3] == ["participant_id", "first_name", "last_name"]


def test_what_differs_is_marked() -> None:
    now = RECORD | {"email": None, "city": "Köln", "profile": RECORD["profile"] | {"skills": []}}
    lines = compare(RECORD, now)
    assert changed(lines) == ["city", "email", "profile.skills"]
    skills = lines[-1]
    assert (skills.before, skills.now) == (("CAD, gut",), ())


def test_a_number_is_masked_and_still_compared() -> None:
    lines = compare(RECORD, RECORD | {"social_insurance_number": "65170839J004"})
    assert changed(lines) == ["social_insurance_number"]
    (line,) = (line for line in lines if line.changed)
    assert (line.before, line.now) == ((MASK,), (MASK,))
    assert "65170839" not in repr(lines)


def test_without_anything_to_compare_with_nothing_is_marked() -> None:
    assert changed(compare(None, RECORD)) == []
    assert changed(compare(RECORD, None)) == []
    assert compare(None, None) == []
