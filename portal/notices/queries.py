"""The facts that notices are opened and closed by, of all tenants at once; and the notices that a user is shown."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, or_, select

from portal.core.database import db
from portal.core.settings import current_settings
from portal.domain.accounts import Role
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import AWAITING, UNCOMMITTED, DeliveryProblem, DeliveryState
from portal.domain.imports import ImportRun, ImportState
from portal.domain.notice_kinds import MailState, NoticeKind
from portal.domain.notices import Mail, Notice, NoticeSeen
from portal.domain.participants import Mediator, Participant
from portal.domain.releases import Registration, Release
from portal.domain.rules.notices import NOTHING_SENT_AFTER, ConnectionFacts, Facts, TenantFacts, TokenFacts
from portal.domain.rules.phase import Phase
from portal.domain.rules.preflight import tenant_preflight
from portal.domain.rules.tokens import STAGES as TOKEN_STAGES
from portal.domain.states import ParticipantState
from portal.domain.tenants import Connection, ConnectionState, Heartbeat, Tenant
from portal.domain.tokens import ApiToken
from portal.imports.codes import ImportProblem
from portal.mail.outbox import EXPIRED, REFUSED
from portal.notices.audience import AUDIENCE
from portal.tenants.queries import tenant_facts, today_of
from portal.tokens.queries import is_current

DAY = dt.timedelta(days=1)
CRASHES = 3
STUCK_AFTER = 3
"""Questions for the answers to one delivery in a row that brought none, after which people are told."""
LIMIT = 200


def find_facts(now: dt.datetime) -> Facts:
    """Everything that the rules go by; the session sees every tenant. A handful of statements, however many tenants."""
    tenants = db.session.scalars(select(Tenant)).all()
    heartbeats = select(Heartbeat.kind, func.max(Heartbeat.seen_at)).group_by(Heartbeat.kind)
    seen = {row[0]: row[1] for row in db.session.execute(heartbeats)}
    waiting, oldest = db.session.execute(
        select(func.count(), func.min(Mail.created_at)).where(Mail.state == MailState.WAITING)
    ).one()
    return Facts(
        now=now,
        tenants=tuple(_tenants(tenants, now)),
        connections=tuple(_connections({tenant.id: tenant for tenant in tenants}, now)),
        worker_seen_at=seen.get("worker"),
        cron_seen_at=seen.get("cron"),
        oldest_mail_at=oldest,
        mails_waiting=waiting,
        mails_given_up=_given_up(now),
        import_silent_days=current_settings().import_silent_days,
    )


def _given_up(now: dt.datetime) -> int:
    query = select(func.count()).where(
        Mail.state == MailState.GIVEN_UP, Mail.created_at > now - DAY, Mail.problem.in_([REFUSED, EXPIRED])
    )
    return db.session.scalar(query) or 0


def _connections(tenants: dict[int, Tenant], now: dt.datetime) -> list[ConnectionFacts]:
    rows = db.session.scalars(select(Connection).where(Connection.state != ConnectionState.CLOSED)).all()
    current, waiting, clarifications = _uncommitted(), _waiting(), _clarifications()
    unknown, sent, stuck = _unknown_mediators(), _sent(now), _stuck()
    return [
        _connection(
            tenants[it.tenant_id], it, current.get(it.id), now,
            waiting.get(it.id), clarifications.get(it.id, 0),
            unknown.get(it.id, {}), sent.get(it.id), stuck.get(it.id),
        )
        for it in rows
    ]  # fmt: skip


def _connection(
    tenant: Tenant,
    connection: Connection,
    delivery: Delivery | None,
    now: dt.datetime,
    waiting_since: dt.datetime | None,
    clarifications: int,
    unknown_mediators: dict[str, int],
    sent_at: dt.datetime | None,
    stuck: Delivery | None,
) -> ConnectionFacts:
    findings = tuple(tenant_preflight(tenant_facts(tenant, connection), today_of(tenant, now)))
    return ConnectionFacts(
        tenant_id=tenant.id,
        connection_id=connection.id,
        federal_state=tenant.federal_state,
        time_zone=tenant.time_zone,
        open=connection.state is ConnectionState.OPEN,
        may_send=not findings,
        next_transfer_at=tenant.next_transfer_at,
        waiting_since=waiting_since,
        stuck=stuck.sequence if stuck else None,
        stuck_by=stuck.problem.value if stuck and stuck.problem else None,
        clarifications=clarifications,
        unknown_mediators=unknown_mediators,
        uncommitted=delivery.sequence if delivery else None,
        uncommitted_since=delivery.created_at if delivery else None,
        held=delivery is not None and delivery.state is DeliveryState.HELD,
        deciding=delivery is not None and delivery.state is DeliveryState.PLANNED,
        problem=delivery.problem.value if delivery and delivery.problem else None,
        outcome_unknown_since=delivery.commit_attempted_at if delivery and delivery.outcome_unknown else None,
        sent_at=sent_at,
        quarantined_at=connection.quarantined_at,
        connection_problem=connection.problem,
        reconcile_since=connection.reconcile_since,
        account_doubt=connection.account_doubt,
        network_licence_until=connection.network_licensed_until,
    )


def _uncommitted() -> dict[int, Delivery]:
    """Return the one delivery under way of each connection."""
    found = db.session.scalars(select(Delivery).where(Delivery.state.in_(UNCOMMITTED)))
    return {it.connection_id: it for it in found}


def _stuck() -> dict[int, Delivery]:
    """The oldest delivery of each connection whose answers do not get on."""
    query = select(Delivery).where(
        Delivery.state.in_(AWAITING),
        Delivery.problem.is_not(None),
        or_(Delivery.problem == DeliveryProblem.FORGOTTEN, Delivery.fruitless >= STUCK_AFTER),
    )
    found = db.session.scalars(query.order_by(Delivery.sequence.desc()))
    return {it.connection_id: it for it in found}


def _waiting() -> dict[int, dt.datetime]:
    """Since when the longest waiting person of each connection waits for an answer."""
    since = func.min(Registration.waiting_since)
    query = select(Registration.connection_id, since).where(Registration.waiting_since.is_not(None))
    found = db.session.execute(query.group_by(Registration.connection_id))
    return {connection_id: first for connection_id, first in found if first}


def _clarifications() -> dict[int, int]:
    """How many people of each connection have something to be looked into: an answer, or whose the identifier is."""
    query = select(Registration.connection_id, func.count()).group_by(Registration.connection_id)
    answers = query.where(Registration.clarification.is_not(None))
    doubted = query.join(Participant, Participant.id == Registration.participant_id).where(
        Participant.doubted_identity.is_not(None), Registration.clarification.is_(None)
    )
    counted: Counter[int] = Counter()
    for number, people in (*db.session.execute(answers), *db.session.execute(doubted)):
        counted[number] += people
    return counted


def _unknown_mediators() -> dict[int, dict[str, int]]:
    """Whom networks archived released people for want of: numbers of mediators, and how many people, by connection."""
    query = (
        select(Connection.id, Mediator.number, func.count())
        .select_from(ParticipantState)
        .join(
            Connection,
            (Connection.tenant_id == ParticipantState.tenant_id) & (Connection.state == ConnectionState.OPEN),
        )
        .join(Mediator, Mediator.id == ParticipantState.mediator_id)
        .where(ParticipantState.phase == Phase.MEDIATOR_UNKNOWN)
        .group_by(Connection.id, Mediator.number)
    )
    found: dict[int, dict[str, int]] = {}
    for connection_id, number, people in db.session.execute(query):
        found.setdefault(connection_id, {})[number] = people
    return found


def _sent(now: dt.datetime) -> dict[int, dt.datetime]:
    """When a delivery was last committed, or the first of the people released today was, whatever is later.

    Only of connections where that was long ago and a participant is released: all others are no news.
    """
    newest = and_(Delivery.connection_id == Connection.id, Delivery.sequence == Connection.committed_sequence)
    query = (
        select(Connection.id, Delivery.committed_at)
        .outerjoin(Delivery, newest)
        .where(
            Connection.state == ConnectionState.OPEN,
            or_(Delivery.id.is_(None), Delivery.committed_at < now - NOTHING_SENT_AFTER),
        )
    )
    found = {row[0]: row[1] for row in db.session.execute(query)}
    released = (
        select(Release.connection_id, func.min(Release.released_at))
        .where(Release.connection_id.in_(found), Release.ended_at.is_(None))
        .group_by(Release.connection_id)
    )
    return {
        connection_id: max(filter(None, (found[connection_id], first)))
        for connection_id, first in db.session.execute(released)
    }


def _tenants(tenants: Sequence[Tenant], now: dt.datetime) -> list[TenantFacts]:
    imported, held, crashed = _imported(), _held_imports(), _crashed_imports()
    tokens = _tokens(now)
    return [
        TenantFacts(
            tenant_id=tenant.id,
            slug=tenant.slug,
            federal_state=tenant.federal_state,
            time_zone=tenant.time_zone,
            licence_until=tenant.licence_until if tenant.licence_from else None,
            imported_at=imported.get(tenant.id),
            held_imports=tuple(held.get(tenant.id, ())),
            crashed_imports=tuple(crashed.get(tenant.id, ())),
            tokens=tuple(tokens.get(tenant.id, ())),
        )
        for tenant in tenants
    ]


def _imported() -> dict[int, dt.datetime]:
    """When each tenant last had an import that was taken over."""
    query = select(ImportRun.tenant_id, func.max(ImportRun.finished_at)).where(
        ImportRun.state == ImportState.DONE, ~ImportRun.dry_run
    )
    return {tenant: at for tenant, at in db.session.execute(query.group_by(ImportRun.tenant_id)) if at}


def _tokens(now: dt.datetime) -> dict[int, list[TokenFacts]]:
    """Tokens of each tenant that end soon or have ended, unless revoked or replaced by one of the same name."""
    query = select(ApiToken).where(is_current(), ApiToken.expires_at <= now + TOKEN_STAGES[0] * DAY)
    found: dict[int, list[TokenFacts]] = {}
    for it in db.session.scalars(query.order_by(ApiToken.id)):
        found.setdefault(it.tenant_id, []).append(TokenFacts(it.id, it.name, it.created_at, it.expires_at))
    return found


def _held_imports() -> dict[int, list[int]]:
    return _by_tenant(ImportRun.state == ImportState.HELD)


def _crashed_imports() -> dict[int, list[int]]:
    """Imports that killed their job, until the tenant has a newer one."""
    newest = select(func.max(ImportRun.id)).group_by(ImportRun.tenant_id)
    given_up = and_(ImportRun.state == ImportState.FAILED, ImportRun.problem == ImportProblem.CRASHED.value)
    return _by_tenant(
        ImportRun.id.in_(newest),
        or_(given_up, and_(ImportRun.state == ImportState.APPLYING, ImportRun.crashes > CRASHES)),
    )


def _by_tenant(*conditions: ColumnElement[bool]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for tenant_id, number in db.session.execute(
        select(ImportRun.tenant_id, ImportRun.id).where(*conditions).order_by(ImportRun.id).limit(LIMIT)
    ):
        found.setdefault(tenant_id, []).append(number)
    return found


# --- what a user is shown ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class NoticeRow:
    """A notice on a user's page."""

    notice: Notice
    tenant: Tenant | None
    seen: bool


