"""What the scenarios are made with: the real services, the worker's own steps, and the sandbox's control door."""

from __future__ import annotations

import datetime as dt
import secrets
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import requests
from sqlalchemy import Table, bindparam, or_, select, update

from demo.people import write_export
from demo.seed import Provider
from demo.time_shift import seal_again, unguarded
from portal.core.columns import UtcDateTime
from portal.core.database import EVERY_TENANT, Base, commit, db, scope_to, utcnow
from portal.deliveries import jobs as steps
from portal.deliveries.service import Plan, plan
from portal.deliveries.transfer_requests import request_transfer
from portal.domain.actors import Actor
from portal.domain.deliveries import Delivery
from portal.domain.delivery_states import DeliveryState, Mode, Trigger
from portal.domain.imports import ImportMode
from portal.domain.participants import Mediator, Participant
from portal.domain.rules.workdays import transfer_at
from portal.domain.tenants import Connection, Tenant
from portal.imports import running as imports
from portal.imports.service import start_import
from portal.releases.service import choose_mediator, release, revoke
from portal.releases.states import refresh_tenant
from portal.tenants.queries import find_connection, today_of
from worker import schedule

_ROUNDS = 40
_TIMEOUT_SECONDS = 30
_NOT_AGED = frozenset({"account", "login_session", "search_term", "saved_view"})
_OVER = (DeliveryState.COMPLETE, DeliveryState.FAILED, DeliveryState.DISCARDED, DeliveryState.HELD)


