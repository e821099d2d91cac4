"""One tenant between Qualli.life and a real sandbox: what histories are played with.

Services and the worker's steps run in the test's own process, the network in another, over real HTTP.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, inspect, or_, select

from portal.core.database import EVERY_TENANT, commit, db, scope_to, utcnow
from portal.deliveries import jobs as steps
from portal.deliveries.network_change import choose_network
from portal.deliveries.transfer_requests import request_transfer
from portal.domain.actors import Actor
from portal.domain.deliveries import Delivery
from portal.domain.participants import Mediator, Order, Participant, ParticipantWord
from portal.domain.releases import Event, ProtocolEntry, Registration
from portal.domain.rules.normalise import search_words, sort_key
from portal.domain.rules.phase import Phase
from portal.domain.rules.status import Status
from portal.domain.tenants import Connection, Tenant
from portal.networks.registry import Network
from portal.releases.imported import people_changed
from portal.releases.queries import Explanation, explain
from portal.releases.service import choose_mediator, release, revoke
from portal.tenants.context import load_tenant_context
from portal.tenants.queries import find_connection
from portal.tenants.service import create_tenant, set_licence, set_token
from tests.support.sandbox import SandboxServer
from worker import schedule

CASEWORKER = Actor("SB")
SUPERVISOR = Actor("LT")


@dataclass
class Bridge:
    """A tenant with its provider at the sandbox; people are named by their numbers."""

    sandbox: SandboxServer
    tenant_id: int
    provider: str

    # --- what Qualli.life says -------------------------------------------------------------------------------

    def person(self, number: str, **changes: Any) -> int:
        """Add a participant whom nothing blocks, or change one."""
        found = db.session.scalar(select(Participant).where(Participant.number == number))
        if found is None:
            found = Participant(
                tenant_id=self.tenant_id, number=number, sort_key="", **self._complete(number)
            )
            db.session.add(found)
        for name, value in changes.items():
            setattr(found, name, value)
        found.sort_key = sort_key(found.last_name, found.first_name, number)
        db.session.flush()
        self._index(found)
        people_changed(self.tenant_id, [found.id], utcnow())
        commit()
        return found.id

    def _complete(self, number: str) -> dict[str, Any]:
        order = db.session.scalar(select(Order).where(Order.number == "A1"))
        return {
            "first_name": "Erika",
            "last_name": f"Muster{number}",
            "email": "person@example.org",
            "caseworker": "VM",
            "consent_on": dt.date(2026, 1, 2),
            "order_id": order.id if order else None,
        }

    def _index(self, person: Participant) -> None:
        db.session.query(ParticipantWord).filter_by(participant_id=person.id).delete()
        words = search_words(f"{person.first_name} {person.last_name} {person.number}")
        rows = [{"tenant_id": self.tenant_id, "participant_id": person.id, "word": word} for word in words]
        db.session.execute(insert(ParticipantWord), rows)

    def mediator(self, number: str, initials: str, active: bool = True) -> int:
        row = Mediator(
            tenant_id=self.tenant_id,
            number=number,
            initials=initials,
            last_name="Vermittlerin",
            first_name=initials,
            active=active,
            sort_key=initials,
        )
        db.session.add(row)
        commit()
        return row.id

    # --- what people do --------------------------------------------------------------------------------------

    def release(self, *numbers: str, confirmed: bool = False) -> None:
        for number in numbers:
            release(self.id(number), CASEWORKER, utcnow(), consent_confirmed=confirmed)
            commit()

    def revoke(self, *numbers: str) -> None:
        for number in numbers:
            revoke(self.id(number), CASEWORKER, utcnow())
            commit()

    def choose_mediator(self, number: str, mediator_id: int) -> None:
        choose_mediator(self.id(number), mediator_id, CASEWORKER, utcnow())
        commit()

    def plan(self, *numbers: str) -> Delivery:
        """Plan a transfer of these people, or of everybody; nothing of it runs yet."""
        chosen = [self.id(number) for number in numbers] or None
        delivery = request_transfer(self.tenant_id, CASEWORKER, utcnow(), chosen)
        commit()
        return delivery

    def deliver(self, *numbers: str) -> Delivery:
        """Transfer these people, or everybody, as far as it goes without waiting."""
        delivery = self.plan(*numbers)
        self.work()
        return self.again(delivery)

    # --- what runs without anybody waiting -------------------------------------------------------------------

    def work(self, rounds: int = 50) -> None:
        """Do all that is due now, as worker and cron would."""
        for _ in range(rounds):
            due = self._due()
            if not due:
                return
            for delivery_id in due:
                steps.run_delivery(delivery_id)
                scope_to(self.tenant_id)
        raise AssertionError("there is always something due")

    def _due(self) -> list[int]:
        now = utcnow()
        rows = db.session.scalars(
            select(Delivery.id)
            .join(Connection, Connection.id == Delivery.connection_id)
            .where(
                Delivery.next_step_at <= now,
                or_(Delivery.lease_until.is_(None), Delivery.lease_until < now),
                or_(Connection.paused_until.is_(None), Connection.paused_until <= now),
            )
            .order_by(Delivery.id)
        )
        found = list(rows)
        commit()
        return found

    def hasten(self) -> None:
        """Let everything be due now that waits for a later time: questions for answers, pauses."""
        scope_to(self.tenant_id)
        for delivery in db.session.scalars(select(Delivery).where(Delivery.next_step_at.is_not(None))):
            delivery.next_step_at = utcnow()
        for connection in db.session.scalars(select(Connection)):
            connection.paused_until = None
        commit()
        self.work()

    def sweep(self) -> None:
        """What cron does every half minute, then the work that follows from it."""
        schedule.sweep()
        scope_to(self.tenant_id)
        self.work()

    def wait_for_call(self, call: str, seconds: float = 60) -> None:
        """Wait until the network has been called, answered or not."""
        deadline = time.monotonic() + seconds
        while call not in (it["operation"] for it in self.sandbox.requests_seen(self.provider)):
            assert time.monotonic() < deadline, f"no {call}"
            time.sleep(0.02)

    # --- what everybody sees ---------------------------------------------------------------------------------

    def id(self, number: str) -> int:
        return db.session.scalars(select(Participant.id).where(Participant.number == number)).one()

    def see(self, number: str) -> Explanation:
        """What the participant's page says now."""
        db.session.expire_all()
        found = explain(load_tenant_context(self.tenant_id, utcnow()), self.id(number))
        commit()
        return found

    def status(self, number: str) -> Status:
        return self.see(number).status

    def phase(self, number: str) -> Phase:
        return self.see(number).phase

    def registration(self, number: str) -> Registration:
        found = self.see(number).registration
        assert found is not None
        return found

    def events(self, number: str) -> list[Event]:
        """The person's protocol, oldest first."""
        query = select(ProtocolEntry.event).where(ProtocolEntry.participant_id == self.id(number))
        return list(db.session.scalars(query.order_by(ProtocolEntry.id)))

    def again(self, delivery: Delivery) -> Delivery:
        found = db.session.get_one(Delivery, inspect(delivery).identity[0], populate_existing=True)
        commit()
        return found

    def newest(self) -> Delivery:
        found = db.session.scalars(
            select(Delivery).order_by(Delivery.id.desc()).limit(1).execution_options(populate_existing=True)
        ).one()
        commit()
        return found

    @property
    def tenant(self) -> Tenant:
        return db.session.get_one(Tenant, self.tenant_id, populate_existing=True)

    @property
    def connection(self) -> Connection:
        found = find_connection(self.tenant_id)
        assert found is not None
        db.session.refresh(found)
        return found

    def held(self, number: str) -> dict[str, Any] | None:
        """What the network holds of a person."""
        return self.sandbox.applicants(self.provider).get(number)


