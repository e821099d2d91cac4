"""The records of the wire contract about participants, mediators and orders, from plain values. Pure."""

from __future__ import annotations

import datetime as dt
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.domain.rules.email_addresses import readable_address
from portal.networks.registry import Network

Record = dict[str, Any]

LISTED_KINDS = {
    "education": "education",
    "experience": "experience",
    "skill": "skills",
    "language": "languages",
}
"""Profile lines that become entries of their own, by kind."""
NAMED_KINDS = {"occupation": "desired_occupations", "driving-licence": "driving_licences"}
"""Profile lines of which only the title is told."""


@dataclass(frozen=True)
class Person:
    """A participant as the network will know them."""

    number: str
    mediator: str
    """Number of their mediator."""
    last_name: str
    first_name: str
    order: str | None = None
    salutation: str | None = None
    birth_date: dt.date | None = None
    social_insurance_number: str | None = None
    """None unless the tenant's administrator has switched it on."""
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    email: str | None = None
    phone: str | None = None
    caseworker: str | None = None
    consent_on: dt.date | None = None
    profile: tuple[Mapping[str, Any], ...] = ()


def participant_record(person: Person, network: Network) -> Record:
    """Master data for every network; the profile for those that take it (docs/domain.md#rules)."""
    record: Record = {
        "type": "participant",
        "participant_id": person.number,
        "mediator_id": person.mediator,
        "order_id": person.order,
        "salutation": person.salutation,
        "last_name": person.last_name,
        "first_name": person.first_name,
        "birth_date": _iso(person.birth_date),
        "street": person.street,
        "postal_code": person.postal_code,
        "city": person.city,
        "email": readable_address(person.email),
        "phone": person.phone,
        "caseworker": person.caseworker,
        "consent_on": _iso(person.consent_on),
    }
    if person.social_insurance_number:
        record["social_insurance_number"] = person.social_insurance_number
    if network.spec.sends_profile:
        record["profile"] = profile_record(person.profile)
    return record


def profile_record(entries: Iterable[Mapping[str, Any]]) -> Record:
    """Return the profile from stored lines with kind, title, level, starts_on and ends_on."""
    profile: Record = {name: [] for name in (*NAMED_KINDS.values(), *LISTED_KINDS.values())}
    for entry in entries:
        if entry["kind"] in NAMED_KINDS:
            profile[NAMED_KINDS[entry["kind"]]].append(entry["title"])
        else:
            keys = ("title", "level", "starts_on", "ends_on")
            profile[LISTED_KINDS[entry["kind"]]].append({key: entry.get(key) for key in keys})
    return profile


def mediator_record(
    number: str, last_name: str, first_name: str, email: str | None, phone: str | None
) -> Record:
    return {
        "type": "mediator",
        "mediator_id": number,
        "last_name": last_name,
        "first_name": first_name,
        "email": readable_address(email),
        "phone": phone,
    }


def order_record(
    number: str,
    title: str,
    measure_number: str | None,
    carrier: str | None,
    starts_on: dt.date | None,
    ends_on: dt.date | None,
    responsible: list[str],
) -> Record:
    return {
        "type": "order",
        "order_id": number,
        "title": title,
        "measure_number": measure_number,
        "carrier": carrier,
        "starts_on": _iso(starts_on),
        "ends_on": _iso(ends_on),
        "responsible": responsible,
    }


def withdrawal_record(number: str) -> Record:
    return {"type": "withdrawal", "participant_id": number}


def line(record: Record) -> bytes:
    """One line of NDJSON, the same bytes for the same record."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def digest(line: bytes, key: bytes) -> str:
    """Return the HMAC-SHA-256 of a record's line, in hex, by which a change is noticed.

    Keyed, since a plain digest of a record would let its social insurance number be guessed.
    """
    return hmac.digest(key, line, "sha256").hex()


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
