"""What is measured of the whole system: numbers from the database alone, without personal data.

Tenants are not told apart: a label for each would tell strangers how many there are and how they do, and grow without
end. Who is concerned is on the pages of notices and of operations.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import func, or_, select

from portal.core.database import EVERY_TENANT, db, scoped_to
from portal.core.queue import QUEUE, redis_for
from portal.core.settings import current_settings
from portal.domain.deliveries import Attempt, Delivery
from portal.domain.delivery_states import AWAITING, UNCOMMITTED, DeliveryState
from portal.domain.imports import ImportRun, ImportState
from portal.domain.notice_kinds import MailState
from portal.domain.notices import Mail, Notice
from portal.domain.releases import Registration
from portal.domain.tenants import Connection, ConnectionState, Heartbeat, Tenant

RECENT = dt.timedelta(days=1)
_LATELY = dt.timedelta(minutes=15)
PREFIX = "jobbruecke_"


@dataclass(frozen=True)
class Measure:
    """One number, with what it says and by what it is told apart."""

    name: str
    help: str
    values: dict[str, float]
    """By the label's value; under an empty one where there is no label."""
    label: str = ""


class _Measures(Collector):
    def __init__(self, found: list[Measure]) -> None:
        self._found = found

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for it in self._found:
            family = GaugeMetricFamily(PREFIX + it.name, it.help, labels=[it.label] if it.label else [])
            for value, number in it.values.items():
                family.add_metric([value] if it.label else [], number)
            yield family


def exposition(now: dt.datetime) -> bytes:
    """Return all measures in Prometheus' own text."""
    registry = CollectorRegistry()
    registry.register(_Measures(find_measures(now)))
    return generate_latest(registry)


def find_measures(now: dt.datetime) -> list[Measure]:
    """Everything that is measured now. A handful of statements over indexes."""
    with scoped_to(EVERY_TENANT):
        return [
            *_deliveries(now),
            *_answers(now),
            _attempts(now),
            *_schedule(now),
            *_connections(),
            _drift(),
            *_imports(),
            *_notices(now),
            _queue(),
        ]


def _deliveries(now: dt.datetime) -> Iterator[Measure]:
    """Those under way; and what became of those of the last day, so that an ever longer table costs nothing."""
    under_way = [*UNCOMMITTED, *AWAITING]
    states = dict.fromkeys((state.value for state in DeliveryState), 0.0)
    query = (
        select(Delivery.state, func.count())
        .where(or_(Delivery.state.in_(under_way), Delivery.created_at > now - RECENT))
        .group_by(Delivery.state)
    )
    states |= {row[0].value: row[1] for row in db.session.execute(query)}
    yield Measure("deliveries", "Under way, and ended of those begun within a day.", states, "state")
    oldest = db.session.scalar(
        select(func.min(Delivery.next_step_at)).where(
            Delivery.next_step_at <= now,
            or_(Delivery.lease_until.is_(None), Delivery.lease_until < now),
        )
    )
    yield _age(
        "oldest_due_delivery_seconds", "How long a step has been due without a worker on it.", oldest, now
    )
    unknown = db.session.scalar(
        select(func.count()).where(Delivery.state.in_(UNCOMMITTED), Delivery.outcome_unknown)
    )
    yield Measure(
        "deliveries_outcome_unknown", "Commits without an answer, which may have counted.", {"": unknown or 0}
    )


def _answers(now: dt.datetime) -> Iterator[Measure]:
    oldest = db.session.scalar(
        select(func.min(Registration.waiting_since)).where(Registration.waiting_since.is_not(None))
    )
    yield _age("oldest_answer_seconds", "How long the oldest unanswered delivery has waited.", oldest, now)
    people = db.session.scalar(select(func.count()).where(Registration.clarification.is_not(None)))
    yield Measure("people_in_clarification", "People whose answers do not fit.", {"": people or 0})


def _attempts(now: dt.datetime) -> Measure:
    """Of the last quarter of an hour, by what came of them."""
    results = {"ok": 0.0, "refused": 0.0, "failed": 0.0}
    columns = (Attempt.at, Attempt.last_at, Attempt.count, Attempt.http_status, Attempt.problem)
    newest = select(*columns).where(Attempt.last_at > now - _LATELY).order_by(Attempt.last_at.desc())
    for at, last_at, count, status, problem in db.session.execute(newest.limit(5000)):
        result = "ok" if problem is None else "refused" if status and status < 500 else "failed"
        results[result] += requests_since(now - _LATELY, at, last_at, count)
    text = "Requests to networks within 15 minutes; repeated ones are taken to be evenly spread."
    return Measure("attempts", text, results, "result")


