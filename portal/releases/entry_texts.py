"""What a line of the protocol says beyond the name of its event."""

from __future__ import annotations

import datetime as dt
from typing import Any

from portal.domain.releases import EndCause, Event, ProtocolEntry
from portal.domain.rules.status import Status
from portal.releases.answer_texts import reason_text
from portal.webkit.labels import LABELS, label_of
from portal.webkit.languages import day
from portal.webkit.languages import gettext as _

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
        return _("Status: %(after)s", after=after)
    return _("Status: %(before)s → %(after)s", before=before, after=after)


def _status(value: Any) -> str | None:
    known = {item.value: item for item in Status}
    return str(label_of(known[value]).text) if value in known else None


def _reason(data: Data) -> str | None:
    text, detail = reason_text(data.get("reason")), data.get("detail")
    if not text:
        return str(detail) if detail else None
    return _("Grund: %(reason)s", reason=f"{text} – {detail}" if detail else text)


def _cause(data: Data) -> str | None:
    known = {item.value: item for item in EndCause}
    cause = known.get(str(data.get("cause")))
    return str(LABELS[EndCause][cause].text) if cause and cause is not EndCause.PERSON else None


def _mediator(data: Data) -> str | None:
    number, before = data.get("mediator"), data.get("before")
    if not number:
        return None
    if before:
        return _("Vermittler-ID %(number)s statt %(before)s", number=number, before=before)
    return _("Vermittler-ID %(number)s", number=number)


def _applicant(data: Data) -> str | None:
    number, before = data.get("applicant_id"), data.get("before")
    if not number:
        return None
    if before:
        return _("Bewerber-ID %(number)s statt %(before)s", number=number, before=before)
    return _("Bewerber-ID %(number)s", number=number)


def _consent(data: Data) -> str | None:
    return _("Einverständniserklärung lag nach Angabe vor") if data.get("consent_confirmed") else None


def _dates(data: Data) -> str | None:
    if data.get("withdrawn_on"):
        return _(
            "Widerrufen am %(day)s. Der Import nennt den Widerruf nicht mehr, aber auch kein Einverständnis "
            "mit späterem Datum.",
            day=_day(data["withdrawn_on"]),
        )
    if data.get("consent_on"):
        return _("Einverständnis vom %(day)s", day=_day(data["consent_on"]))
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
