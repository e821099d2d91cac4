"""The morning's mails: what is open, once a local date for each account, and none where nothing is. Never commits."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.exc import IntegrityError

from portal.core.database import db
from portal.domain.accounts import Account, Role
from portal.domain.notice_kinds import MailKind
from portal.domain.notices import DigestDay, Notice
from portal.domain.rules.phase import Phase
from portal.domain.rules.workdays import is_working_day, local_date
from portal.domain.states import ParticipantState
from portal.domain.tenants import Tenant
from portal.mail.outbox import put
from portal.notices.channels.registry import channels_in_use
from portal.notices.channels.spec import ChannelSpec
from portal.notices.queries import concerns
from portal.releases.conditions import count_by_phase, listed, needs_action
from portal.tenants.context import TenantContext, load_tenant_context

MORNING = dt.time(7)
"""Local time."""
OPERATORS_ZONE = "Europe/Berlin"
FORGOTTEN_AFTER = dt.timedelta(days=30)
_TENANT_ROLES = (Role.CASEWORKER, Role.SUPERVISOR, Role.ADMINISTRATOR)


@dataclass(frozen=True)
class DigestBatch:
    """Whose mails are due, and for which local date."""

    tenant_id: int | None
    date: dt.date

    @property
    def scope(self) -> str:
        return "operator" if self.tenant_id is None else f"tenant:{self.tenant_id}"


def due_digests(now: dt.datetime) -> list[DigestBatch]:
    """Mornings that have come and whose mails are not in the outbox; of tenants on working days alone."""
    if not channels_in_use():
        return []
    places = db.session.execute(select(Tenant.id, Tenant.time_zone, Tenant.federal_state)).all()
    found = [
        DigestBatch(tenant_id, local_date(now, zone))
        for tenant_id, zone, state in places
        if _has_come(now, zone) and is_working_day(local_date(now, zone), state)
    ]
    if _has_come(now, OPERATORS_ZONE):
        found.append(DigestBatch(None, local_date(now, OPERATORS_ZONE)))
    recent = select(DigestDay.scope, DigestDay.local_date).where(
        DigestDay.local_date >= now.date() - dt.timedelta(days=2)
    )
    done = {(scope, date) for scope, date in db.session.execute(recent)}
    return [batch for batch in found if (batch.scope, batch.date) not in done]


def _has_come(now: dt.datetime, zone: str) -> bool:
    return now.astimezone(ZoneInfo(zone)).time() >= MORNING


def put_digests(batch: DigestBatch, now: dt.datetime) -> int:
    """Put the mails of a batch into the outbox; how many. One process alone gets through, whatever the clocks do."""
    row = DigestDay(tenant_id=batch.tenant_id, scope=batch.scope, local_date=batch.date, made_at=now)
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        return 0
    context = load_tenant_context(batch.tenant_id, now) if batch.tenant_id is not None else None
    put_there = 0
    for spec in channels_in_use():
        for account in _recipients(batch, spec):
            data = _contents(account, context)
            if data["notices"] or data["people"]:
                key = f"digest:{account.id}:{batch.date.isoformat()}"
                found = put(MailKind.DIGEST, key, account, now, channel=spec.channel, data=data)
                put_there += found is not None
    return put_there


def _recipients(batch: DigestBatch, spec: ChannelSpec) -> Sequence[Account]:
    of = Account.tenant_id.is_(None) if batch.tenant_id is None else Account.tenant_id == batch.tenant_id
    roles = (Role.SUPPORT,) if batch.tenant_id is None else _TENANT_ROLES
    query = select(Account).where(of, Account.role.in_(roles), Account.disabled_at.is_(None), spec.wanted())
    return db.session.scalars(query.order_by(Account.id)).all()


def _contents(account: Account, context: TenantContext | None) -> dict[str, object]:
    """Open notices, and how many people need something done, as they are this morning."""
    open_now = select(Notice).where(Notice.closed_at.is_(None), concerns(account.role))
    if context is not None:
        open_now = open_now.where(Notice.tenant_id == context.tenant.id)
    notices = db.session.scalars(open_now.order_by(Notice.level.desc(), Notice.id).limit(100)).all()
    return {
        "notices": [notice.id for notice in notices],
        "people": _people(account, context) if context is not None and context.connection is not None else {},
    }


def _people(account: Account, context: TenantContext) -> dict[str, int]:
    """Return how many need action, by phase: of a caseworker their own, of the others the tenant's."""
    query = listed().where(needs_action(context), ParticipantState.tenant_id == context.tenant.id)
    if account.role is Role.CASEWORKER:
        query = query.where(
            or_(ParticipantState.caseworker == account.initials, _is_mediator_of(account.mediator_id))
        )
    counted: Counter[Phase] = Counter()
    for phase, _values, number in count_by_phase(context, query):
        counted[phase] += number
    return {it.value: counted[it] for it in Phase if counted[it]}


def _is_mediator_of(mediator_id: int | None) -> ColumnElement[bool]:
    return false() if mediator_id is None else ParticipantState.mediator_id == mediator_id


def forget_digest_days(now: dt.datetime) -> None:
    """Delete what no clock will ask for again."""
    db.session.query(DigestDay).filter(DigestDay.local_date < (now - FORGOTTEN_AFTER).date()).delete()