def build_bridge(
    sandbox: SandboxServer, network: Network = Network.JOBNETZWERK, slug: str = "alpha", **provider: Any
) -> Bridge:
    """A licensed tenant with mediator VM (number 7), order A1, and a provider of its own at the sandbox."""
    scope_to(EVERY_TENANT)
    now = utcnow()
    tenant = create_tenant(slug, slug.title(), now)
    set_licence(tenant, dt.date(2020, 1, 1), None)
    connection = choose_network(tenant, network, SUPERVISOR, now)
    name = f"{slug}-{sandbox.port}-{tenant.id}-{int(now.timestamp() * 1000)}"
    set_token(connection, sandbox.create_provider(network.value, name, **provider))
    db.session.add(
        Order(
            tenant_id=tenant.id,
            number="A1",
            title="Maßnahme",
            responsible=["VM"],
            has_responsible=True,
        )
    )
    commit()
    scope_to(tenant.id)
    bridge = Bridge(sandbox, tenant.id, name)
    bridge.mediator("7", "VM")
    return bridge


def hold_answers(bridge: Bridge, sequence: int, *numbers: str) -> int:
    """Let the network keep its answers to delivery `sequence` to itself; gives the rule that `behave` ends."""
    more = {"participants": list(numbers)} if numbers else {}
    return bridge.sandbox.misbehave("answers-held", provider_id=bridge.provider, sequence=sequence, **more)
