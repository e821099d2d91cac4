"""What a line of the protocol says beyond the name of its event."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from portal.domain.releases import EndCause, Event, ProtocolEntry, Registration
from portal.domain.rules.phase import Phase
from portal.domain.rules.preflight import Finding
from portal.domain.rules.status import Status, read_reason
from portal.releases.finding_labels import FINDINGS
from portal.releases.labels import PHASE_HELP
from portal.releases.queries import Explanation
from portal.releases.withdrawals import Withdrawal
from portal.webkit.durations import span
from portal.webkit.labels import LABELS, label_of
from portal.webkit.languages import clock, day

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


def phase_text(person: Explanation) -> str:
    """What the phase means for this person, and what to do; `PHASE_HELP` where that is the same for all."""
    registration = person.registration
    if person.phase is Phase.CLARIFICATION:
        if registration and registration.clarification:
            return str(
                _(
                    "Eine Antwort des Jobportals passt nicht oder fehlt. Sehen Sie dort nach, und beenden Sie die "
                    "Klärung hier."
                )
            )
        if person.participant.doubted_identity and not is_late(person):
            return str(
                _(
                    "Die Nummer gehört vielleicht einer anderen Person. Sehen Sie in Qualli.life nach, wem sie gehört, "
                    "und entscheiden Sie es hier."
                )
            )
        return late_text()
    if person.phase is Phase.REJECTED and not (registration and registration.released):
        return str(
            _(
                "Das Jobportal hat die Person nicht angenommen. Sie ist nicht mehr freigegeben; dort ist nichts zu "
                "beheben."
            )
        )
    if person.phase is Phase.WITHDRAWAL_SCHEDULED and registration and registration.urgent:
        return str(
            _(
                "Das Einverständnis ist entfallen. Die Person wird sofort beim Jobportal abgemeldet, außerhalb der "
                "nächtlichen Übertragung; zu tun ist nichts."
            )
        )
    return str(PHASE_HELP[person.phase])


def is_late(person: Explanation) -> bool:
    """Return whether an answer about a person is awaited for so long that it has to be looked into."""
    waiting, context = person.waiting_since, person.context
    return bool(waiting and context and waiting < context.deadlines.clarification_before)


def late_text() -> str:
    """That an answer is late, and who follows that up."""
    return str(
        _(
            "Seit mehr als drei Arbeitstagen fehlt die Antwort des Jobportals. Fragen Sie dort nach, was aus der "
            "Übertragung geworden ist; nach fünf Arbeitstagen klärt es die Betreuung."
        )
    )


_SAYS_ITSELF = frozenset({Phase.WITHDRAWAL_SCHEDULED, Phase.TRANSFERRING, Phase.OUTCOME_UNKNOWN})


def leaving_text(person: Explanation) -> str:
    """That the next transfer takes a person out of the network, where their phase does not say it; else empty."""
    registration = person.registration
    if registration is None or not registration.announced or person.phase in _SAYS_ITSELF:
        return ""
    if not registration.released:
        return str(
            _("Die Freigabe ist aufgehoben: Die nächste Übertragung meldet die Person beim Jobportal ab.")
        )
    if person.findings and not person.tenant_findings and not registration.archived:
        return str(
            _(
                "Solange etwas fehlt, nennt die nächste vollständige Übertragung die Person nicht, und das Jobportal "
                "archiviert sie."
            )
        )
    return ""


def unsent_text(person: Explanation) -> str:
    """Return why nothing of a person's record would be sent; empty where it would."""
    registration = person.registration
    if registration is None or not registration.released:
        if registration and registration.announced:
            return str(
                _(
                    "Die Person ist nicht freigegeben: Die nächste Übertragung meldet sie ab und sendet nichts davon."
                )
            )
        return str(_("Die Person ist nicht freigegeben; gesendet wird nichts davon."))
    if person.findings or person.tenant_findings:
        return str(_("Solange etwas fehlt, wird nichts davon gesendet."))
    return ""


