"""Writing participants in bulk, and what follows for their words, protocols and releases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import RowMapping, delete, insert
from sqlalchemy import Table as SqlTable

from portal.core.crypto import Keyring
from portal.core.database import db
from portal.domain.imports import ImportRun
from portal.domain.participants import ParticipantWord, social_insurance_place
from portal.domain.rules.email_addresses import is_address
from portal.domain.rules.identity import FIELDS, Identity
from portal.domain.rules.normalise import person_words, sort_key
from portal.domain.rules.preflight import Consent, withdrawal_after
from portal.domain.tenants import Tenant
from portal.imports.codes import Notice
from portal.imports.identities import is_replaced
from portal.imports.noting import notice_people
from portal.imports.windows import ORDERS, PARTICIPANTS, PROFILES, stored_ids
from portal.imports.writing import Comparison, Row, with_dates
from portal.releases.imported import (
    consents_renewed,
    identities_changed,
    people_changed,
    people_returned,
    withdrawals_kept,
)
from portal.releases.tracking import mark_changed
from portal.tenants.queries import today_of

WORDS: SqlTable = ParticipantWord.__table__  # type: ignore[assignment]
SECRET = "social_insurance_number_encrypted"  # noqa: S105 - the name of a column
SECRET_SINCE = "social_insurance_number_since"  # noqa: S105
_PARTICIPANT: Row = {
    **{column.name: None for column in PARTICIPANTS.columns if column.nullable},
    "last_name": "",
    "first_name": "",
    "email_readable": True,
}


@dataclass(frozen=True)
class Writing:
    """What every line of a batch needs to be written, and what comes of it beside the records."""

    run: ImportRun
    keyring: Keyring
    now: dt.datetime
    today: dt.date
    """The tenant's date."""
    orders: Mapping[str, int]
    kept: dict[int, dt.date] = field(default_factory=dict)
    """By participant, the day of a withdrawal that a line left out, and that is kept."""
    replaced: list[int] = field(default_factory=list)
    """Participants whose record becomes another person's, no release depending on it."""


def write_participants(
    run: ImportRun, lines: Sequence[RowMapping], keyring: Keyring, now: dt.datetime
) -> set[str]:
    """Write these lines, and the words by which people are found; the numbers of those that changed anything."""
    compared = Comparison(PARTICIPANTS, run, lines)
    orders = stored_ids(ORDERS, run.tenant_id, {line["refers_to"] for line in lines if line["refers_to"]})
    today = today_of(db.session.get_one(Tenant, run.tenant_id), now)
    writing = Writing(run, keyring, now, today, orders)
    for line in lines:
        _add(writing, compared, line)
    notice_people(run, Notice.WITHDRAWAL_KEPT, len(writing.kept))
    made = compared.write()
    if not run.dry_run:
        if writing.replaced:
            db.session.execute(delete(PROFILES).where(PROFILES.c.participant_id.in_(writing.replaced)))
        mark_changed(run.tenant_id, made.values())
        _follow(compared, made, writing)
        withdrawals_kept(run.tenant_id, writing.kept, now, run.id)
    return {row["number"] for row in (*compared.new, *compared.changed)}


def _add(writing: Writing, compared: Comparison, line: RowMapping) -> None:
    """Compare one line. A record that becomes another person's keeps nothing of the one before."""
    before = compared.before.get(line["number"])
    wanted = _wanted(writing, line, before)
    if before is not None and is_replaced(before, wanted):
        writing.replaced.append(before["id"])
        wanted = {**_PARTICIPANT, **wanted}
    elif before is not None:
        _keep_withdrawal(writing, before, wanted)
        _settle(before, wanted)
    compared.add(line["number"], _PARTICIPANT, wanted)


