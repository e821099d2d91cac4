"""What a line of the protocol says beyond the name of its event."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from portal.releases.models import EndCause, Event, ProtocolEntry
from portal.releases.preflight import Finding
from portal.releases.status import Status, read_reason
from portal.releases.withdrawals import Withdrawal
from portal.web.finding_labels import FINDINGS
from portal.web.labels import LABELS, label_of
from portal.web.languages import clock, day
from portal.web.spans import span

Data = dict[str, Any]


def details(entry: ProtocolEntry) -> list[str]:
    """Short sentences in the reader's language; data that is not there is passed over."""
    data: Data = entry.data or {}
    said = [
        tell(data)
        for tell in (_statuses, _reason, _cause, _mediator, _applicant, _consent, _dates, _identity)
    ]
    if Event(entry.event) is Event.ANSWER_OVERTAKEN:
        said.insert(0, _("Zu einer neueren Übertragung liegt schon eine Antwort vor; diese ändert nichts."))
    if Event(entry.event) is Event.CLARIFIED:
        said.append(data.get("found"))
    return [sentence for sentence in said if sentence]


def _statuses(data: Data) -> str | None:
    before, after = _status(data.get("from")), _status(data.get("to"))
    if after is None:
        return None
    if before is None or before == after:
        return str(_("Status: %(after)s", after=after))
    return str(_("Status: %(before)s → %(after)s", before=before, after=after))


def _status(value: Any) -> str | None:
    known = {item.value: item for item in Status}
    return str(label_of(known[value]).text) if value in known else None


def clarification_text(code: str) -> str:
    """What does not fit, and so has to be looked into."""
    texts: dict[str, str] = {
        "answer-missing": _(
            "Das Jobportal hat die Übertragung abgeschlossen, ohne zu dieser Person zu antworten."
        ),
        "answers-contradict": _(
            "Das Jobportal hat zu einer Übertragung zweimal geantwortet, und verschieden."
        ),
        "applicant-id-taken": _("Das Jobportal nennt eine Bewerber-ID, die schon jemand anderem gehört."),
    }
    return texts.get(code) or str(_("Eine Antwort des Jobportals passt nicht zu dem, was hier bekannt ist."))


def reason_text(word: str | None) -> str:
    """The network's reason in words; one we do not know counts as invalid data, and is shown as it came."""
    reason = read_reason(word)
    if reason is None:
        return ""
    text = str(label_of(reason).text)
    return text if word == reason.value else f"{text} ({word})"


def _reason(data: Data) -> str | None:
    text, detail = reason_text(data.get("reason")), data.get("detail")
    if not text:
        return str(detail) if detail else None
    return str(_("Grund: %(reason)s", reason=f"{text} – {detail}" if detail else text))


def _cause(data: Data) -> str | None:
    known = {item.value: item for item in EndCause}
    cause = known.get(str(data.get("cause")))
    return str(LABELS[EndCause][cause].text) if cause and cause is not EndCause.PERSON else None


def _mediator(data: Data) -> str | None:
    number, before = data.get("mediator"), data.get("before")
    if not number:
        return None
    if before:
        return str(_("Vermittler-ID %(number)s statt %(before)s", number=number, before=before))
    return str(_("Vermittler-ID %(number)s", number=number))


def _applicant(data: Data) -> str | None:
    number, before = data.get("applicant_id"), data.get("before")
    if not number:
        return None
    if before:
        return str(_("Bewerber-ID %(number)s statt %(before)s", number=number, before=before))
    return str(_("Bewerber-ID %(number)s", number=number))


def _consent(data: Data) -> str | None:
    return str(_("Einverständniserklärung lag nach Angabe vor")) if data.get("consent_confirmed") else None


def _dates(data: Data) -> str | None:
    if data.get("withdrawn_on"):
        return str(
            _(
                "Widerrufen am %(day)s. Der Import nennt den Widerruf nicht mehr, aber auch kein Einverständnis "
                "mit späterem Datum.",
                day=_day(data["withdrawn_on"]),
            )
        )
    if data.get("consent_on"):
        return str(_("Einverständnis vom %(day)s", day=_day(data["consent_on"])))
    return None


def _identity(data: Data) -> str | None:
    names = {
        "last_name": _("Nachname"),
        "first_name": _("Vorname"),
        "birth_date": _("Geburtsdatum"),
    }
    if data.get("changed"):
        return ", ".join(str(names[name]) for name in data["changed"] if name in names)
    decisions = {
        "same": _("Dieselbe Person: Der nächste Import berichtigt die Angaben."),
        "other": _("Andere Person: Der nächste Import legt sie neu an."),
    }
    return str(decisions[data["person"]]) if data.get("person") in decisions else None


def _day(value: str) -> str:
    return day(dt.date.fromisoformat(value))


def withdrawal_text(withdrawal: Withdrawal) -> str:
    """When we learned that consent had ended, and when the network did."""
    known = withdrawal.known_at
    said = [str(_("Widerruf am %(day)s um %(at)s bekannt", day=day(known), at=clock(known)))]
    if withdrawal.arrived_at is None or withdrawal.seconds is None:
        return f"{said[0]}, {_('noch nicht beim Jobportal angekommen')}"
    arrived = _at(withdrawal.arrived_at, known)
    took = span(withdrawal.seconds)
    said.append(str(_("um %(at)s beim Jobportal angekommen (%(span)s)", at=arrived, span=took)))
    if withdrawal.confirmed_at is not None:
        said.append(str(_("um %(at)s bestätigt", at=_at(withdrawal.confirmed_at, known))))
    return ", ".join(said)


def _at(moment: dt.datetime, known: dt.datetime) -> str:
    """The time; with its date where that is another."""
    return clock(moment) if day(moment) == day(known) else f"{clock(moment)} ({day(moment)})"


def request_text(number: str, findings: Sequence[Finding]) -> str:
    """What to ask whoever mends these in Qualli.life, ready to send, without a name; empty where nobody can."""
    mended = [(FINDINGS[finding].text, path) for finding in findings if (path := FINDINGS[finding].path)]
    if not mended:
        return ""
    asked = "; ".join(f"{text} ({path})" for text, path in mended)
    return str(
        _(
            "Teilnehmer/in %(number)s kann noch nicht ans Jobportal übertragen werden. Bitte in Qualli.life "
            "in Ordnung bringen: %(asked)s. Danke!",
            number=number,
            asked=asked,
        )
    )
