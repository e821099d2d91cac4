"""What we say about somebody is what the contract allows, on each network (docs/domain.md#rules)."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from portal.deliveries.records import (
    LISTED_KINDS,
    NAMED_KINDS,
    Person,
    digest,
    line,
    mediator_record,
    order_record,
    participant_record,
    profile_record,
    withdrawal_record,
)
from portal.imports.columns import PROFILE_KINDS
from portal.networks.registry import Network

DAY = dt.date(2026, 3, 2)
LEAST = Person(number="1", mediator="7", last_name="Muster", first_name="Erika")
FULL = replace(
    LEAST,
    order="A1",
    salutation="Frau",
    birth_date=DAY,
    social_insurance_number="65170839J003",
    street="Am Weg 1",
    postal_code="01067",
    city="Dresden",
    email="e@example.org",
    phone="0351",
    caseworker="Sabine Bauer",
    consent_on=DAY,
    profile=tuple(
        {"kind": kind, "title": kind, "level": "B2", "starts_on": "2020-01-01", "ends_on": None}
        for kind in (*LISTED_KINDS, *NAMED_KINDS)
    ),
)
NOT_FOR_JOBNETZWERK = {"profile"}


@pytest.fixture(scope="session")
def check() -> Callable[[dict[str, Any]], None]:
    """Checks a record against the contract."""
    path = Path(__file__).parents[2] / "sandbox" / "openapi.yaml"
    contract = yaml.safe_load(path.read_text(encoding="utf-8"))
    schema = {"$ref": "#/components/schemas/Record", "components": contract["components"]}
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)

    def validate(record: dict[str, Any]) -> None:
        validator.validate(json.loads(line(record)))

    return validate


Check = Callable[[dict[str, Any]], None]


@pytest.mark.parametrize("network", Network)
@pytest.mark.parametrize("person", [LEAST, FULL], ids=["least", "full"])
def test_participants_fit_the_contract(person: Person, network: Network, check: Check) -> None:
    check(participant_record(person, network))


def test_the_check_would_notice(check: Check) -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        check(participant_record(LEAST, Network.JOBNETZWERK) | {"surprise": 1})


@pytest.mark.parametrize("absent", [None, ""])
def test_mediators_and_orders_and_withdrawals_fit_the_contract(absent: str | None, check: Check) -> None:
    check(mediator_record("7", "Bauer", "Sabine", absent, absent))
    check(order_record("A1", "Maßnahme", absent, absent, None, None, []))
    check(order_record("A1", "Maßnahme", "1", "AA", DAY, DAY, ["Sabine Bauer"]))
    check(withdrawal_record("1"))


def test_jobnetzwerk_gets_master_data_and_job4you_the_profile_too() -> None:
    master, profiled = (participant_record(FULL, network) for network in Network)
    assert set(profiled) - set(master) == NOT_FOR_JOBNETZWERK
    assert {key: profiled[key] for key in master} == master


def test_a_profile_without_lines_is_told_as_empty() -> None:
    record = participant_record(LEAST, Network.JOB4YOU)
    assert record["profile"] == {key: [] for key in (*LISTED_KINDS.values(), *NAMED_KINDS.values())}


def test_every_kind_that_qualli_life_exports_has_its_place() -> None:
    assert set(PROFILE_KINDS.values()) == {*LISTED_KINDS, *NAMED_KINDS}


def test_every_line_of_a_profile_is_told() -> None:
    profile = profile_record(FULL.profile)
    assert all(len(entries) == 1 for entries in profile.values())
    assert profile["desired_occupations"] == ["occupation"]
    assert profile["languages"][0]["level"] == "B2"


@pytest.mark.parametrize("number", [None, ""])
def test_without_a_social_insurance_number_the_record_has_no_place_for_it(number: str | None) -> None:
    person = replace(FULL, social_insurance_number=number)
    assert "social_insurance_number" not in participant_record(person, Network.JOB4YOU)


def test_a_record_is_one_line_whatever_is_in_it() -> None:
    nasty = replace(LEAST, street='a\nb\r\u2028"\\', last_name="Ünal")
    said = line(participant_record(nasty, Network.JOBNETZWERK))
    assert said.count(b"\n") == 1
    assert said.endswith(b"\n")
    assert "Ünal".encode() in said
    assert json.loads(said)["street"] == nasty.street


def test_the_digest_tells_whether_anything_changed() -> None:
    record = participant_record(FULL, Network.JOB4YOU)
    same = dict(reversed(record.items()))
    assert digest(line(same), b"key") == digest(line(record), b"key")
    for name in record:
        assert digest(line(record | {name: "other"}), b"key") != digest(line(record), b"key")


def test_the_digest_cannot_be_guessed_without_the_key() -> None:
    record = participant_record(FULL, Network.JOB4YOU)
    assert digest(line(record), b"key") != digest(line(record), b"another")


@pytest.mark.parametrize("network", Network)
@pytest.mark.parametrize("text", ["keine", "-", "a@example.org, b@example.org", "mailto:a@example.org"])
def test_what_is_no_address_is_told_to_nobody_as_one(network: Network, text: str) -> None:
    assert participant_record(replace(FULL, email=text), network)["email"] is None
    assert mediator_record("7", "Muster", "Mia", text, None)["email"] is None
