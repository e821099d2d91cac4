"""`deliver --wait`: waits until the answers are in, or until they will not come before a person acts."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass

from sqlalchemy import select

from portal.cli.delivery_values import state_line
from portal.cli.output import Progress, show_value
from portal.cli.refused import Refused
from portal.core.database import commit, db, reading, utcnow
from portal.core.queue import redis_answers
from portal.deliveries.waiting import is_in_trouble
from portal.domain.deliveries import Attempt, Delivery
from portal.domain.delivery_states import DeliveryProblem, DeliveryState, Trigger
from portal.domain.tenants import Connection, Heartbeat
from portal.tenants.queries import WORKER_SILENT_AFTER
from portal.webkit.labels import label_of
from portal.webkit.languages import gettext as _

LOOK_SECONDS = 0.3
FAILURES = 2
"""After so many failed calls in a row the command ends and says so."""
PATIENCE = dt.timedelta(seconds=30)
"""How long nothing may happen before worker, cron and Redis are checked."""

_REPLANNED = frozenset(
    {
        DeliveryProblem.NO_LONGER_ALLOWED,
        DeliveryProblem.REFUSED_RECORD,
        DeliveryProblem.BASE_MISMATCH,
        DeliveryProblem.REPLACED,
    }
)
_REFUSED = frozenset(
    {
        DeliveryProblem.UNAUTHORISED.value,
        DeliveryProblem.NETWORK_LICENCE_EXPIRED.value,
        DeliveryProblem.REFUSED.value,
    }
)


@dataclass(frozen=True)
class _Look:
    """A delivery as it is now, and what blocks it."""

    delivery: Delivery
    blocker: str | None
    """Why the delivery cannot proceed before a person acts: a sentence."""


def wait_for(delivery_id: int) -> tuple[Delivery, Refused | None]:
    """Wait for the end of a delivery, or of the one that took its place; with what keeps it from its end."""
    progress = Progress()
    started = utcnow()
    try:
        while True:
            look = _look(delivery_id, started)
            delivery = look.delivery
            follower = _follower(delivery)
            if follower is not None:
                delivery_id = follower
                continue
            ended = _ended(delivery)
            if ended or look.blocker:
                return delivery, _refusal(delivery, look.blocker)
            progress.show(
                _waiting_line(delivery), sum((delivery.answered or {}).values()), _expected(delivery)
            )
            time.sleep(LOOK_SECONDS)
    finally:
        progress.end()


def _look(delivery_id: int, started: dt.datetime) -> _Look:
    with reading():
        delivery = db.session.get_one(Delivery, delivery_id, populate_existing=True)
        connection = db.session.get_one(Connection, delivery.connection_id, populate_existing=True)
        blocker = None if _ended(delivery) else _find_blocker(delivery, connection, started)
        commit()
    return _Look(delivery, blocker)


def _ended(delivery: Delivery) -> bool:
    """Return whether there is nothing to wait for: finished, or waiting for a person."""
    return delivery.state in (
        DeliveryState.COMPLETE,
        DeliveryState.FAILED,
        DeliveryState.DISCARDED,
        DeliveryState.HELD,
    )


def _refusal(delivery: Delivery, blocker: str | None) -> Refused | None:
    if delivery.state is DeliveryState.COMPLETE:
        return None
    if blocker:
        return Refused(blocker)
    number, state = delivery.sequence, state_line(delivery)
    if delivery.problem is None:
        return Refused(_("Die Übertragung %(number)s ist %(state)s.", number=number, state=state))
    reason = label_of(delivery.problem).text
    text = _(
        "Die Übertragung %(number)s ist %(state)s: %(reason)s", number=number, state=state, reason=reason
    )
    if delivery.state is DeliveryState.HELD:
        text += " " + _(
            "Sehen Sie sie mit „delivery show“ an; „delivery pass“ lässt sie durch, „delivery discard“ verwirft sie."
        )
    return Refused(text)


def _follower(delivery: Delivery) -> int | None:
    """Return the delivery that was planned in place of a discarded one."""
    if delivery.state is not DeliveryState.DISCARDED or delivery.problem not in _REPLANNED:
        return None
    with reading():
        found = db.session.scalar(
            select(Delivery.id)
            .where(
                Delivery.connection_id == delivery.connection_id,
                Delivery.sequence > delivery.sequence,
                Delivery.cause == Trigger.REBUILT,
                Delivery.started_by == delivery.started_by,
            )
            .order_by(Delivery.sequence)
            .limit(1)
        )
        commit()
    return found


# --- what blocks a delivery -----------------------------------------------------------------------------------


def _find_blocker(delivery: Delivery, connection: Connection, started: dt.datetime) -> str | None:
    if connection.failures >= FAILURES or connection.problem in _REFUSED:
        return _network_sentence(delivery, connection)
    if is_in_trouble(delivery) and delivery.problem and delivery.fruitless >= FAILURES:
        return str(label_of(delivery.problem).text)
    if utcnow() - started < PATIENCE:
        return None
    for kind, text in (
        (
            "worker",
            _(
                "Es läuft kein Worker: Starten Sie „jobbruecke worker“. Die Übertragung %(number)s wartet auf ihn."
            ),
        ),
        (
            "cron",
            _(
                "Es läuft kein Cron: Starten Sie „jobbruecke cron“. Die Übertragung %(number)s wartet auf ihn."
            ),
        ),
    ):
        if _silent(kind):
            return str(text) % {"number": delivery.sequence}
    if delivery.state is DeliveryState.PLANNED and not redis_answers():
        return _(
            "Redis ist nicht erreichbar. Die Übertragung %(number)s wartet darauf.", number=delivery.sequence
        )
    return None


def _network_sentence(delivery: Delivery, connection: Connection) -> str:
    """What the attempts say."""
    problem = DeliveryProblem(connection.problem) if connection.problem else DeliveryProblem.UNAVAILABLE
    text = str(label_of(problem).text)
    last = db.session.scalar(
        select(Attempt)
        .where(Attempt.connection_id == connection.id, Attempt.problem.is_not(None))
        .order_by(Attempt.last_at.desc(), Attempt.id.desc())
        .limit(1)
    )
    if last is not None:
        text += " " + _("Letzter Versuch: %(call)s, %(problem)s.", call=last.call, problem=last.problem)
    if connection.paused_until is not None:
        text += " " + _("Der nächste ist um %(at)s.", at=show_value(connection.paused_until))
    return text + " " + _("Die Übertragung %(number)s bleibt vorgemerkt.", number=delivery.sequence)


def _silent(kind: str) -> bool:
    seen = db.session.scalar(
        select(Heartbeat.seen_at).where(Heartbeat.kind == kind).order_by(Heartbeat.seen_at.desc()).limit(1)
    )
    return seen is None or utcnow() - seen > WORKER_SILENT_AFTER


# --- what is waited for -------------------------------------------------------------------------------------


def _waiting_line(delivery: Delivery) -> str:
    waits = {
        DeliveryState.PLANNED: _("wartet auf einen Worker"),
        DeliveryState.BUILT: _("wird gesendet"),
        DeliveryState.SENDING: _("wartet auf die Eingangsbestätigung"),
        DeliveryState.COMMITTED: _("wartet auf Antworten"),
        DeliveryState.ANSWERING: _("wartet auf weitere Antworten"),
    }
    return _(
        "Übertragung %(number)s: %(state)s", number=delivery.sequence, state=waits.get(delivery.state, "")
    )


def _expected(delivery: Delivery) -> int | None:
    counts = delivery.counts or {}
    if delivery.committed_at is None:
        return None
    return (counts.get("participant", 0) + counts.get("leaving", 0)) or None