@dataclass
class Setup:
    """One tenant of the demo, on which a scenario is run; people are named by their roles."""

    provider: Provider
    tenant_id: int
    sandbox_url: str
    caseworker: Actor
    supervisor: Actor
    begun_at: dt.datetime = field(default_factory=utcnow)
    """The time that the scenario ends at, however long it takes to run."""

    def import_export(self, *, before: bool, mode: ImportMode) -> None:
        """Take over the provider's export of today, or the one before."""
        tenant = db.session.get_one(Tenant, self.tenant_id)
        with tempfile.TemporaryDirectory() as folder:
            write_export(self.provider, Path(folder), utcnow().date(), before=before)
            run = start_import(tenant, Path(folder), mode, self.supervisor, utcnow())
            commit()
        imports.run_import(run.id)
        scope_to(self.tenant_id)

    def release(self, *roles: str) -> None:
        """Release everybody who has these roles; where no consent is recorded, it is confirmed."""
        for person in self._people(*roles):
            lacks = person.consent_on is None and self.provider.confirms
            release(person.id, self._actor(person), utcnow(), consent_confirmed=lacks)
        commit()

    def revoke(self, *roles: str) -> None:
        for person in self._people(*roles):
            revoke(person.id, self._actor(person), utcnow())
        commit()

    def choose_mediator(self, number: str, *roles: str) -> None:
        mediator = db.session.scalars(select(Mediator).where(Mediator.number == number)).one()
        for person in self._people(*roles):
            choose_mediator(person.id, mediator.id, self._actor(person), utcnow())
        commit()

    def deliver(self, *roles: str) -> None:
        """Transfer these people, or everybody, and take in all answers that come."""
        chosen = [person.id for person in self._people(*roles)] if roles else None
        request_transfer(self.tenant_id, self.supervisor, utcnow(), chosen)
        commit()
        self.work()

    def deliver_nightly(self, nights_ago: int) -> None:
        """Transfer everybody as that night's transfer, and take in all answers that come."""
        self.begin_nightly(nights_ago)
        self.work()

    def begin_nightly(self, nights_ago: int) -> None:
        """Transfer everybody as that night's transfer, as far as it goes at the first attempt."""
        connection = find_connection(self.tenant_id)
        assert connection is not None
        night = self._night(nights_ago)
        delivery = plan(connection, Plan(Mode.FULL, Trigger.NIGHTLY, local_date=night), utcnow())
        commit()
        steps.run_delivery(delivery.id)
        scope_to(self.tenant_id)

    def since_night(self, nights_ago: int) -> dt.timedelta:
        """How long ago that night's transfer was due; 1 is the night of yesterday's date."""
        tenant = db.session.get_one(Tenant, self.tenant_id)
        return self.begun_at - transfer_at(self._night(nights_ago), tenant.transfer_time, tenant.time_zone)

    def _night(self, nights_ago: int) -> dt.date:
        tenant = db.session.get_one(Tenant, self.tenant_id)
        return today_of(tenant, self.begun_at) - dt.timedelta(days=nights_ago)

    def work(self) -> None:
        """Do what is due, and what would be due after the pauses, until nothing more comes of it."""
        for _ in range(_ROUNDS):
            before = self._standing()
            self._hasten()
            for delivery_id in self._unfinished():
                steps.run_delivery(delivery_id)
                scope_to(self.tenant_id)
            if self._standing() == before:
                return

    def sweep(self) -> None:
        """What cron does: releases that ended with the consent, urgent deliveries, and the work that follows."""
        schedule.sweep()
        scope_to(self.tenant_id)
        self.work()

    def grow_older(self, span: dt.timedelta) -> None:
        """Let everything so far have happened earlier."""
        scope_to(EVERY_TENANT)
        with unguarded():
            for mapper in Base.registry.mappers:
                table = cast("Table", mapper.local_table)
                if "tenant_id" in table.c and table.name not in _NOT_AGED:
                    self._age(table, span)
            seal_again(self.tenant_id, span)
        refresh_tenant(self.tenant_id, utcnow())
        commit()
        db.session.expire_all()
        scope_to(self.tenant_id)

    def _age(self, table: Table, span: dt.timedelta) -> None:
        times = [column for column in table.c if isinstance(column.type, UtcDateTime)]
        if not times:
            return
        rows = db.session.execute(select(table.c.id, *times).where(table.c.tenant_id == self.tenant_id))
        aged = [
            {
                "row_id": row_id,
                **{f"new_{column.name}": at and at - span for column, at in zip(times, ats, strict=True)},
            }
            for row_id, *ats in rows
        ]
        new: dict[Any, Any] = {column: bindparam(f"new_{column.name}") for column in times}
        if aged:
            db.session.execute(update(table).where(table.c.id == bindparam("row_id")).values(new), aged)

    def withhold(self, kind: str, *roles: str, **parameters: Any) -> None:
        """Let the network answer badly about these people until the rule is removed."""
        about = {"participants": self.provider.numbers(*roles), **parameters}
        body = {"kind": kind, "provider_id": self.provider.slug, "parameters": about}
        control(self.sandbox_url, "POST", "/misbehaviours", body)

    def next_sequence(self) -> int:
        """The number that the next delivery will have."""
        last = db.session.scalar(select(Delivery.sequence).order_by(Delivery.sequence.desc()).limit(1))
        return (last or 0) + 1

    def _people(self, *roles: str) -> list[Participant]:
        numbers = self.provider.numbers(*roles)
        query = select(Participant).where(Participant.number.in_(numbers)).order_by(Participant.number)
        return list(db.session.scalars(query))

    def _actor(self, person: Participant) -> Actor:
        return self.supervisor if int(person.number) % 3 == 0 else self.caseworker

    def _unfinished(self) -> list[int]:
        query = select(Delivery.id).where(Delivery.state.not_in(_OVER)).order_by(Delivery.id)
        return list(db.session.scalars(query))

    def _standing(self) -> list[tuple[Any, ...]]:
        db.session.expire_all()
        rows = db.session.scalars(select(Delivery).order_by(Delivery.id))
        found = [(row.id, row.state, str(row.answered), row.cursor) for row in rows]
        commit()
        return found

    def _hasten(self) -> None:
        waiting = or_(Delivery.next_step_at.is_not(None), Delivery.lease_until.is_not(None))
        for delivery in db.session.scalars(select(Delivery).where(waiting)):
            delivery.next_step_at = utcnow()
        for connection in db.session.scalars(select(Connection)):
            connection.paused_until = None
        commit()


def control(sandbox_url: str, method: str, path: str, body: object = None) -> Any:
    """Call the sandbox's control door. Raises RuntimeError where it refuses."""
    answer = requests.request(method, f"{sandbox_url}/control{path}", json=body, timeout=_TIMEOUT_SECONDS)
    if not answer.ok:
        raise RuntimeError(f"sandbox: {answer.status_code} for {method} {path}")
    return answer.json() if answer.content else None


def new_token() -> str:
    return secrets.token_urlsafe(24)


def force(sandbox_url: str, provider: Provider, outcomes: Iterable[tuple[str, str, str | None]]) -> None:
    """Force what becomes of people at the network: (number, outcome, reason)."""
    for number, outcome, reason in outcomes:
        path = f"/providers/{provider.slug}/outcomes/{number}"
        control(sandbox_url, "PUT", path, {"outcome": outcome, "reason": reason, "detail": None})
