"""The facts that notices are opened and closed by, of all tenants at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select

from portal.core.database import db
from portal.core.settings import current_settings
from portal.domain.imports import ImportRun, ImportState
from portal.domain.notice_kinds import MailState
from portal.domain.notices import Mail
from portal.domain.rules.notice_facts import Facts, TenantFacts, TokenFacts
from portal.domain.rules.tokens import STAGES as TOKEN_STAGES
from portal.domain.tenants import Heartbeat, Tenant
from portal.domain.tokens import ApiToken
from portal.imports.codes import ImportProblem
from portal.mail.outbox import EXPIRED, REFUSED
from portal.notices.connection_facts import find_connection_facts
from portal.tokens.queries import is_current

DAY = dt.timedelta(days=1)
CRASHES = 3
_MOST = 200


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
        connections=tuple(find_connection_facts({tenant.id: tenant for tenant in tenants}, now)),
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
        select(ImportRun.tenant_id, ImportRun.id).where(*conditions).order_by(ImportRun.id).limit(_MOST)
    ):
        found.setdefault(tenant_id, []).append(number)
    return found