def _wanted(writing: Writing, line: RowMapping, before: RowMapping | None) -> Row:
    run, keyring = writing.run, writing.keyring
    wanted = with_dates(PARTICIPANTS, line["values"])
    wanted.pop("profile", None)  # has a table of its own
    wanted["left_at"] = None  # a participant with a line is there, or back
    if "order_number" in wanted:
        number = wanted.pop("order_number")
        wanted["order_id"] = (
            writing.orders.get(number, -1) if number else None
        )  # -1: a dry run makes no orders
    if "social_insurance_number" in wanted:
        del wanted["social_insurance_number"]
        place = social_insurance_place(run.tenant_id, line["number"])
        encrypted = before[SECRET] if before else None
        wanted[SECRET] = (
            encrypted if _same_secret(keyring, place, encrypted, line["secret"]) else line["secret"]
        )
        since = before[SECRET_SINCE] if before else None
        wanted[SECRET_SINCE] = (since if encrypted else writing.now) if wanted[SECRET] else None
    if "email" in wanted:
        wanted["email_readable"] = not wanted["email"] or is_address(wanted["email"])
    identity = Identity.of(wanted, before)
    wanted["sort_key"] = sort_key(identity.last_name, identity.first_name, line["number"])
    return wanted


def _settle(before: RowMapping, wanted: Row) -> None:
    """Settle the question whose the identifier is: lines of which it has to be asked do not come this far."""
    if before["doubted_identity"] or before["confirmed_identity"]:
        wanted |= {"doubted_identity": None, "doubted_since": None, "confirmed_identity": None}


def _keep_withdrawal(writing: Writing, before: RowMapping, wanted: Row) -> None:
    """Keep a withdrawal that the line leaves out, unless a later consent undoes it."""
    if "consent_withdrawn_on" not in wanted:
        return
    said, given_on = wanted["consent_withdrawn_on"], wanted.get("consent_on", before["consent_on"])
    kept = withdrawal_after(before["consent_withdrawn_on"], said, given_on, writing.today)
    wanted["consent_withdrawn_on"] = kept
    if kept is not None and kept != said:
        writing.kept[before["id"]] = kept


def _same_secret(keyring: Keyring, place: str, stored: bytes | None, staged: bytes | None) -> bool:
    """Return whether two encrypted numbers are the same; the same number gives other bytes each time."""
    if stored is None or staged is None:
        return stored is staged
    return keyring.decrypt(stored, place) == keyring.decrypt(staged, place)


def _follow(compared: Comparison, made: Mapping[str, int], writing: Writing) -> None:
    """Keep the words for search in step, and tell releases and protocols."""
    _write_words(compared, made)
    if not compared.changed:
        return
    tenant_id, now, import_id = writing.run.tenant_id, writing.now, writing.run.id
    people_changed(tenant_id, compared.changed_ids, now, import_id)
    pairs = [(compared.before[row["number"]], row) for row in compared.changed]
    returned = [row["id"] for before, row in pairs if before["left_at"] is not None]
    people_returned(tenant_id, returned, now, import_id)
    renewed = {
        row["id"]: row["consent_on"] for before, row in pairs if _is_renewed(before, row, writing.today)
    }
    consents_renewed(tenant_id, renewed, now, import_id)
    corrected = {row["id"]: fields for before, row in pairs if (fields := _changed_fields(before, row))}
    identities_changed(tenant_id, corrected, now, import_id)


def _is_renewed(before: RowMapping, after: Row, today: dt.date) -> bool:
    was, is_now = (
        Consent(row["consent_on"], withdrawn_on=row["consent_withdrawn_on"]) for row in (before, after)
    )
    return was.is_withdrawn(today) and not is_now.is_withdrawn(today)


def _changed_fields(before: RowMapping, after: Row) -> list[str]:
    return [name for name in FIELDS if before[name] != after[name]]


def _write_words(compared: Comparison, made: Mapping[str, int]) -> None:
    tenant_id = compared.run.tenant_id
    renamed = [
        row for row in compared.changed if row["sort_key"] != compared.before[row["number"]]["sort_key"]
    ]
    if renamed:
        ids = [row["id"] for row in renamed]
        db.session.execute(
            delete(WORDS).where(WORDS.c.tenant_id == tenant_id, WORDS.c.participant_id.in_(ids))
        )
    words = [
        {"tenant_id": tenant_id, "participant_id": row.get("id") or made[row["number"]], "word": word}
        for row in [*renamed, *compared.new]
        for word in person_words(row["last_name"], row["first_name"], row["number"])
    ]
    if words:
        db.session.execute(insert(WORDS), words)