def concerns(role: Role) -> ColumnElement[bool]:
    """The notices that a role is shown: those it was told of. Support sees all: it answers for everything."""
    if role.for_all_tenants:
        return Notice.notified_level > 0
    levels = {kind: _first_level(kind, role) for kind in NoticeKind}
    return or_(
        *(
            and_(Notice.kind == kind, Notice.notified_level >= level)
            for kind, level in levels.items()
            if level is not None
        )
    )


def _first_level(kind: NoticeKind, role: Role) -> int | None:
    """From which level on a role is told."""
    return next((number for number, roles in enumerate(AUDIENCE[kind], 1) if role in roles), None)


def list_notices(role: Role, account_id: int) -> list[NoticeRow]:
    """What is open, the worst and oldest first; of those tenants that the session sees."""
    query = _shown(role, account_id).where(Notice.closed_at.is_(None))
    return _rows(query.order_by(Notice.level.desc(), Notice.id).limit(LIMIT))


def list_closed(role: Role, account_id: int, since: dt.datetime) -> list[NoticeRow]:
    """What is well again since then, the newest first."""
    query = _shown(role, account_id).where(Notice.closed_at > since)
    return _rows(query.order_by(Notice.closed_at.desc()).limit(LIMIT))


def _shown(role: Role, account_id: int):  # type: ignore[no-untyped-def]
    seen = and_(NoticeSeen.notice_id == Notice.id, NoticeSeen.account_id == account_id)
    return (
        select(Notice, Tenant, NoticeSeen.level)
        .outerjoin(Tenant, Tenant.id == Notice.tenant_id)
        .outerjoin(NoticeSeen, seen)
        .where(concerns(role))
    )


def _rows(query) -> list[NoticeRow]:  # type: ignore[no-untyped-def]
    return [
        NoticeRow(notice, tenant, seen is not None and seen >= notice.notified_level)
        for notice, tenant, seen in db.session.execute(query)
    ]


def count_unseen(role: Role, account_id: int) -> ScalarSelect[int]:
    """How many open notices an account has not seen as bad as they are, as part of another statement."""
    seen = select(NoticeSeen.id).where(
        NoticeSeen.notice_id == Notice.id,
        NoticeSeen.account_id == account_id,
        NoticeSeen.level >= Notice.notified_level,
    )
    query = select(func.count()).where(Notice.closed_at.is_(None), concerns(role), ~seen.exists())
    return query.scalar_subquery()
