"""What rows of a delivery say, in words."""

from __future__ import annotations

from flask_babel import gettext as _

from portal.domain.deliveries import Delivery, DeliveryPerson, OddAnswer
from portal.domain.delivery_states import AWAITING
from portal.domain.rules.preflight import Finding
from portal.domain.rules.status import Outcome
from portal.releases.answer_texts import reason_text
from portal.webkit.durations import span
from portal.webkit.labels import LABELS, label_of

_OUTCOMES = {item.value: item for item in Outcome}
_FINDINGS = {item.value: item for item in Finding}


def duration(delivery: Delivery) -> str:
    """From the start to the end, or to the receipt while answers are awaited; nothing before that."""
    end = delivery.completed_at or delivery.ended_at or delivery.committed_at
    if end is None:
        return ""
    return span(int((end - delivery.created_at).total_seconds()))


def open_answers(delivery: Delivery) -> int:
    """How many people of a delivery the network has not answered yet; none before its receipt, or after its end."""
    if delivery.committed_at is None or delivery.state not in AWAITING:
        return 0
    announced = sum(
        (delivery.counts or {}).get(name, 0) for name in ("new", "changed", "unchanged", "leaving")
    )
    answered = sum((delivery.answered or {}).get(name, 0) for name in ("active", "archived", "rejected"))
    return max(0, announced - answered)


def outcome_text(row: DeliveryPerson) -> str:
    """Return what the network answered about a participant."""
    outcome = _OUTCOMES.get(row.outcome or "")
    if outcome is None:
        return row.outcome or ""
    said = [str(label_of(outcome).text), reason_text(row.reason), row.detail or ""]
    return " – ".join(filter(None, said))


def finding_texts(row: DeliveryPerson) -> list[str]:
    """Return why a participant leaves unexplained."""
    return [str(LABELS[Finding][_FINDINGS[code]].text) for code in row.findings or [] if code in _FINDINGS]


def odd_text(odd: OddAnswer) -> str:
    """What was odd about an answer."""
    kinds = {
        "stranger": _("über jemanden, den die Übertragung nicht nennt"),
        "contradictory": _("widerspricht einer früheren"),
        "unknown-word": _("mit unbekanntem Wort"),
    }
    answer = f"{odd.subject} {odd.number}: {odd.outcome}{f' ({odd.reason})' if odd.reason else ''}"
    return f"{answer} – {kinds.get(odd.kind, odd.kind)}"
