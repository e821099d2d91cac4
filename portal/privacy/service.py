"""Retention: each night's erasure of a tenant in pieces, and one person's erasure on request. Never commits."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, select, update

from portal.audit.recording import Intent, record
from portal.core.database import db
from portal.domain.accounts import OneTimeLink, SearchTerm
from portal.domain.actors import SYSTEM
from portal.domain.audit import AuditEvent
from portal.domain.deliveries import Attempt, DeliveryPart, DeliveryPerson
from portal.domain.erasures import ErasureRun
from portal.domain.imports import ENDED, ImportRejection, ImportRun
from portal.domain.participants import Participant, ParticipantWord
from portal.domain.releases import ProtocolEntry
from portal.domain.rules.normalise import search_words
from portal.domain.rules.retention import ERASE_AT, LINKS_DAYS, ErasureBlocker
from portal.domain.rules.workdays import local_date, next_transfer
from portal.domain.tenants import Tenant
from portal.participants.search import forget_searches
from portal.privacy.erasing import Erased, erase_payloads, erase_people
from portal.privacy.errors import ErasureChanged, ErasureHindered
from portal.privacy.queries import due_ids, find_hindrance, is_importing
from portal.releases.registrations import get_participant

PARTS = 5
"""Frozen parts in one transaction: each may be megabytes."""


def plan_erasure(tenant_id: int, now: dt.datetime) -> ErasureRun | None:
    """Plan a tenant's erasure of this night once it is due, and set when the next one is.

    One a local date, however many cron processes run: the compare-and-set lets one through.
    """
    tenant = db.session.get_one(Tenant, tenant_id, populate_existing=True)
    due = tenant.next_erasure_at
    if due is not None and due > now:
        return None
    still = Tenant.next_erasure_at == due if due else Tenant.next_erasure_at.is_(None)
    following = next_transfer(now, ERASE_AT, tenant.time_zone)
    moved = db.session.execute(
        update(Tenant)
        .where(Tenant.id == tenant_id, still)
        .values(next_erasure_at=following)
        .execution_options(synchronize_session=False)
    )
    if due is None or not cast("CursorResult[Any]", moved).rowcount:
        return None
    night = local_date(due, tenant.time_zone)
    theirs = (ErasureRun.tenant_id == tenant_id, ErasureRun.local_date == night)
    if db.session.scalar(select(ErasureRun.id).where(*theirs)) is not None:
        return None
    run = ErasureRun(tenant_id=tenant_id, local_date=night, created_at=now)
    db.session.add(run)
    db.session.flush()
    return run


def do_some(run: ErasureRun, now: dt.datetime, batch: int) -> bool:
    """Erase the next piece of a night in the caller's transaction; False once nothing is left."""
    tenant = db.session.get_one(Tenant, run.tenant_id)
    people = due_ids(tenant, now, batch)
    if people:
        erased = erase_people(people, now)
        run.people += erased.people
        run.entries += erased.entries
        run.parts += erased.parts
        return True
    old = now - dt.timedelta(days=tenant.payload_days)
    parts = erase_payloads(old, PARTS)
    run.parts += parts
    return bool(parts) or _forget_import_details(old)


def finish(run: ErasureRun, now: dt.datetime) -> None:
    """The end of a night: what is short-lived goes, and the audit says how much went, without a name."""
    tenant = db.session.get_one(Tenant, run.tenant_id)
    forget_searches(now)
    _forget_probes(now - dt.timedelta(days=tenant.payload_days))
    _forget_links(now - dt.timedelta(days=LINKS_DAYS))
    if run.people or run.parts:
        data = {"people": run.people, "entries": run.entries, "parts": run.parts}
        record(Intent(AuditEvent.ERASED, SYSTEM.initials, tenant_id=run.tenant_id, data=data), now)


def must_wait() -> bool:
    """Return whether the night waits: an import may be about to name those who would go."""
    return is_importing()


def _forget_import_details(before: dt.datetime) -> bool:
    """Rejected lines and notices of the next old import; the counts stay."""
    run = db.session.scalar(
        select(ImportRun)
        .where(
            ImportRun.state.in_(ENDED),
            ImportRun.finished_at < before,
            ImportRun.id.in_(select(ImportRejection.import_id)),
        )
        .order_by(ImportRun.id)
        .limit(1)
    )
    if run is None:
        return False
    run.notices, run.problem_values = [], {}
    db.session.execute(delete(ImportRejection).where(ImportRejection.import_id == run.id))
    return True


def _forget_probes(before: dt.datetime) -> None:
    """Delete requests that belong to no delivery; those of deliveries stay as long as they do."""
    db.session.execute(delete(Attempt).where(Attempt.delivery_id.is_(None), Attempt.last_at < before))


def _forget_links(before: dt.datetime) -> None:
    db.session.execute(delete(OneTimeLink).where(OneTimeLink.expires_at < before))


# --- one person, on request ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Preview:
    """What the erasure of one person would take."""

    participant: Participant
    blocker: ErasureBlocker | None
    entries: int
    """Lines of their protocol."""
    deliveries: int
    """Deliveries that name or archive them."""
    parts: int
    """Frozen parts that hold their record."""

    @property
    def digest(self) -> str:
        """Stands for what was shown, so that nothing else is confirmed."""
        return f"{self.entries}-{self.deliveries}-{self.parts}"


def preview_erasure(participant_id: int) -> Preview:
    """What the erasure of this person would take, and what hinders it. Raises NotFound."""
    person = get_participant(participant_id)
    counting = select(func.count())
    deliveries = counting.select_from(DeliveryPerson).where(DeliveryPerson.participant_id == person.id)
    parts = (
        counting.select_from(DeliveryPart)
        .join(DeliveryPerson, DeliveryPerson.delivery_id == DeliveryPart.delivery_id)
        .where(DeliveryPerson.participant_id == person.id, DeliveryPerson.part_number == DeliveryPart.number)
    )
    lines = counting.select_from(ProtocolEntry).where(ProtocolEntry.participant_id == person.id)
    counted = (db.session.scalar(query) or 0 for query in (lines, deliveries, parts))
    return Preview(person, find_hindrance(person.id), *counted)


def erase_on_request(participant_id: int, shown: str, now: dt.datetime) -> Erased:
    """Erase one person before their time, with what people searched for by their name.

    Raises NotFound; Refusal `erasure-hindered`, `erasure-changed` where something else was shown.
    """
    preview = preview_erasure(participant_id)
    if preview.blocker is not None:
        raise ErasureHindered(blocker=preview.blocker.value)
    if shown != preview.digest:
        raise ErasureChanged
    _forget_searches_for(participant_id)
    erased = erase_people([participant_id], now)
    if not erased.people:  # released by another request at this moment
        raise ErasureChanged
    return erased


def _forget_searches_for(participant_id: int) -> None:
    words = db.session.scalars(
        select(ParticipantWord.word).where(ParticipantWord.participant_id == participant_id)
    ).all()
    for term in db.session.scalars(select(SearchTerm)):
        if any(word.startswith(part) for part in search_words(term.text) for word in words):
            db.session.delete(term)
    db.session.flush()