def mediator_chosen_text(person: Explanation) -> str:
    """When the network learns of the mediator who was just chosen, if it does."""
    registration = person.registration
    if registration is None or not registration.released:
        if registration and registration.announced:
            return str(
                _("Gewählt. Die Person ist nicht mehr freigegeben; die nächste Übertragung meldet sie ab.")
            )
        return str(_("Gewählt. Das Jobportal erfährt es, wenn die Person freigegeben ist."))
    if person.findings or person.tenant_findings:
        return str(
            _("Gewählt. Das Jobportal erfährt es mit der ersten Übertragung, sobald nichts mehr fehlt.")
        )
    return str(_("Gewählt. Das Jobportal erfährt es mit der nächsten Übertragung."))


def mediator_pending_text(person: Explanation) -> str:
    """From when on another mediator holds in the network; empty where that is not to come."""
    registration, announced = person.registration, person.told_mediator
    if not person.mediator_change_pending or registration is None or not registration.released:
        return ""
    name = announced.last_name if announced else _("niemanden")
    if person.findings or person.tenant_findings:
        return str(
            _(
                "Das Jobportal kennt noch %(name)s; die Änderung gilt dort erst, wenn nichts mehr fehlt und die Person "
                "übertragen ist.",
                name=name,
            )
        )
    return str(
        _("Das Jobportal kennt noch %(name)s; die Änderung gilt dort ab der nächsten Übertragung.", name=name)
    )


def revoking_text(person: Explanation) -> str:
    """What follows from revoking the release of a person."""
    if _may_be_known(person):
        return str(
            _("Die nächste Übertragung meldet die Person beim Jobportal ab; dort wird sie archiviert.")
        )
    return str(
        _("Das Jobportal weiß noch nichts von der Person: Abzumelden ist nichts, gesendet wird nichts.")
    )


def revoked_text(person: Explanation) -> str:
    """What follows from the revocation that was just made."""
    if _may_be_known(person):
        return str(_("Die Freigabe ist aufgehoben. Die nächste Übertragung meldet die Person ab."))
    return str(
        _("Die Freigabe ist aufgehoben. Das Jobportal weiß nichts von der Person; abzumelden ist nichts.")
    )


def _may_be_known(person: Explanation) -> bool:
    """Return whether the network was told of a person, or perhaps was by a commit without an answer."""
    announced = person.registration is not None and person.registration.announced
    return announced or (person.delivery is not None and person.delivery.commit_attempted_at is not None)


def archived_text(registration: Registration) -> str:
    """Return why the network archived a person, in words."""
    reason = reason_text(registration.archive_reason) or str(_("ohne einen Grund zu nennen"))
    return f"{reason} – {registration.archive_detail}" if registration.archive_detail else reason


def rejected_text(registration: Registration) -> str:
    """Return why the network rejected a person, in words."""
    reason = reason_text(registration.rejection_reason) or str(_("ohne einen Grund zu nennen"))
    return f"{reason} – {registration.rejection_detail}" if registration.rejection_detail else reason


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
    """Return the network's reason in words; one we do not know counts as invalid data, and is shown as it came."""
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
        return ", ".join([*said, str(_("noch nicht beim Jobportal angekommen"))])
    arrived = _at(withdrawal.arrived_at, known)
    took = span(withdrawal.seconds)
    said.append(str(_("um %(at)s beim Jobportal angekommen (%(span)s)", at=arrived, span=took)))
    if withdrawal.confirmed_at is not None:
        said.append(str(_("um %(at)s bestätigt", at=_at(withdrawal.confirmed_at, known))))
    return ", ".join(said)


def _at(moment: dt.datetime, known: dt.datetime) -> str:
    """Return the time; with its date where that is another."""
    return clock(moment) if day(moment) == day(known) else f"{clock(moment)} ({day(moment)})"


def request_text(number: str, findings: Sequence[Finding]) -> str:
    """Return a request to mend these in Qualli.life, ready to send, without a name; empty if none is mended there."""
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