def requests_since(since: dt.datetime, at: dt.datetime, last_at: dt.datetime, count: int) -> int:
    """Estimate how many of `count` requests between `at` and `last_at` were made after `since`."""
    if at > since:
        return count
    share = (last_at - since) / (last_at - at)
    return max(1, round((count - 1) * share))


def _schedule(now: dt.datetime) -> Iterator[Measure]:
    due = db.session.scalar(select(func.min(Tenant.next_transfer_at)).where(Tenant.next_transfer_at <= now))
    yield _age(
        "sweep_lag_seconds", "How long a nightly transfer has been due that was not planned.", due, now
    )
    query = select(Heartbeat.kind, func.max(Heartbeat.seen_at), func.count()).group_by(Heartbeat.kind)
    rows = {row[0]: (row[1], row[2]) for row in db.session.execute(query)}
    kinds = ("worker", "cron")
    ages = {kind: (now - rows[kind][0]).total_seconds() if kind in rows else 1e9 for kind in kinds}
    yield Measure("heartbeat_age_seconds", "Since the last sign of life of any such process.", ages, "kind")
    counts = {kind: float(rows[kind][1]) if kind in rows else 0.0 for kind in kinds}
    yield Measure("processes", "Processes that gave a sign of life within a day.", counts, "kind")


def _drift() -> Measure:
    number = db.session.scalar(select(func.sum(Tenant.states_drifted))) or 0
    return Measure(
        "states_drifted", "Stored states of participants that were found wrong, and mended.", {"": number}
    )


def _connections() -> Iterator[Measure]:
    row = db.session.execute(
        select(
            func.count(Connection.quarantined_at),
            func.count(Connection.reconcile_since),
            func.count(Connection.problem),
        ).where(Connection.state != ConnectionState.CLOSED)
    ).one()
    names = ("quarantined", "reconcile", "troubled")
    values = dict(zip(names, map(float, row), strict=True))
    yield Measure("connections", "Connections that are not as they should be.", values, "trouble")


def _imports() -> Iterator[Measure]:
    states = {
        state.value: 0.0
        for state in (ImportState.WAITING, ImportState.STAGING, ImportState.HELD, ImportState.APPLYING)
    }
    query = select(ImportRun.state, func.count()).where(ImportRun.emptied_at.is_(None))
    found = {row[0].value: row[1] for row in db.session.execute(query.group_by(ImportRun.state))}
    yield Measure("imports", "Imports under way.", {it: found.get(it, 0) for it in states}, "state")


def _notices(now: dt.datetime) -> Iterator[Measure]:
    query = select(Notice.kind, func.count()).where(Notice.closed_at.is_(None), Notice.notified_level > 0)
    kinds = {row[0].value: float(row[1]) for row in db.session.execute(query.group_by(Notice.kind))}
    yield Measure("notices", "Open notices that people were told of.", kinds, "kind")
    waiting, oldest = db.session.execute(
        select(func.count(), func.min(Mail.created_at)).where(Mail.state == MailState.WAITING)
    ).one()
    given_up = db.session.scalar(
        select(func.count()).where(Mail.state == MailState.GIVEN_UP, Mail.created_at > now - RECENT)
    )
    states = {"waiting": float(waiting), "given-up": float(given_up or 0)}
    yield Measure("mails", "Mails that wait, and those of the last day that were given up.", states, "state")
    yield _age("oldest_mail_seconds", "How long a mail has waited.", oldest, now)


def _queue() -> Measure:
    """Jobs in Redis; -1 while it does not answer, which takes a second at most to find out."""
    try:
        waiting = Queue(
            QUEUE, connection=redis_for(current_settings().redis_url), serializer=JSONSerializer
        ).count
    except (RedisError, OSError):
        waiting = -1
    return Measure("queue_jobs", "Jobs waiting in Redis; -1 while it is away.", {"": float(waiting)})


def _age(name: str, text: str, since: dt.datetime | None, now: dt.datetime) -> Measure:
    return Measure(name, text, {"": max(0.0, (now - since).total_seconds()) if since else 0.0})
