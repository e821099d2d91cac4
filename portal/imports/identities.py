"""Identifiers that an import gives to another person: not taken where a release depends on it, but asked about."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, bindparam, select, update

from portal.core.database import db
from portal.core.settings import current_settings
from portal.domain.import_kinds import Kind
from portal.domain.imports import ImportRun
from portal.domain.releases import Registration
from portal.domain.rules.identity import FIELDS, Identity, is_other_person
from portal.imports.codes import Fault
from portal.imports.columns import PARTICIPANTS as TABLE
from portal.imports.rejections import REJECTIONS, reject
from portal.imports.windows import LINES, PARTICIPANTS, profile_lines

_KEPT = "identity"
"""In the values of such a line, which has no others: the digest of the identity that it gives."""


@dataclass(frozen=True)
class OtherPerson:
    """A good line that gives a known identifier to another person."""

    line_id: int
    line: int
    participant_id: int
    number: str
    digest: str


def find_other_people(run: ImportRun, lines: Sequence[RowMapping]) -> list[OtherPerson]:
    """Find the good lines that give a known identifier to another person, unless a person said that it is the same.

    While it is asked about, a line without name and date of birth may be of either, and counts as well.
    """
    columns = ("id", "number", "doubted_identity", "confirmed_identity", *FIELDS)
    query = select(*(PARTICIPANTS.c[name] for name in columns)).where(
        PARTICIPANTS.c.tenant_id == run.tenant_id,
        PARTICIPANTS.c.number.in_([line["number"] for line in lines]),
    )
    stored = {row["number"]: row for row in db.session.execute(query).mappings()}
    found = []
    for line in lines:
        before = stored.get(line["number"])
        digest = _doubt(before, line["values"]) if before is not None else None
        if before is not None and digest is not None:
            found.append(OtherPerson(line["id"], line["line"], before["id"], line["number"], digest))
    return found


def released_among(found: Collection[OtherPerson]) -> list[OtherPerson]:
    """Return those who were ever released. The records of the others become the other person's without a question."""
    if not found:
        return []
    query = select(Registration.participant_id).where(
        Registration.participant_id.in_([it.participant_id for it in found]),
        Registration.release_id.is_not(None),
    )
    released = set(db.session.scalars(query))
    return [it for it in found if it.participant_id in released]


def reject_other_people(run: ImportRun, found: Sequence[OtherPerson]) -> None:
    """Reject these lines, and those of their profiles; what they say must not meet the release of the one before."""
    if not found:
        return
    rows = [(it.line_id, it.line) for it in found]
    reject(run, Kind.PARTICIPANT, rows, TABLE.identifier.name, Fault.OTHER_PERSON)
    kept = update(LINES).where(LINES.c.id == bindparam("row_id")).values({"values": bindparam("kept")})
    db.session.execute(kept, [{"row_id": it.line_id, "kept": {_KEPT: it.digest}} for it in found])
    theirs = [line for lines in profile_lines(run, [it.number for it in found]).values() for line in lines]
    rows = [(line["id"], line["line"]) for line in theirs if line["good"]]
    reject(run, Kind.PROFILE, rows, TABLE.identifier.name, Fault.PARTICIPANT_REJECTED)


def rejected_other_people(run: ImportRun, after: str, limit: int) -> dict[str, str]:
    """Return a window of those lines, by identifier, with the digest of the identity that each gives."""
    query = (
        select(LINES.c.number, LINES.c["values"])
        .join(REJECTIONS, (REJECTIONS.c.import_id == LINES.c.import_id) & (REJECTIONS.c.line == LINES.c.line))
        .where(
            LINES.c.import_id == run.id,
            LINES.c.kind == Kind.PARTICIPANT,
            LINES.c.number > after,
            REJECTIONS.c.code == Fault.OTHER_PERSON.value,
        )
        .order_by(LINES.c.number)
        .limit(limit)
    )
    return {number: values[_KEPT] for number, values in db.session.execute(query)}


def is_replaced(before: Mapping[Any, Any], wanted: Mapping[Any, Any]) -> bool:
    """Return whether a line that is taken makes a record another person's."""
    after = Identity.of(wanted, before)
    return (
        is_other_person(Identity.of(before), after) and after.digest(_key()) != before["confirmed_identity"]
    )


def _doubt(before: RowMapping, values: Mapping[str, Any]) -> str | None:
    """Return the digest of another person's identity; None where it is the same person's."""
    doubted: str | None = before["doubted_identity"]
    if doubted is not None and not any(name in values for name in FIELDS):
        return doubted
    born = values.get("birth_date")
    announced = {**values, "birth_date": dt.date.fromisoformat(born)} if born else values
    if not is_replaced(before, announced):
        return None
    return Identity.of(announced, before).digest(_key())


def _key() -> bytes:
    secret = current_settings().secret_key.get_secret_value()
    return hashlib.sha256(b"identity digest\x00" + secret.encode()).digest()
