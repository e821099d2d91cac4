"""A delivery for JSON and for people."""

from __future__ import annotations

from typing import Any

from portal.cli.output import coded, named, show_value
from portal.deliveries import queries
from portal.deliveries.page import held_because
from portal.domain.deliveries import Attempt, Delivery, DeliveryPerson, OddAnswer
from portal.domain.delivery_states import DeliveryState
from portal.domain.rules.preflight import Finding
from portal.webkit.authors import author
from portal.webkit.labels import label_of
from portal.webkit.languages import gettext as _

_LEAVERS = 100_000
_TIMES = (
    "created_at",
    "built_at",
    "held_at",
    "sent_at",
    "committed_at",
    "completed_at",
    "ended_at",
    "approved_at",
)


def delivery_values(found: Delivery) -> dict[str, Any]:
    """What lists say of a delivery."""
    return {
        "number": found.sequence,
        "connection": found.connection_id,
        **coded("network", found.connection.network),
        **coded("mode", found.mode),
        **coded("cause", found.cause),
        **coded("state", found.state),
        **coded("problem", found.problem),
        "problem_detail": found.problem_detail,
        "outcome_unknown": found.outcome_unknown,
        "started_by": found.started_by,
        "approved_by": found.approved_by,
        "discarded_by": found.discarded_by,
        "late": found.late,
        **{name: getattr(found, name) for name in _TIMES},
        "next_step_at": found.next_step_at,
        "receipt_id": found.receipt_id,
        "counts": found.counts or {},
        "answered": found.answered or {},
    }


def shown_values(found: Delivery) -> dict[str, Any]:
    """Everything of one delivery; the leavers of a held one by name, since a person has to decide."""
    held = found.state is DeliveryState.HELD
    return {
        **delivery_values(found),
        "holds": [named(hold) for hold in held_because(found)],
        "shown_digest": found.shown_digest if held else None,
        "leavers": _leavers(found) if held else [],
        "attempts": [_attempt(attempt) for attempt in queries.every_attempt(found.id)],
        "odd_answers": [_odd(answer) for answer in queries.odd_answers(found.id)],
    }


def _leavers(found: Delivery) -> list[dict[str, Any]]:
    people = [
        *queries.leavers(found.id, explained=False, limit=_LEAVERS),
        *queries.leavers(found.id, explained=True, limit=_LEAVERS),
    ]
    return [_leaver(row) for row in people]


def _leaver(row: DeliveryPerson) -> dict[str, Any]:
    return {
        "participant": row.participant.number,
        "name": row.participant.name,
        "explained": row.explained,
        "findings": [named(Finding(code)) for code in row.findings or []],
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "at": attempt.at,
        "last_at": attempt.last_at,
        "count": attempt.count,
        "call": attempt.call,
        "http_status": attempt.http_status,
        "duration_ms": attempt.duration_ms,
        "problem": attempt.problem,
    }


def _odd(answer: OddAnswer) -> dict[str, Any]:
    return {
        "kind": answer.kind,
        "subject": answer.subject,
        "number": answer.number,
        "outcome": answer.outcome,
        "reason": answer.reason,
        "at": answer.at,
    }


def lines(found: Delivery, values: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the same for people, as labels and values."""
    return [
        (
            _("Übertragung"),
            f"{found.sequence} ({values['network_label']}, {values['mode_label']}, {values['cause_label']})",
        ),
        (_("Stand"), values["state_label"]),
        (_("Grund"), values["problem_label"]),
        (_("Angestoßen"), f"{show_value(found.created_at)} ({author(found.started_by)})"),
        (_("Eingang bestätigt"), found.committed_at),
        (_("Abgeschlossen"), found.completed_at),
        (_("Umfang"), _numbers(found.counts)),
        (_("Antworten"), _numbers(found.answered)),
        *((_("Angehalten, weil"), hold["label"]) for hold in values["holds"]),
        (_("Prüfsumme der Liste"), (values["shown_digest"] or "")[:16]),
        *((_("Scheidet aus"), _leaver_line(leaver)) for leaver in values["leavers"]),
        *((_("Versuch"), _attempt_line(attempt)) for attempt in values["attempts"]),
    ]


def _numbers(counted: dict[str, int] | None) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted((counted or {}).items()) if number)


def _leaver_line(leaver: dict[str, Any]) -> str:
    reasons = "; ".join(finding["label"] for finding in leaver["findings"])
    word = _("erklärt") if leaver["explained"] else reasons or _("ohne Erklärung")
    return f"{leaver['name']} ({leaver['participant']}): {word}"


def _attempt_line(attempt: dict[str, Any]) -> str:
    told = attempt["problem"] or _("gelungen")
    line = f"{show_value(attempt['at'])}  {attempt['call']}  {attempt['http_status'] or '–'}  {told}"
    if attempt["count"] == 1:
        return line
    often = _("%(count)s-mal, zuletzt %(at)s", count=attempt["count"], at=show_value(attempt["last_at"]))
    return f"{line}  {often}"


def state_line(found: Delivery) -> str:
    """Return the state in one word or two, for a progress line."""
    return str(label_of(found.state).text)
